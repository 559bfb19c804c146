"""The configuration: every key with its default, its bounds, and every problem reported at once.

An unknown key is an error that names the nearest known one: a misspelt key must not be silence. Where
values come from is in `config.tree`, which problem is which message in `config.problems`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from wpsync.addresses import is_loopback
from wpsync.config import database_address, private_file
from wpsync.config import tree as config_tree
from wpsync.config.problems import ProblemError, keys_of, located, nearest
from wpsync.errors import ConfigError, Message
from wpsync.model import Secret
from wpsync.resources import PERSONAL, RESOURCES, is_key
from wpsync.values import SHANGHAI

_ACCOUNT = re.compile(r"[a-z0-9_-]{1,16}")
_AGO = re.compile(r"(\d{1,6})([dhm])")
_HOST = re.compile(r"[0-9a-f:.%]*:[0-9a-f:.%]*|[\w-]+(\.[\w-]+)*\.?")
_NOT_IN_ADDRESS = re.compile(r"[\s?#@\\]")
_SOME_DAY = datetime(2026, 1, 1, tzinfo=SHANGHAI)
_EARLIEST, _LATEST = (datetime(year, 1, 1, tzinfo=SHANGHAI) for year in (2000, 9000))
_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _postgres_address(value: SecretStr | None) -> SecretStr | None:
    if value is not None:
        database_address.parsed(value.get_secret_value())
    return value


def _vendor_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProblemError(Message("configuration.no_web_address")) from None
    if port == 0 or not _HOST.fullmatch(host) or _NOT_IN_ADDRESS.search(value):
        raise ProblemError(Message("configuration.no_web_address"))
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)):
        return value.rstrip("/")
    raise ProblemError(Message("configuration.not_https"))


def _filled(value: object) -> object:
    """Take an empty value as one that is left out: `${PASSWORD:-}` of a compose file is one."""
    return None if value == "" else value


def _lowered(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _items(value: object) -> object:
    """Take a list also as a text, its items separated by commas: as the environment gives one."""
    return (
        [one.strip() for one in value.split(",") if one.strip()]
        if isinstance(value, str)
        else value
    )


def _beginning(value: str) -> str:
    if value.lower() == "today":
        return "today"
    try:
        parse_instant(value, now=_SOME_DAY)
    except ConfigError as exc:
        raise ProblemError(exc.message) from None
    return value


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
        raise ProblemError(Message("configuration.not_token_key"))
    return value


_OptionalSecret = Annotated[SecretStr | None, BeforeValidator(_filled)]


class DatabaseConfig(_Section):
    """Where the data goes. Without `url`, an embedded Postgres in data_dir."""

    url: Annotated[SecretStr | None, AfterValidator(_postgres_address)] = None
    password: _OptionalSecret = None
    connections: Annotated[int, Field(ge=2, le=50)] = 6
    lock_timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 1.0

    def conninfo(self) -> Secret:
        """The address with its password."""
        assert self.url is not None
        parameters = database_address.parsed(self.url.get_secret_value())
        if self.password is not None:
            parameters["password"] = self.password.get_secret_value()
        return Secret(database_address.conninfo(parameters))


class SyncConfig(_Section):
    """How the present is followed."""

    settle_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    max_span_hours: Annotated[int, Field(ge=1, le=24 * 31)] = 24
    first_sync_from: Annotated[str, AfterValidator(_beginning)] = "today"
    interval_seconds: Annotated[int, Field(ge=1)] = 60
    listing_interval_minutes: Annotated[float, Field(gt=0)] = 10
    report_interval_minutes: Annotated[float, Field(gt=0)] = 60
    every: dict[str, Annotated[int, Field(ge=1)]] = {}
    members_full_days: Annotated[int, Field(ge=1)] = 7
    resources: Annotated[tuple[str, ...], BeforeValidator(_items)] = ()


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

    token_key: Annotated[_OptionalSecret, AfterValidator(_fernet_key)] = None


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        try:
            ip_network(one, strict=False)
        except ValueError:
            raise ProblemError(Message("configuration.not_a_network", {"given": one})) from None
    return value


def _host_names(value: tuple[str, ...]) -> tuple[str, ...]:
    for one in value:
        if not _HOST.fullmatch(one):
            raise ProblemError(Message("configuration.not_a_host", {"given": one}))
    return tuple(one.casefold().removesuffix(".") for one in value)


class WebConfig(_Section):
    """The status page, health and metrics."""

    enabled: bool = True
    bind: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8765
    password: Annotated[SecretStr | None, Field(min_length=8), BeforeValidator(_filled)] = None
    hosts: Annotated[tuple[str, ...], BeforeValidator(_items), AfterValidator(_host_names)] = ()
    trusted_proxies: Annotated[
        tuple[str, ...], BeforeValidator(_items), AfterValidator(_networks)
    ] = ()

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.bind)

    @model_validator(mode="after")
    def _guarded(self) -> "WebConfig":
        if self.enabled and not self.is_local and self.password is None:
            raise ProblemError(
                Message("configuration.open_to_network", {"bind": self.bind}), "bind"
            )
        if self.enabled and self.hosts and self.password is None:
            raise ProblemError(Message("configuration.hosts_without_password"), "hosts")
        return self


def _lines(value: object) -> object:
    """Targets from a file or the environment: one a line."""
    return value.split() if isinstance(value, str) else value


def _hours(value: object) -> object:
    if value == "" or value is None:
        return None
    found = _HOURS.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            return time.fromisoformat(found[1]), time.fromisoformat(found[2])
    except ValueError:  # such as 25:00
        pass
    raise ProblemError(Message("configuration.not_hours"))


class AlertsConfig(_Section):
    """Whom to tell when a person is needed, and what counts as such."""

    targets: Annotated[tuple[SecretStr, ...], BeforeValidator(_lines)] = ()
    quiet_hours: Annotated[tuple[time, time] | None, BeforeValidator(_hours)] = None
    page_url: str = ""
    stale_minutes: Annotated[float, Field(gt=0)] = 15
    gap_hours: Annotated[float, Field(ge=0)] = 6
    dead_letters: Annotated[int, Field(ge=0)] = 100
    token_days: Annotated[float, Field(ge=1, le=30)] = 27


class BiConfig(_Section):
    """Working time, for the view of response times. Days of the week: 1 is Monday."""

    work_days: Annotated[tuple[Annotated[int, Field(ge=1, le=7)], ...], BeforeValidator(_items)] = (
        1,
        2,
        3,
        4,
        5,
    )
    work_begins: time = time(9)
    work_ends: time = time(18)
    holidays: Annotated[tuple[date, ...], BeforeValidator(_items)] = ()
    extra_work_days: Annotated[tuple[date, ...], BeforeValidator(_items)] = ()

    @model_validator(mode="after")
    def _in_order(self) -> "BiConfig":
        if self.work_begins >= self.work_ends:
            raise ProblemError(Message("configuration.work_ends_first"), "work_begins")
        both = sorted(set(self.holidays) & set(self.extra_work_days))
        if both:
            problem = Message("configuration.off_and_worked", {"day": str(both[0])})
            raise ProblemError(problem, "holidays")
        return self


Mode = Annotated[Literal["keep", "hash", "mask", "drop"], BeforeValidator(_lowered)]


def _no_personal_column(name: str) -> Message:
    near = nearest(name, PERSONAL)
    if near is None:
        return Message("configuration.no_personal_column")
    return Message("configuration.no_personal_column_near", {"near": near})


def _no_resource(name: str) -> Message:
    near = nearest(name, RESOURCES)
    if near is None:
        return Message("configuration.no_resource", {"name": name})
    return Message("configuration.no_resource_near", {"name": name, "near": near})


class PrivacyConfig(_Section):
    """What is done with people's data before it is written, by class of columns, or column by column."""

    phone_numbers: Mode = "keep"
    names: Mode = "keep"
    wechat_numbers: Mode = "keep"
    message_bodies: Mode = "keep"
    columns: dict[str, Mode] = {}
    key: Annotated[SecretStr | None, Field(min_length=16), BeforeValidator(_filled)] = None
    previous_keys: Annotated[tuple[SecretStr, ...], BeforeValidator(_lines)] = ()

    def modes(self) -> dict[str, str]:
        """`table.column` to hash, mask or drop; a column that is named by itself goes before its class."""
        found = {name: str(getattr(self, kind)) for name, kind in PERSONAL.items()}
        found |= self.columns
        return {name: mode for name, mode in found.items() if mode != "keep"}

    def keys(self) -> Iterator[str]:
        """Every key, the present one first."""
        for one in (self.key, *self.previous_keys):
            if one is not None:
                yield one.get_secret_value()

    @model_validator(mode="after")
    def _whole(self) -> "PrivacyConfig":
        for name in self.columns:
            if name not in PERSONAL:
                raise ProblemError(_no_personal_column(name), "columns", name)
        hashed = any(mode == "hash" or is_key(name) for name, mode in self.modes().items())
        if hashed and self.key is None:
            raise ProblemError(Message("configuration.hash_without_key"), "key")
        return self


