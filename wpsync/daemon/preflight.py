"""Try everything that a run needs: one finding each, with the mend for failures."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wpsync.api import endpoints
from wpsync.api.client import Client
from wpsync.clock import AnchoredClock, SystemClock
from wpsync.config import Config
from wpsync.db import bi_role, migrations, queries
from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, Message, WpsyncError
from wpsync.language import spoken
from wpsync.messages import remedy, say
from wpsync.model import Secret
from wpsync.policy import DEFAULT
from wpsync.resources.spec import Personal
from wpsync.sync.session import Session

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried. The remedy of `detail` is how to mend it where it is not good, or a warning.

    A warning keeps nothing from working, so it is good.
    """

    name: Message
    detail: Message
    is_good: bool = True
    is_warning: bool = False

    @property
    def mend(self) -> str | None:
        """Return the next step; None where nothing is to be mended."""
        return remedy(self.detail) if self.is_warning or not self.is_good else None

    def as_json(self) -> dict[str, object]:
        """Return it with stable keys and codes, and in the words of the process's language."""
        return {
            "name": _as_json(self.name),
            "is_good": self.is_good,
            "is_warning": self.is_warning,
            "detail": _as_json(self.detail),
            "mend": self.mend,
        }


def _as_json(message: Message) -> dict[str, object]:
    return {
        "code": message.code,
        "params": message.stored(),
        "words": message.words,
        "text": say(message),
    }


def _good(name: str, detail: Message) -> Finding:
    return Finding(Message(name), detail)


def _bad(name: str, detail: Message) -> Finding:
    return Finding(Message(name), detail, is_good=False)


def _doubtful(name: str, detail: Message) -> Finding:
    return Finding(Message(name), detail, is_warning=True)


def check_configuration(config: Config) -> Finding:
    """Check whether other users of this machine can read the secrets; the rest was checked when it was loaded."""
    exposed = list(map(str, config.exposed_files()))
    if exposed:
        return _doubtful("check.configuration", Message("check.exposed", {"files": exposed}))
    return _good("check.configuration", Message("check.configured"))


def check_database(conninfo: Secret, *, connections: int) -> Iterator[Finding]:
    """Reachable, rights, so many connections, time zone, migrations. Stops where the rest would be pointless."""
    try:
        database = Database(conninfo, connections=2)
        with database:
            row = queries.rows(database, QUERIES["server"])[0]
            yield _good(
                "check.database",
                Message(
                    "check.database_reached",
                    {"version": row["server_version"], "user": row["current_user"]},
                ),
            )
            pending = migrations.pending(conninfo.reveal())
            yield _rights(row, is_current=not pending.steps)
            yield _connections(database, connections)
            yield _good(
                "check.time_zone", Message("check.any_time_zone", {"zone": row["timezone"]})
            )
            yield _clock(database.now())
            yield _migrations(pending.names)
            if not pending.steps:
                yield from _tables(database)
                yield from _readers(database)
    except ConfigError:  # a database that is not to be used: the command is refused
        raise
    except WpsyncError as exc:
        yield Finding(Message("check.database"), exc.message, is_good=False)


def _rights(row: dict[str, object], *, is_current: bool) -> Finding:
    user = {"user": row["current_user"]}
    if row["is_standby"]:
        return _bad("check.rights", Message("check.standby"))
    if not (row["may_create"] or is_current):
        return _bad("check.rights", Message("check.may_not_create", user))
    if not row["may_make_temporary"]:
        return _bad("check.rights", Message("check.may_not_make_temporary", user))
    return _good("check.rights", Message("check.may_create"))


@dataclass(frozen=True, slots=True)
class _Allowed:
    """How many connections each allows; None: it sets no limit."""

    of_role: int | None
    of_database: int | None
    of_server: int


def _connections(database: Database, needed: int) -> Finding:
    (allowed,) = queries.typed(database, _Allowed, QUERIES["connections"])
    role, of_database, server = allowed.of_role, allowed.of_database, allowed.of_server
    if role is not None and role < needed:
        few = Message("check.connections_of_role", {"allowed": role, "needed": needed})
    elif of_database is not None and of_database < needed:
        few = Message("check.connections_of_database", {"allowed": of_database, "needed": needed})
    elif server < needed:
        few = Message("check.connections_of_server", {"allowed": server, "needed": needed})
    else:
        least = min(one for one in (role, of_database, server) if one is not None)
        return _good(
            "check.connections",
            Message("check.connections_suffice", {"allowed": least, "needed": needed}),
        )
    return _bad("check.connections", few)


def _clock(now: datetime) -> Finding:
    skew = abs(SystemClock().now() - now.astimezone(UTC))
    if skew > DEFAULT.clocks.tolerated:
        return _bad(
            "check.clock", Message("check.clocks_differ", {"seconds": skew.total_seconds()})
        )
    return _good("check.clock", Message("check.clocks_agree", {"seconds": skew.total_seconds()}))


def _migrations(pending: list[str]) -> Finding:
    if pending:
        return _bad("check.migrations", Message("check.migrations_missing", {"names": pending}))
    return _good("check.migrations", Message("check.migrated"))


