"""Trying everything that a run needs, one finding each, with the mend for what fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wpsync.api import endpoints
from wpsync.api.client import Client
from wpsync.clock import AnchoredClock, SystemClock
from wpsync.config import Config
from wpsync.errors import WpsyncError
from wpsync.load import migrations, state
from wpsync.load.database import Database
from wpsync.load.tokens import PostgresTokens
from wpsync.model import Secret
from wpsync.service.session import Session

_SKEW_TOLERATED = timedelta(minutes=2)
_TOKEN_OLD = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried. `mend` says what to do where it is not good."""

    name: str
    is_good: bool
    detail: str
    mend: str | None = None


def check_database(conninfo: Secret) -> Iterator[Finding]:
    """Reachable, rights, time zone, migrations. Stops at what makes the rest pointless."""
    try:
        database = Database(conninfo, connections=2)
        with database:
            row = state.rows(database, "server")[0]
            yield Finding(
                "database", True, f"Postgres {row['server_version']}, as {row['current_user']}"
            )
            yield _rights(row)
            yield Finding(
                "time zone", True, f"{row['timezone']} (wpsync stores instants, any zone will do)"
            )
            yield _clock(database.now())
            yield _migrations(conninfo)
    except WpsyncError as exc:
        yield Finding("database", False, str(exc), exc.hint)


def _rights(row: dict[str, object]) -> Finding:
    if row["is_standby"]:
        return Finding(
            "rights", False, "this is a read-only standby", "connect to the primary server"
        )
    if not row["may_create"]:
        return Finding(
            "rights",
            False,
            "the role may not create schemas",
            f"grant create on database … to {row['current_user']}",
        )
    if row["server_encoding"] != "UTF8":
        return Finding(
            "encoding",
            False,
            f"the database is {row['server_encoding']}",
            "create it with encoding UTF8",
        )
    return Finding("rights", True, "the role may create what wpsync needs")


def _clock(now: datetime) -> Finding:
    skew = abs(SystemClock().now() - now.astimezone(UTC))
    if skew > _SKEW_TOLERATED:
        return Finding(
            "clock", False, f"this host and the database differ by {skew}", "set the clocks by NTP"
        )
    return Finding(
        "clock", True, f"this host and the database agree to {skew.total_seconds():.1f} s"
    )


def _migrations(conninfo: Secret) -> Finding:
    pending = migrations.pending(conninfo.reveal())
    if pending:
        return Finding(
            "migrations", False, f"missing: {', '.join(pending)}", "run `wpsync migrate`"
        )
    return Finding("migrations", True, "current")


def check_privacy(config: Config) -> Finding:
    """Whether what is hidden in columns may still stand in message bodies."""
    settings = config.privacy
    hidden = [
        name
        for name in ("phone_numbers", "names", "wechat_numbers")
        if getattr(settings, name) != "keep"
    ]
    if hidden and settings.message_bodies == "keep":
        return Finding(
            "privacy",
            False,
            f"{', '.join(hidden)}: not kept, but message bodies are, and they may hold the same",
            "set privacy.message_bodies to hash, mask or drop, or accept it",
        )
    return Finding(
        "privacy", True, "as configured" if config.privacy.modes() else "everything is kept"
    )


def check_alerts(config: Config) -> Finding:
    """Whether every alert target is understood; nothing is sent."""
    from wpsync.service import targets

    addresses = [Secret(one.get_secret_value()) for one in config.alerts.targets]
    if not addresses:
        return Finding("alerts", True, "no target: nobody is told (alerts.targets)")
    wrong = [target.name for target in targets.targets(addresses) if not target.is_good]
    if wrong:
        said = f"not understood: {', '.join(wrong)}"
        return Finding("alerts", False, said, "README shows the address of each kind of robot")
    return Finding("alerts", True, f"{len(addresses)} targets; `wpsync alert test` tries them")


def check_vendor(session: Session) -> Iterator[Finding]:
    """Vendor reachable, credentials, token age and clock skew, for each account."""
    for name in session.config.accounts:
        with session.client(name) as client:
            yield from _account(session, name, client)


def _account(session: Session, name: str, client: Client) -> Iterator[Finding]:
    try:
        client.authenticate()
        agents = endpoints.agents(client)
    except WpsyncError as exc:
        yield Finding(f"account {name}", False, str(exc), exc.hint)
        return
    yield Finding(
        f"account {name}", True, f"vendor reachable, credentials good, {len(agents)} agents"
    )
    key = session.config.security.token_key
    tokens = PostgresTokens(session.database, Secret(key.get_secret_value()) if key else None).read(
        name
    )
    if tokens is not None:
        age = session.clock.now() - tokens.issued_at
        good = age < _TOKEN_OLD
        yield Finding(
            f"tokens of {name}",
            good,
            f"{age.days} days old",
            None if good else "run `wpsync token rotate`",
        )
    skew = client.clock_skew()
    if skew is not None:
        good = abs(skew) < _SKEW_TOLERATED
        seconds = skew.total_seconds()
        yield Finding(
            "vendor's clock",
            good,
            f"ours minus the vendor's: {seconds:.0f} s",
            None if good else "set this host's and the database's clock by NTP",
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
        credentials=Credentials(
            settings.client_id, Secret(settings.client_secret.get_secret_value())
        ),
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
        """Nobody else is there."""
        return self

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, *exc: object) -> None:
        """Nothing."""
