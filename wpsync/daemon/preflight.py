"""Trying everything that a run needs, one finding each, with the mend for what fails."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from wpsync.api import endpoints
from wpsync.api.client import Client
from wpsync.clock import AnchoredClock, SystemClock
from wpsync.config import Config
from wpsync.db import migrations, queries
from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.errors import ConfigError, WpsyncError
from wpsync.model import Secret
from wpsync.policy import DEFAULT
from wpsync.resources.spec import Personal
from wpsync.state.tokens import PostgresTokens
from wpsync.status import texts
from wpsync.sync.session import Session

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing tried, in both languages. `mend` says what to do where it is not good (a hint)."""

    name: str
    name_zh: str
    is_good: bool
    detail: str
    detail_zh: str = ""
    mend: str | None = None


CONFIGURED = Finding("configuration", "配置", True, "readable and complete", "可读取且完整")


def check_database(conninfo: Secret) -> Iterator[Finding]:
    """Reachable, rights, time zone, migrations. Stops at what makes the rest pointless."""
    try:
        database = Database(conninfo, connections=2)
        with database:
            row = queries.rows(database, QUERIES["server"])[0]
            yield Finding(
                "database",
                "数据库",
                True,
                f"Postgres {row['server_version']}, as {row['current_user']}",
            )
            yield _rights(row)
            yield Finding(
                "time zone",
                "时区",
                True,
                f"{row['timezone']} (any will do: wpsync stores instants)",
                "存储的是绝对时间，任何时区均可",
            )
            yield _clock(database.now())
            yield _migrations(conninfo)
    except ConfigError:  # a database that is not to be used: the command is refused
        raise
    except WpsyncError as exc:
        yield Finding("database", "数据库", False, str(exc), mend=exc.hint)


def _rights(row: dict[str, object]) -> Finding:
    if row["is_standby"]:
        return Finding(
            "rights",
            "权限",
            False,
            "this is a read-only standby",
            "当前连接的是只读备库",
            "connect to the primary server / 请连接主库",
        )
    if not row["may_create"]:
        return Finding(
            "rights",
            "权限",
            False,
            "the role may not create schemas",
            "该角色无权创建 schema",
            f"grant create on database … to {row['current_user']} / 请授予 {row['current_user']} 在该数据库上的 CREATE 权限",
        )
    if row["server_encoding"] != "UTF8":
        return Finding(
            "encoding",
            "字符编码",
            False,
            f"the database is {row['server_encoding']}",
            f"数据库编码为 {row['server_encoding']}",
            "create it with encoding UTF8 / 请以 UTF8 编码重新建库",
        )
    return Finding("rights", "权限", True, "the role may create what wpsync needs", "权限齐全")


def _clock(now: datetime) -> Finding:
    skew = abs(SystemClock().now() - now.astimezone(UTC))
    if skew > DEFAULT.clocks.tolerated:
        return Finding(
            "clock",
            "时钟",
            False,
            f"this host and the database differ by {skew}",
            f"本机与数据库相差 {skew}",
            "set the clocks by NTP / 请用 NTP 校时",
        )
    seconds = f"{skew.total_seconds():.1f}"
    return Finding(
        "clock",
        "时钟",
        True,
        f"this host and the database agree to {seconds} s",
        f"本机与数据库相差 {seconds} 秒",
    )


def _migrations(conninfo: Secret) -> Finding:
    pending = migrations.pending(conninfo.reveal()).names
    if pending:
        return Finding(
            "migrations",
            "表结构",
            False,
            f"missing: {', '.join(pending)}",
            f"缺少 {len(pending)} 项升级",
            "run `wpsync migrate` / 请运行 `wpsync migrate`",
        )
    return Finding("migrations", "表结构", True, "current", "已是最新")


def check_privacy(config: Config) -> Finding:
    """Whether what is hidden in columns may still stand in message bodies."""
    every = [config.privacy_of(account) for account in ("", *config.accounts)]
    hidden = [
        str(kind)
        for kind in Personal
        if kind not in (Personal.NO, Personal.MESSAGE_BODIES)
        and any(getattr(one, kind) != "keep" and one.message_bodies == "keep" for one in every)
    ]
    if hidden:
        names = ", ".join(hidden)
        return Finding(
            "privacy",
            "隐私",
            False,
            f"{names}: not kept, but message bodies are, and they may hold the same",
            f"{names} 不予保留，但消息正文仍保留，其中可能含有同样的信息",
            "set privacy.message_bodies to hash, mask or drop, or accept it"
            " / 请把 privacy.message_bodies 设为 hash、mask 或 drop，或接受这一点",
        )
    if any(one.modes() for one in every):
        return Finding("privacy", "隐私", True, "as configured", "按配置处理")
    return Finding("privacy", "隐私", True, "everything is kept", "全部原样保留")


def check_alerts(config: Config) -> Finding:
    """Whether every alert target is understood; nothing is sent."""
    from wpsync.alerts import targets

    addresses = [Secret(one.get_secret_value()) for one in config.alerts.targets]
    if not addresses:
        return Finding(
            "alerts",
            "告警",
            True,
            "no target: nobody is told (alerts.targets)",
            "未配置目标，出问题时不会通知任何人",
        )
    wrong = [target.name for target in targets.targets(addresses) if not target.is_good]
    if wrong:
        names = ", ".join(wrong)
        return Finding(
            "alerts",
            "告警",
            False,
            f"not understood: {names}",
            f"无法识别：{names}",
            "README shows the address of each kind of robot / 各类机器人的地址写法见 README",
        )
    count = len(addresses)
    return Finding(
        "alerts",
        "告警",
        True,
        f"{count} targets; `wpsync alert test` tries them",
        f"{count} 个目标，可用 `wpsync alert test` 测试",
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
            yield Finding(
                f"account {name}",
                f"账号 {name}",
                True,
                "vendor reachable, credentials good",
                "可访问厂商接口，凭据有效",
            )


def _refused(name: str, exc: WpsyncError) -> Finding:
    return Finding(f"account {name}", f"账号 {name}", False, str(exc), mend=exc.hint)


def _account(session: Session, name: str, client: Client) -> Iterator[Finding]:
    try:
        client.authenticate()
        agents = endpoints.agents(client)
    except WpsyncError as exc:
        yield _refused(name, exc)
        return
    yield Finding(
        f"account {name}",
        f"账号 {name}",
        True,
        f"vendor reachable, credentials good, {texts.counted(len(agents), 'agent')}",
        f"可访问厂商接口，凭据有效，{len(agents)} 个座席",
    )
    key = session.config.security.token_key
    tokens = PostgresTokens(session.database, Secret(key.get_secret_value()) if key else None).read(
        name
    )
    if tokens is not None:
        age = session.clock.now() - tokens.issued_at
        good = age < session.policy.tokens.overdue
        yield Finding(
            f"tokens of {name}",
            f"{name} 的令牌",
            good,
            f"{texts.counted(age.days, 'day')} old",
            f"已签发 {age.days} 天",
            None if good else "run `wpsync token rotate` / 请运行 `wpsync token rotate`",
        )
    skew = client.clock_skew()
    if skew is not None:
        yield _vendors_clock(skew)


def _vendors_clock(skew: timedelta) -> Finding:
    good, seconds = abs(skew) < DEFAULT.clocks.tolerated, f"{skew.total_seconds():.0f}"
    return Finding(
        "vendor's clock",
        "厂商时钟",
        good,
        f"ours minus the vendor's: {seconds} s",
        f"我方减厂商：{seconds} 秒",
        None
        if good
        else "set this host's and the database's clock by NTP / 请用 NTP 校准本机与数据库的时钟",
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