def _tables(database: Database) -> Iterator[Finding]:
    from wpsync.db import inspection

    with database.connection() as connection:
        found = inspection.differences(connection)
    for one in found:
        yield _bad("check.tables", one)
    if not found:
        yield _good("check.tables", Message("check.tables_as_made"))


def _readers(database: Database) -> Iterator[Finding]:
    with database.connection() as connection:
        left = bi_role.advice(connection)
        everyone_creates = bi_role.everyone_creates(connection)
    if everyone_creates:
        yield _doubtful("check.rights", Message("database.everyone_creates"))
    for role, statements_left in left.items():
        if statements_left:
            fields = {"role": role, "statements": [f"`{one}`" for one in statements_left]}
            yield _doubtful("check.readers", Message("check.readers_not_limited", fields))
    if left and not any(left.values()):
        yield _good("check.readers", Message("check.readers_limited", {"count": len(left)}))


def check_privacy(config: Config) -> Finding:
    """Check whether data that is hidden in columns may still stand in message bodies."""
    every = [config.privacy_of(account) for account in ("", *config.accounts)]
    hidden = [
        str(kind)
        for kind in Personal
        if kind is not Personal.MESSAGE_BODIES
        and any(getattr(one, kind) != "keep" and one.message_bodies == "keep" for one in every)
    ]
    if hidden:
        return _bad("check.privacy", Message("check.hidden_in_bodies", {"kinds": hidden}))
    if any(one.modes() for one in every):
        return _good("check.privacy", Message("check.privacy_configured"))
    return _good("check.privacy", Message("check.kept"))


def check_alerts(config: Config) -> Finding:
    """Check whether every alert target is understood; nothing is sent."""
    from wpsync.alerts import targets

    addresses = [Secret(one.get_secret_value()) for one in config.alerts.targets]
    if not addresses:
        return _good("check.alerts", Message("check.no_targets"))
    wrong = [target.name for target in targets.targets(addresses) if not target.is_good]
    if wrong:
        return _bad("check.alerts", Message("check.targets_unknown", {"targets": wrong}))
    code = "check.chinese" if (config.lang or spoken()) == "zh" else "check.english"
    return _good(
        "check.alerts",
        Message("check.targets", {"targets": len(addresses), "language": Message(code)}),
    )


def check_vendor(session: Session) -> Iterator[Finding]:
    """Vendor reachable, credentials, token age and clock skew, for each account."""
    for name in session.config.accounts:
        with session.client(name) as client:
            yield from _account(session, name, client)


def check_credentials(config: Config) -> Iterator[Finding]:
    """Vendor reachable and credentials, for each account, where there is no database to keep tokens in."""
    for name in config.accounts:
        try:
            try_credentials(config, name)
        except WpsyncError as exc:
            yield _refused(name, exc)
        else:
            yield Finding(_account_name(name), Message("check.vendor_reached"))


def _account_name(name: str) -> Message:
    return Message("check.account", {"account": name})


def _refused(name: str, exc: WpsyncError) -> Finding:
    return Finding(_account_name(name), exc.message, is_good=False)


def _account(session: Session, name: str, client: Client) -> Iterator[Finding]:
    try:
        client.authenticate()
        agents = endpoints.agents(client)
    except WpsyncError as exc:
        yield _refused(name, exc)
        return
    yield Finding(_account_name(name), Message("check.agents_listed", {"count": len(agents)}))
    tokens = session.tokens().read(name)
    if tokens is not None:
        age = session.clock.now() - tokens.issued_at
        good = age < session.policy.tokens.overdue
        code = "check.tokens_fresh" if good else "check.tokens_old"
        detail = Message(code, {"days": age.days})
        yield Finding(Message("check.tokens", {"account": name}), detail, is_good=good)
    skew = client.clock_skew()
    if skew is not None:
        yield _vendors_clock(skew)


def _vendors_clock(skew: timedelta) -> Finding:
    if abs(skew) < DEFAULT.clocks.tolerated:
        return _good(
            "check.vendor_clock",
            Message("check.vendor_clock_agrees", {"seconds": skew.total_seconds()}),
        )
    return _bad(
        "check.vendor_clock",
        Message("check.vendor_clock_differs", {"seconds": skew.total_seconds()}),
    )


def try_credentials(config: Config, name: str) -> None:
    """Ask the vendor for a token pair that nobody keeps, to see whether the credentials are good.

    Raises the errors of `wpsync.errors`.
    """
    from wpsync.api.auth import Credentials
    from wpsync.api.limits import Limits

    settings = config.accounts[name]
    clock = AnchoredClock(SystemClock(), SystemClock().now())
    client = Client(
        account=name,
        base_url=settings.base_url,
        credentials=Credentials(settings.client_id, config.client_secret(name)),
        tokens=_Nowhere(),
        clock=clock,
        limits=Limits({}, clock=clock),
        timeout_seconds=settings.timeout_seconds,
    )
    with client:
        client.authenticate()


class _Nowhere:
    """A token store that keeps nothing."""

    def read(self, account: str) -> None:
        """There is nothing."""

    def write(self, account: str, tokens: object) -> None:
        """Nothing is kept."""

    def locked(self, account: str) -> "_Nowhere":
        """There is no other process."""
        return self

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, *exc: object) -> None:
        """Nothing."""