class RetentionConfig(_Section):
    """Days for which what is kept; 0: for ever. `deleted`: rows of listings that have vanished."""

    calls: Annotated[int, Field(ge=0)] = 0
    sms: Annotated[int, Field(ge=0)] = 0
    wechat_messages: Annotated[int, Field(ge=0)] = 0
    history: Annotated[int, Field(ge=0)] = 0
    dead_letters: Annotated[int, Field(ge=0)] = 0
    deleted: Annotated[int, Field(ge=0)] = 0


class AccountConfig(_Section):
    """One vendor account. Its own `retention`, `privacy` and `limits` go before the general ones, key by key."""

    base_url: Annotated[str, AfterValidator(_vendor_address)] = "https://wpapi.7moor.com"
    client_id: Annotated[str, Field(min_length=1)]
    client_secret: Annotated[SecretStr, Field(min_length=1)]
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 30
    retention: RetentionConfig | None = None
    privacy: PrivacyConfig | None = None
    limits: LimitsConfig | None = None


class LogConfig(_Section):
    """What is logged, and how."""

    level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(_lowered)] = (
        "info"
    )
    format: Annotated[Literal["text", "json"], BeforeValidator(_lowered)] = "text"


def _language(value: object) -> object:
    """In any case; empty as if it were left out, as in WPSYNC_LANG."""
    return _filled(_lowered(value))


