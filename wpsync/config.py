"""The configuration: config.toml, the environment, secret files; every problem reported at once.

A key may come from the environment as `WPSYNC_` + its path with `__`, and a secret from a file as
KEY`_file` (docker secrets). An unknown key is an error that names the nearest known one: a misspelt
key must not be silence.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from wpsync.errors import ConfigError
from wpsync.model import Secret
from wpsync.resources import RESOURCES
from wpsync.resources.personal import PERSONAL, is_key
from wpsync.values import SHANGHAI

PREFIX = "WPSYNC_"
_PLACES = (Path("config.toml"), Path("/etc/wpsync/config.toml"))
_ACCOUNT = re.compile(r"[a-z0-9_-]{1,40}")
_AGO = re.compile(r"(\d{1,6})([dhm])")
_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
_RESERVED = ("WPSYNC_CONFIG", "WPSYNC_TEST_DATABASE_URL", "WPSYNC_DIE_AT")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _postgres_address(value: SecretStr | None) -> SecretStr | None:
    if value is not None and not value.get_secret_value().startswith(
        ("postgresql://", "postgres://")
    ):
        raise ValueError("must begin with postgresql://")
    return value


def _vendor_address(value: str) -> str:
    parts = urlsplit(value)
    loopback = _is_loopback(parts.hostname or "")
    if (parts.scheme == "https" and parts.hostname) or (parts.scheme == "http" and loopback):
        return value.rstrip("/")
    raise ValueError("must begin with https:// (http:// is for this machine only)")


def _fernet_key(value: SecretStr | None) -> SecretStr | None:
    from base64 import urlsafe_b64decode
    from binascii import Error

    if value is None:
        return None
    try:
        good = len(urlsafe_b64decode(value.get_secret_value())) == 32
    except (Error, ValueError):
        good = False
    if not good:
        raise ValueError("must be 32 url-safe base64 bytes: `wpsync token key` makes one")
    return value


class DatabaseConfig(_Section):
    """Where the data goes. Without `url`, an embedded Postgres in data_dir."""

    url: Annotated[SecretStr | None, AfterValidator(_postgres_address)] = None
    password: SecretStr | None = None
    connections: Annotated[int, Field(ge=2, le=50)] = 6
    lock_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0

    def conninfo(self) -> Secret:
        """The address with its password."""
        assert self.url is not None
        address = self.url.get_secret_value()
        if self.password is None:
            return Secret(address)
        parts = urlsplit(address)
        user, _, host = parts.netloc.rpartition("@")
        user = user.partition(":")[0]
        netloc = f"{user}:{quote(self.password.get_secret_value(), safe='')}@{host}"
        return Secret(urlunsplit(parts._replace(netloc=netloc)))


class AccountConfig(_Section):
    """One vendor account."""

    base_url: Annotated[str, AfterValidator(_vendor_address)] = "https://wpapi.7moor.com"
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1)]
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30


class SyncConfig(_Section):
    """How the present is followed."""

    settle_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    max_span_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    first_sync_from: str = "today"
    interval_seconds: Annotated[int, Field(ge=1)] = 60
    listing_interval_minutes: Annotated[float, Field(gt=0)] = 10
    report_interval_minutes: Annotated[float, Field(gt=0)] = 60
    every: dict[str, Annotated[int, Field(ge=1)]] = {}
    members_full_days: Annotated[int, Field(ge=1)] = 7
    resources: tuple[str, ...] = ()


class RecheckConfig(_Section):
    """How often what was read is checked against the vendor's count, by its age."""

    horizon_days: Annotated[int, Field(ge=1, le=365)] = 14
    recent_minutes: Annotated[float, Field(gt=0)] = 1
    yesterday_minutes: Annotated[float, Field(gt=0)] = 60
    daily_hours: Annotated[float, Field(gt=0)] = 24
    older_days: Annotated[float, Field(gt=0)] = 7
    sample_rows: Annotated[int, Field(ge=0)] = 2_000


