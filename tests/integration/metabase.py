"""A stand-in for Metabase's HTTP API as its document and its source describe it; what it is told to
connect to, it really connects to."""

import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from uuid import uuid4

import psycopg

PROTECTED = "**MetabasePass**"


class Metabase:
    """The state of one Metabase. `owner_url`: as whom it may look a role's password up."""

    def __init__(self, owner_url: str, *, starting: int = 0) -> None:
        self.owner_url = owner_url
        self.starting = starting
        self.token = str(uuid4())
        self.admin: dict[str, str] | None = None
        self.is_superuser = True
        self.sessions: set[str] = set()
        self.databases: list[dict[str, Any]] = []
        self.changes: list[str] = []
        self.url = ""

    @contextmanager
    def listening(self) -> Iterator["Metabase"]:
        """Serve on a free port."""
        metabase = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                session = self.headers.get("X-Metabase-Session")
                asked = json.loads(body) if body else {}
                code, reply = metabase.reply(self.command, self.path, session, asked)
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(reply).encode())

            def log_message(self, format, *args):
                """Nothing."""

        for verb in ("GET", "POST", "PUT", "DELETE"):
            setattr(Handler, f"do_{verb}", Handler.answer)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()

    def reply(self, method: str, path: str, session: str | None, asked: Any) -> tuple[int, Any]:
        """The status and the JSON of an answer."""
        open_to_all = {
            ("GET", "/api/health"): lambda: self._health(),
            ("GET", "/api/session/properties"): lambda: (200, self._properties()),
            ("POST", "/api/setup"): lambda: self._set_up(asked),
            ("POST", "/api/session"): lambda: self._log_in(asked),
        }
        if self.starting and path != "/api/health":
            return 503, "Metabase is still initializing"
        if (method, path) in open_to_all:
            return open_to_all[method, path]()
        if session not in self.sessions:
            return 401, "Unauthenticated"
        if (method, path) == ("DELETE", "/api/session"):
            self.sessions.remove(session)
            return 204, None
        if (method, path) == ("GET", "/api/database"):
            return 200, {"data": [self._shown(one) for one in self.databases]}
        if not self.is_superuser:
            return 403, "You don't have permissions to do that."
        if (method, path) == ("POST", "/api/database"):
            return self._keep(asked, {"id": len(self.databases) + 1})
        _, _, _, number, *rest = path.split("/")
        one = next(one for one in self.databases if one["id"] == int(number))
        if method == "PUT":
            return self._keep(asked, one)
        assert rest == ["healthcheck"]
        trouble = self.trouble(one["details"])
        return 200, {"status": "error", "message": trouble} if trouble else {"status": "ok"}

    def _health(self) -> tuple[int, Any]:
        if self.starting:
            self.starting -= 1
            return 503, {"status": "initializing", "progress": 0.3}
        return 200, {"status": "ok"}

    def _properties(self) -> dict[str, object]:
        token = None if self.admin else self.token
        return {"has-user-setup": self.admin is not None, "setup-token": token}

    def _set_up(self, asked: Any) -> tuple[int, Any]:
        if self.admin:
            return 403, "The /api/setup route can only be used to create the first user"
        if asked["token"] != self.token:
            return 400, {"errors": {"token": "Token does not match the setup token."}}
        password = asked["user"]["password"]
        if len(password) < 6 or not any(letter.isdigit() for letter in password):
            told = "password is too common."
            why = {"user": {"password": [f"{told}, received: {json.dumps(password)}"]}}
            return 400, {"errors": {"user": {"password": told}}, "specific-errors": why}
        assert asked["prefs"]["site_name"]
        self.admin = {"username": asked["user"]["email"], "password": password}
        self.changes.append("setup")
        return 200, {"id": self._session()}

    def _log_in(self, asked: Any) -> tuple[int, Any]:
        if asked != self.admin:
            return 401, {"errors": {"password": "did not match stored password"}}
        return 200, {"id": self._session()}

    def _session(self) -> str:
        session = str(uuid4())
        self.sessions.add(session)
        return session

    def _keep(self, asked: Any, one: dict[str, Any]) -> tuple[int, Any]:
        if trouble := self.trouble(asked["details"]):
            return 400, {"message": trouble, "errors": {"password": trouble}}
        one |= asked
        if one not in self.databases:
            self.databases.append(one)
        self.changes.append("database")
        return 200, self._shown(one)

    def _shown(self, one: dict[str, Any]) -> dict[str, Any]:
        if not self.is_superuser:
            return {name: value for name, value in one.items() if name != "details"}
        return {**one, "details": {**one["details"], "password": PROTECTED}}

    def trouble(self, details: dict[str, Any]) -> str | None:
        """Why a database cannot be connected to; None if it can."""
        try:
            with psycopg.connect(
                host=details["host"],
                port=details["port"],
                dbname=details["dbname"],
                user=details["user"],
                password=details["password"],
            ) as connection:
                connection.execute("select count(*) from wp_bi.call_facts")
            with psycopg.connect(self.owner_url) as owner:
                kept = owner.execute(
                    "select rolpassword from pg_authid where rolname = %s", (details["user"],)
                ).fetchone()
        except psycopg.Error as exc:
            return str(exc)
        if kept is None or not is_password(kept[0], details["password"]):
            return f'FATAL: password authentication failed for user "{details["user"]}"'
        return None


def is_password(kept: str, password: str) -> bool:
    """Whether a password is the one of which Postgres keeps a SCRAM verifier; the test server asks for none."""
    _, iterations_salt, keys = kept.split("$")
    iterations, salt = iterations_salt.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), b64decode(salt), int(iterations))
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return stored == b64decode(keys.split(":")[0])