def _unheard(secret: str) -> None:
    """Take a secret that needs no hiding."""


class Config(_Section):
    """Everything. Frozen; secrets show themselves to nobody by accident."""

    lang: Annotated[Literal["zh", "en"] | None, BeforeValidator(_language)] = None
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
    _file: Path | None = PrivateAttr(default=None)
    _files: dict[tuple[str, ...], Path] = PrivateAttr(default_factory=dict)
    _on_secret: Callable[[str], None] = PrivateAttr(default_factory=lambda: _unheard)

    def note_files(self, file: Path | None, files: Mapping[tuple[str, ...], Path]) -> None:
        """Take note of the configuration's own file, and of the files that secrets are in."""
        self._file = file
        self._files.update(files)

    def exposed_files(self) -> list[Path]:
        """Return the files with secrets in them that every user of this machine can read."""
        holding = set(self._files.values())
        if self._file is not None and config_tree.holds(self._file, self.secrets()):
            holding.add(self._file)
        return sorted(filter(private_file.is_readable_by_all, holding))

    def tell_secrets(self, heard: Callable[[str], None]) -> None:
        """Tell every secret, and each that a file will hold later, to those that must know them."""
        self._on_secret = heard
        for secret in self.secrets():
            heard(secret)

    def retention_of(self, account: str) -> RetentionConfig:
        """Return how long the rows of an account are kept."""
        own = self.accounts.get(account)
        return (own and own.retention) or self.retention

    def privacy_of(self, account: str) -> PrivacyConfig:
        """Return the privacy rules of an account."""
        own = self.accounts.get(account)
        return (own and own.privacy) or self.privacy

    def limits_of(self, account: str) -> LimitsConfig:
        """Return how fast an account's vendor is asked."""
        own = self.accounts.get(account)
        return (own and own.limits) or self.limits

    def require_accounts(self) -> None:
        """Raises ConfigError when no vendor account is configured."""
        if not self.accounts:
            raise ConfigError("configuration.no_account")

    def database_address(self) -> Secret:
        """Return where the database is. Parts in files are read anew each time that it is revealed."""
        return Secret(self._database_now)

    def _database_now(self) -> str:
        database = self.database.model_copy(
            update={
                "url": self._now("database", "url") or self.database.url,
                "password": self._now("database", "password") or self.database.password,
            }
        )
        try:
            return database.conninfo().reveal()
        except ProblemError:  # a file that is being written
            return self.database.conninfo().reveal()

    def client_secret(self, account: str) -> Secret:
        """Return the secret of a vendor account; one in a file is read anew each time that it is revealed."""

        def now() -> str:
            given = self._now("accounts", account, "client_secret")
            return (given or self.accounts[account].client_secret).get_secret_value()

        return Secret(now)

    def page_password(self) -> Secret | None:
        """Return the password of the status page, likewise; None where none is needed."""
        known = self.web.password
        if known is None:
            return None
        return Secret(lambda: (self._now("web", "password") or known).get_secret_value())

    def _now(self, *keys: str) -> SecretStr | None:
        """Return the present content of a secret's file; None where there is no such file, or nothing in it."""
        if keys not in self._files:
            return None
        try:
            text = config_tree.text_of(self._files[keys])
        except (OSError, ValueError):
            return None
        if text:
            self._on_secret(text)
        return SecretStr(text) if text else None

    def secrets(self) -> Iterator[str]:
        """Every secret value, for the log's redaction."""
        for account in self.accounts.values():
            yield account.client_secret.get_secret_value()
            if account.privacy is not None:
                yield from account.privacy.keys()
        yield from self.privacy.keys()
        for target in self.alerts.targets:
            yield target.get_secret_value()
        for secret in (
            self.database.password,
            self.security.token_key,
            self.web.password,
        ):
            if secret is not None:
                yield secret.get_secret_value()
        if self.database.url is not None:
            address = self.database.url.get_secret_value()
            found = database_address.parsed(address)
            for password in (found.get("password"), found.get("sslpassword")):
                if password:
                    yield password
                    yield quote(password, safe="")