class BackfillConfig(_Section):
    """How history is read."""

    window_rows: Annotated[int, Field(ge=100, le=50_000)] = 5_000
    parallel_windows: Annotated[int, Field(ge=1, le=8)] = 1
    page_concurrency: Annotated[int, Field(ge=1, le=16)] = 4


class RequestsPerMinute(_Section):
    """Requests a minute per vendor endpoint family; 0: no limit."""

    calls: Annotated[int, Field(ge=0)] = 20
    sms: Annotated[int, Field(ge=0)] = 20
    messages: Annotated[int, Field(ge=0)] = 20
    other: Annotated[int, Field(ge=0)] = 60


class LimitsConfig(_Section):
    """How fast the vendor is asked."""

    requests_per_minute: RequestsPerMinute = RequestsPerMinute()


class SecurityConfig(_Section):
    """Tokens at rest."""

    token_key: Annotated[SecretStr | None, AfterValidator(_fernet_key)] = None


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


class WebConfig(_Section):
    """The status page, health and metrics."""

    enabled: bool = True
    bind: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    password: Annotated[SecretStr | None, Field(min_length=8)] = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return _is_loopback(self.bind)

    @model_validator(mode="after")
    def _guarded(self) -> "WebConfig":
        if self.enabled and not self.is_local and self.password is None:
            raise ValueError(
                f"bind = {self.bind!r} shows the page to the network: set web.password (or password_file)"
            )
        return self


def _lines(value: object) -> object:
    """Targets from a file or the environment: one a line."""
    return value.split() if isinstance(value, str) else value


def _hours(value: object) -> object:
    if value == "" or value is None:
        return None
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("must be like 22:00-08:00, or empty")
    return time.fromisoformat(found[1]), time.fromisoformat(found[2])


class AlertsConfig(_Section):
    """Whom to tell when a person is needed, and what counts as such."""

    targets: Annotated[tuple[SecretStr, ...], BeforeValidator(_lines)] = ()
    language: Literal["zh", "en", "both"] = "both"
    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(_hours)] = None
    page_url: str = ""
    stale_minutes: Annotated[float, Field(gt=0)] = 15
    gap_hours: Annotated[float, Field(ge=0)] = 6
    dead_letters: Annotated[int, Field(ge=0)] = 100
    token_days: Annotated[float, Field(ge=1, le=30)] = 27


class BiConfig(_Section):
    """Working time, for the view of response times. Days of the week: 1 is Monday."""

    work_days: tuple[Annotated[int, Field(ge=1, le=7)], ...] = (1, 2, 3, 4, 5)
    work_begins: time = time(9)
    work_ends: time = time(18)
    holidays: tuple[date, ...] = ()
    extra_work_days: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "BiConfig":
        if self.work_begins >= self.work_ends:
            raise ValueError("work_begins must be before work_ends")
        both = sorted(set(self.holidays) & set(self.extra_work_days))
        if both:
            raise ValueError(f"{both[0]} is among the holidays and among the extra_work_days")
        return self


Mode = Literal["keep", "hash", "mask", "drop"]


class PrivacyConfig(_Section):
    """What is done with people's data before it is written, by class of columns, or column by column."""

    phone_numbers: Mode = "keep"
    names: Mode = "keep"
    wechat_numbers: Mode = "keep"
    message_bodies: Mode = "keep"
    columns: dict[str, Mode] = {}
    key: Annotated[SecretStr | None, Field(min_length=16)] = None

    def modes(self) -> dict[str, str]:
        """`table.column` to hash, mask or drop; a column that is named by itself goes before its class."""
        found = {name: str(getattr(self, kind)) for name, kind in PERSONAL.items()}
        found |= self.columns
        return {name: mode for name, mode in found.items() if mode != "keep"}

    @model_validator(mode="after")
    def _whole(self) -> "PrivacyConfig":
        for name in self.columns:
            if name not in PERSONAL:
                near = get_close_matches(name, PERSONAL, 1, 0.5)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise ValueError(f"there is no personal column {name!r}{meant}")
        hashed = any(mode == "hash" or is_key(name) for name, mode in self.modes().items())
        if hashed and self.key is None:
            raise ValueError(
                "set privacy.key (or key_file) to a secret of 16 characters or more: values are hashed with it"
            )
        return self


