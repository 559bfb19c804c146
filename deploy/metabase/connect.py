"""Connects Metabase to wpsync's database through the read-only role, with nothing typed.

The profile `bi` of docker-compose.yml runs it at every `up`: the first time it creates Metabase's
administrator and the connection, afterwards it finds both and changes nothing. A connection that no
longer works, because the role's password was changed, is mended. Settings come from the environment,
secrets from files, so that no process list shows them; whatever Metabase answers is told without them.
Exit status 0: Metabase is connected. 1: one line on standard error says what to do.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

NAME = "wpsync"
_AGAIN = "then run `docker compose --profile bi up -d` again"
_LOOK = 1.0
_LONG = 300


class ConnectError(Exception):
    """Metabase cannot be connected; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Whom to ask, as whom, and what to connect to. `admin` is the file of e-mail and password."""

    url: str
    admin: Path
    email: str
    password: str
    details: dict[str, Any]
    language: str
    patience: float

    def without_secrets(self, text: str) -> str:
        """A text on one line, of readable length, in which neither password can stand."""
        for secret in (self.password, str(self.details["password"])):
            text = text.replace(secret, "***")
        line = " ".join(text.split())
        return line if len(line) <= _LONG else line[:_LONG] + "…"


def read(environ: Mapping[str, str]) -> Settings:
    """The settings. Raises ConnectError for a secret that is missing or cannot be right."""
    admin = Path(environ.get("METABASE_ADMIN_FILE", "/run/secrets/metabase_admin"))
    lines = [line.strip() for line in _secret(admin).splitlines() if line.strip()]
    if len(lines) != 2 or "@" not in lines[0]:
        raise ConnectError(
            f"{admin} is not two lines, an e-mail address and a password for Metabase's"
            f" administrator: write them into secrets/{admin.name}, {_AGAIN}"
        )
    password = _secret(Path(environ.get("BI_PASSWORD_FILE", "/run/secrets/bi_password")))
    return Settings(
        url=environ.get("METABASE_URL", "http://metabase:3000").rstrip("/"),
        admin=admin,
        email=lines[0],
        password=lines[1],
        details={
            "host": environ.get("BI_HOST", "db"),
            "port": int(environ.get("BI_PORT", "5432")),
            "dbname": environ.get("BI_DATABASE", "wpsync"),
            "user": environ.get("BI_USER", "metabase"),
            "password": password.strip("\r\n"),
            **_ssl(environ),
            "schema-filters-type": "inclusion",
            "schema-filters-patterns": "wp,wp_bi",
        },
        language=environ.get("METABASE_LANGUAGE", "zh_CN"),
        patience=float(environ.get("METABASE_PATIENCE_SECONDS", "600")),
    )


def _ssl(environ: Mapping[str, str]) -> dict[str, Any]:
    """How Metabase reaches the database: BI_SSLMODE, in libpq's words.

    For verify-ca and verify-full its container needs the authority's certificate as ~/.postgresql/root.crt.
    """
    mode = environ.get("BI_SSLMODE", "")
    if mode == "disable":
        return {"ssl": False}
    if mode not in ("require", "verify-ca", "verify-full"):
        raise ConnectError(
            "BI_SSLMODE must be disable (a private network), require, verify-ca or verify-full:"
            f" set it in docker-compose.yml, {_AGAIN}"
        )
    return {"ssl": True, "ssl-mode": mode}


def _secret(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise ConnectError(
            f"{file} cannot be read: write secrets/{file.name}, readable for everybody in the"
            f" container (chmod 644, in a directory that is your own), {_AGAIN}"
        ) from None
    if not text.strip():
        raise ConnectError(f"{file} is empty: write secrets/{file.name}, {_AGAIN}")
    return text


class Metabase:
    """Metabase's HTTP API, as far as it is needed here."""

    def __init__(self, settings: Settings, client: httpx.Client) -> None:
        self._settings = settings
        self._client = client

    def connect(self) -> str:
        """From whatever state to a connection that works; what had to be done. Logs out at the end."""
        self._wait()
        if self._properties().get("has-user-setup"):
            self._log_in()
        else:
            self._set_up()
        try:
            return self._connect()
        finally:
            self._client.delete("/api/session")

    def _connect(self) -> str:
        found = self._ours()
        if found is None:
            self._check(self._client.post("/api/database", json=self._connection()))
            return "connected"
        if self._is_good(found):
            return "connected already"
        changed = self._client.put(f"/api/database/{found['id']}", json=self._connection())
        self._check(changed)
        return "connected again: the connection was mended"

    def _wait(self) -> None:
        """Until Metabase has started, which takes a minute or two."""
        until = time.monotonic() + self._settings.patience
        while not self._is_up():
            if time.monotonic() >= until:
                raise ConnectError(
                    f"Metabase did not get ready at {self._settings.url} within"
                    f" {self._settings.patience:.0f} s: see why in `docker compose logs metabase`, {_AGAIN}"
                )
            time.sleep(_LOOK)

    def _is_up(self) -> bool:
        try:
            reply = self._client.get("/api/health", timeout=10)
        except httpx.TransportError:
            return False
        return reply.status_code == httpx.codes.OK and _object(reply).get("status") == "ok"

    def _properties(self) -> dict[str, Any]:
        return _object(self._client.get("/api/session/properties"))

    def _set_up(self) -> None:
        """Create the administrator, and be logged in as that."""
        settings = self._settings
        user = {"email": settings.email, "password": settings.password}
        reply = self._client.post(
            "/api/setup",
            json={
                "token": self._properties().get("setup-token"),
                "user": {**user, "first_name": None, "last_name": None},
                "prefs": {"site_name": NAME, "site_locale": settings.language},
            },
        )
        if reply.status_code == httpx.codes.FORBIDDEN:  # somebody was faster
            self._log_in()
        elif reply.is_success:
            self._client.headers["X-Metabase-Session"] = str(_object(reply)["id"])
        else:
            raise ConnectError(
                f"Metabase does not take the administrator of secrets/{settings.admin.name}"
                f" ({self._said(reply)}): write another, {_AGAIN}"
            )

    def _log_in(self) -> None:
        settings = self._settings
        who = {"username": settings.email, "password": settings.password}
        reply = self._client.post("/api/session", json=who)
        if not reply.is_success:
            details = settings.details
            raise ConnectError(
                f"Metabase has an administrator already, and refuses the one of secrets/{settings.admin.name}"
                f" ({self._said(reply)}): write the e-mail and password that it knows into that file,"
                f" {_AGAIN}; or connect it by hand to host {details['host']}, database"
                f" {details['dbname']}, user {details['user']}, password of secrets/bi_password"
            )
        self._client.headers["X-Metabase-Session"] = str(_object(reply)["id"])

    def _ours(self) -> dict[str, Any] | None:
        """The connection as it is there: by what it points at, or else by its name."""
        reply = self._client.get("/api/database")
        self._check(reply)
        known = [one for one in _object(reply).get("data", []) if one.get("engine") == "postgres"]
        same = [one for one in known if self._points_here(one)]
        named = [one for one in known if one.get("name") == NAME]
        return next(iter(same + named), None)

    def _points_here(self, found: Mapping[str, Any]) -> bool:
        details = found.get("details") or {}
        names = ("host", "port", "dbname", "user")
        return all(details.get(name) == self._settings.details[name] for name in names)

    def _is_good(self, found: Mapping[str, Any]) -> bool:
        """Whether it points at our database, and Metabase can reach that with the password it has."""
        if not self._points_here(found):
            return False
        reply = self._client.get(f"/api/database/{found['id']}/healthcheck")
        return reply.is_success and _object(reply).get("status") == "ok"

    def _connection(self) -> dict[str, Any]:
        return {"name": NAME, "engine": "postgres", "details": self._settings.details}

    def _check(self, reply: httpx.Response) -> None:
        """Raises ConnectError for a refusal."""
        if reply.is_success:
            return
        if reply.status_code == httpx.codes.FORBIDDEN:
            raise ConnectError(
                f"the user of secrets/{self._settings.admin.name} is no administrator of Metabase:"
                f" write one who is, {_AGAIN}"
            )
        details = self._settings.details
        raise ConnectError(
            f"Metabase cannot use the database {details['dbname']} on {details['host']} as"
            f" {details['user']} ({self._said(reply)}): see `docker compose logs db bi-role`, {_AGAIN}"
        )

    def _said(self, reply: httpx.Response) -> str:
        """What Metabase says of a refusal, for a person."""
        body = _object(reply)
        told = body.get("message") or body.get("errors") or reply.text
        words = list(_words(told)) or [f"status {reply.status_code}"]
        return self._settings.without_secrets("; ".join(words))


def _object(reply: httpx.Response) -> dict[str, Any]:
    """A reply's JSON object; empty where it is something else."""
    try:
        found = reply.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _words(told: object) -> Iterator[str]:
    """The texts in a value of JSON, with the names they stand under."""
    if isinstance(told, Mapping):
        for name, value in told.items():
            yield from (f"{name}: {text}" for text in _words(value))
    elif isinstance(told, list):
        for value in told:
            yield from _words(value)
    elif told not in (None, ""):
        yield str(told)


def main() -> int:
    """Connect, and say so."""
    try:
        settings = read(os.environ)
        with httpx.Client(base_url=settings.url, timeout=60, trust_env=False) as client:
            done = Metabase(settings, client).connect()
    except ConnectError as exc:
        print(f"metabase: {exc}", file=sys.stderr)
        return 1
    except httpx.HTTPError as exc:
        print(
            f"metabase: Metabase stopped answering ({type(exc).__name__}): see `docker compose logs"
            f" metabase`, {_AGAIN}",
            file=sys.stderr,
        )
        return 1
    print(f"metabase: {done}, as {settings.details['user']}, to wp and wp_bi of {NAME}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