def load(path: Path | None, *, environ: Mapping[str, str], cwd: Path) -> Config:
    """Read the configuration: the named file, $WPSYNC_CONFIG, ./config.toml or /etc/wpsync/config.toml.

    Raises ConfigError with a message for every problem; no value of a secret is in it.
    """
    problems: list[Message] = []
    sources, tree = config_tree.read(path, environ, cwd, problems)
    config_tree.inherit(tree, "accounts", ("retention", "privacy", "limits"), sources)
    try:
        config = Config.model_validate(tree)
    except ValidationError as exc:
        seen = sources.unread | sources.inherited
        problems += [
            located(dict(error), sources, Config)
            for error in exc.errors(include_input=False, include_url=False)
            if keys_of(dict(error)) not in seen
        ]
        raise ConfigError("configuration.wrong", problems=problems) from None
    problems += [sources.locate(*found) for found in _problems_of_names(config)]
    if problems:
        raise ConfigError("configuration.wrong", problems=problems)
    config.note_files(sources.file, sources.files)
    return config


def _problems_of_names(config: Config) -> Iterator[tuple[config_tree.Keys, Message]]:
    for name in config.accounts:
        if not _ACCOUNT.fullmatch(name):
            yield ("accounts", name), Message("configuration.bad_account_name")
    for key, listed in (("resources", config.sync.resources), ("every", config.sync.every)):
        for name in listed:
            if name not in RESOURCES:
                yield ("sync", key), _no_resource(name)


def parse_instant(text: str, *, now: datetime) -> datetime:
    """An instant from the command line: Shanghai time, or `30d`, `12h`, `90m` ago. Raises ConfigError."""
    ago = _AGO.fullmatch(text.strip())
    try:
        if ago:
            return max(_EARLIEST, now - timedelta(**{_UNITS[ago[2]]: int(ago[1])}))
        parsed = datetime.fromisoformat(text.strip())
        parsed = parsed if parsed.tzinfo else parsed.replace(tzinfo=SHANGHAI)
        if not _EARLIEST <= parsed < _LATEST:
            raise ValueError
    except (ValueError, OverflowError):
        raise ConfigError("configuration.not_an_instant", given=repr(text)) from None
    return parsed