class RetentionConfig(_Section):
    """Days for which what is kept; 0: for ever. `deleted`: rows of listings that have vanished."""

    calls: Annotated[int, Field(ge=0)] = 0
    sms: Annotated[int, Field(ge=0)] = 0
    wechat_messages: Annotated[int, Field(ge=0)] = 0
    history: Annotated[int, Field(ge=0)] = 0
    dead_letters: Annotated[int, Field(ge=0)] = 0
    deleted: Annotated[int, Field(ge=0)] = 0


class LogConfig(_Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Config(_Section):
    """Everything. Frozen; secrets show themselves to nobody by accident."""

    data_dir: Path = Path("wpsync-data")
    database: DatabaseConfig = DatabaseConfig()
    accounts: dict[str, AccountConfig] = {}
    sync: SyncConfig = SyncConfig()
    recheck: RecheckConfig = RecheckConfig()
    backfill: BackfillConfig = BackfillConfig()
    limits: LimitsConfig = LimitsConfig()
    security: SecurityConfig = SecurityConfig()
    web: WebConfig = WebConfig()
    alerts: AlertsConfig = AlertsConfig()
    bi: BiConfig = BiConfig()
    privacy: PrivacyConfig = PrivacyConfig()
    retention: RetentionConfig = RetentionConfig()
    log: LogConfig = LogConfig()

    def require_accounts(self) -> None:
        """Raises ConfigError when no vendor account is configured."""
        if not self.accounts:
            raise ConfigError(
                "no vendor account is configured",
                hint="run `wpsync init`, or write [accounts.main] with client_id and client_secret into config.toml"
                " / 请运行 `wpsync init`，或在 config.toml 中写入 [accounts.main] 及其 client_id 和 client_secret",
            )

    def secrets(self) -> Iterator[str]:
        """Every secret value, for the log's redaction."""
        for account in self.accounts.values():
            yield account.client_secret.get_secret_value()
        for target in self.alerts.targets:
            yield target.get_secret_value()
        for secret in (
            self.database.password,
            self.security.token_key,
            self.web.password,
            self.privacy.key,
        ):
            if secret is not None:
                yield secret.get_secret_value()
        if self.database.url is not None:
            password = urlsplit(self.database.url.get_secret_value()).password
            if password:
                yield password


def load(path: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Config:
    """Read the configuration: the named file, $WPSYNC_CONFIG, ./config.toml or /etc/wpsync/config.toml.

    Raises ConfigError with one line for every problem; no value of a secret is in it.
    """
    file = _found(path, environ, cwd)
    problems: list[str] = []
    tree: dict[str, object] = {}
    if file is not None:
        try:
            tree = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
            raise ConfigError(f"{file}: not valid TOML: {exc}") from None
        except OSError as exc:
            raise ConfigError(f"{file}: cannot be read: {exc.strerror}") from None
    _merge_environment(tree, environ, problems)
    _read_secret_files(tree, file.parent if file else cwd, problems)
    try:
        config = Config.model_validate(tree)
    except ValidationError as exc:
        where = str(file) if file else "the environment"
        problems += [
            _problem(error, where) for error in exc.errors(include_input=False, include_url=False)
        ]
    else:
        problems += [
            f"accounts.{name}: a name is made of a-z, 0-9, _ and -"
            for name in config.accounts
            if not _ACCOUNT.fullmatch(name)
        ]
        problems += list(_unknown_resources(config))
    if problems:
        raise ConfigError(
            "the configuration is wrong:\n" + "\n".join(f"  {problem}" for problem in problems),
            hint="config.example.toml shows every key / 全部配置项见 config.example.toml",
        )
    return config


def _unknown_resources(config: Config) -> Iterator[str]:
    for key, names in (("resources", config.sync.resources), ("every", config.sync.every)):
        for name in names:
            if name not in RESOURCES:
                near = get_close_matches(name, RESOURCES, 1, 0.5)
                meant = f"; did you mean {near[0]}?" if near else ""
                yield f"sync.{key}: there is no resource {name!r}{meant}"


def _found(path: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    named = path or (Path(environ["WPSYNC_CONFIG"]) if environ.get("WPSYNC_CONFIG") else None)
    if named is not None:
        file = cwd / named
        if not file.is_file():
            raise ConfigError(
                f"{file}: there is no such configuration file",
                hint="`wpsync init` writes one / 可用 `wpsync init` 生成",
            )
        return file
    return next((cwd / place for place in _PLACES if (cwd / place).is_file()), None)


def _merge_environment(
    tree: dict[str, object], environ: Mapping[str, str], problems: list[str]
) -> None:
    """`WPSYNC_LOG__LEVEL=debug` is `log.level`. Lists are separated by commas."""
    for name, value in sorted(environ.items()):
        if not name.startswith(PREFIX) or name in _RESERVED:
            continue
        *sections, key = name.removeprefix(PREFIX).lower().split("__")
        place = tree
        for section in sections:
            inner = place.setdefault(section, {})
            if not isinstance(inner, dict):
                problems.append(f"{name}: {section} is not a section")
                break
            place = inner
        else:
            place[key] = (
                [part.strip() for part in value.split(",") if part.strip()]
                if key == "resources"
                else value
            )


def _read_secret_files(
    tree: dict[str, object], base: Path, problems: list[str], path: str = ""
) -> None:
    """KEY_file is replaced by KEY with the file's content."""
    for key in list(tree):
        value = tree[key]
        if isinstance(value, dict):
            _read_secret_files(value, base, problems, f"{path}{key}.")
        elif key.endswith("_file") and isinstance(value, str):
            name = key.removesuffix("_file")
            del tree[key]
            if name in tree:
                problems.append(f"{path}{name}: given twice, directly and as {key}")
                continue
            try:
                tree[name] = (base / value).read_text(encoding="utf-8").strip("\r\n")
            except (OSError, UnicodeDecodeError):
                problems.append(f"{path}{key}: the file {base / value} cannot be read")
                tree[name] = None


def _problem(error: object, where: str) -> str:
    assert isinstance(error, dict)
    steps = [str(step) for step in error["loc"]]
    dotted = ".".join(steps)
    if error["type"] == "extra_forbidden":
        near = get_close_matches(steps[-1], _known_keys(steps[:-1]), 1, 0.5)
        return f"{where}: {dotted}: unknown key" + (f"; did you mean {near[0]}?" if near else "")
    if error["type"] == "missing":
        variable = PREFIX + "__".join(steps).upper()
        return f"{where}: {dotted}: missing; set it there, or as {variable} (or {variable}_FILE)"
    return f"{where}: {dotted}: {str(error['msg']).removeprefix('Value error, ')}"


def _known_keys(sections: list[str]) -> list[str]:
    model: type[BaseModel] = Config
    for section in sections:
        if model is Config and section == "accounts":
            model = AccountConfig
            continue
        field = model.model_fields.get(section)
        if (
            field is not None
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            model = field.annotation
    return list(model.model_fields)


def parse_instant(text: str, *, now: datetime) -> datetime:
    """An instant from the command line: Shanghai time, or `30d`, `12h`, `90m` ago. Raises ConfigError."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        parsed = datetime.fromisoformat(text.strip())
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{text!r} is no date",
            hint="write 2026-01-31, '2026-01-31 08:00:00' (Shanghai time), 30d or 12h"
            " / 请写成 2026-01-31、'2026-01-31 08:00:00'（上海时间）、30d 或 12h",
        ) from None
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=SHANGHAI)
