"""What counts as trouble: conditions read off the state, each worded in Chinese and English.

Pure: the same state gives the same conditions. Texts name accounts, resources and numbers, never a
person, a number dialled, or what was said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wpsync.config import AlertsConfig
from wpsync.extract.events import Reason
from wpsync.service import terms
from wpsync.service.overview import JobStatus
from wpsync.service.status import Incomplete, ResourceStatus, Status

WARNING, CRITICAL = "warning", "critical"

_NEW = timedelta(days=1)
_FAILURES = 3
_TICKS = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Condition:
    """One trouble that is there now. It becomes an incident when it has held for `hold`."""

    kind: str
    account: str
    resource: str
    severity: str
    zh: str
    en: str
    hold: timedelta = _TICKS

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.account, self.resource


@dataclass(frozen=True, slots=True)
class Counted:
    """Rows of a resource from midnight until this time of day: today, and in each of the weeks before."""

    account: str
    resource: str
    today: int
    before: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that conditions are read off."""

    status: Status
    counted: Sequence[Counted] = field(default=())
    settle: timedelta = timedelta(minutes=2)


def conditions(seen: Observed, settings: AlertsConfig) -> list[Condition]:
    """Every trouble that is there now."""
    status, now = seen.status, seen.status.at
    found = [
        *_stale(status.resources, seen, settings),
        *_gaps(status.incomplete, settings),
        *_silent(seen.counted),
        *_tokens(status, settings, now),
        *_letters(status.resources, settings),
        *_drift(status, now),
        *_budgets(status),
        *_jobs(status.jobs),
    ]
    return list({condition.key: condition for condition in found}.values())


def _zh(resource: str) -> str:
    """A resource in Chinese, with the name by which it is searched for."""
    return f"{terms.resource(resource)[0]}（{resource}）"


def _stale(
    resources: Sequence[ResourceStatus], seen: Observed, settings: AlertsConfig
) -> Iterator[Condition]:
    jobs = {(job.account, job.job): job for job in seen.status.jobs}
    for one in resources:
        job = jobs.get((one.account, one.resource))
        if one.minutes_behind is None or job is None:
            continue
        allowed = settings.stale_minutes + seen.settle.total_seconds() / 60
        allowed = max(allowed, 3 * job.every_seconds / 60)
        if one.minutes_behind <= allowed:
            continue
        minutes = round(one.minutes_behind)
        yield Condition(
            "stale",
            one.account,
            one.resource,
            CRITICAL,
            f"{_zh(one.resource)}已有 {minutes} 分钟没有更新。请查看状态页上该任务的错误；厂商或数据库恢复后会自动追上。",
            f"{one.resource} has not been current for {minutes} minutes. Look at its job's error on the"
            " status page; it catches up by itself once the vendor and the database are back.",
        )


def _gaps(incomplete: Sequence[Incomplete], settings: AlertsConfig) -> Iterator[Condition]:
    hours = timedelta(hours=settings.gap_hours)
    for one in incomplete:
        if one.ends_at is None and one.reason == "over_page_cap":
            yield Condition(
                "cut",
                one.account,
                one.resource,
                WARNING,
                f"{_zh(one.resource)}的列表超过厂商可翻页的上限：共 {one.vendor_count} 行，只读到 {one.rows_seen} 行。"
                "请联系厂商提高上限，或删减列表。",
                f"The listing {one.resource} is longer than the vendor shows: {one.rows_seen} of"
                f" {one.vendor_count} rows could be read. Ask the vendor for a higher limit.",
            )
            continue
        if one.reason == Reason.MOSTLY_DEAD_LETTERS:
            yield _format(one)
            continue
        because = terms.reason(one.reason)
        yield Condition(
            "gap",
            one.account,
            one.resource,
            WARNING,
            f"{_zh(one.resource)}有窗口长时间无法与厂商总数核对一致：{because[0]}（{one.reason}）。"
            "请在状态页的完整性日历中查看，并执行 wpsync verify --repair。",
            f"{one.resource} has a window that does not come to agree with the vendor's count"
            f": {because[1]} ({one.reason}). Look at the completeness calendar, and run wpsync verify --repair.",
            hours,
        )


def _format(one: Incomplete) -> Condition:
    return Condition(
        "format",
        one.account,
        one.resource,
        CRITICAL,
        f"{_zh(one.resource)}有窗口的数据大量无法接收，整个窗口没有写入：厂商可能改了格式或加密了内容。"
        "请升级 wpsync，或在厂商后台关闭参数加密；恢复后会自动重读。",
        f"{one.resource} has a window of which much cannot be taken; nothing of it was loaded: the vendor has perhaps"
        " changed its format, or encrypts payloads. Upgrade wpsync, or switch off parameter encryption in the"
        " vendor's console; it is read again by itself.",
    )


def _silent(counted: Sequence[Counted]) -> Iterator[Condition]:
    for one in counted:
        if one.today or len(one.before) < 3 or min(one.before) < 5:
            continue
        usual = sorted(one.before)[len(one.before) // 2]
        yield Condition(
            "silence",
            one.account,
            one.resource,
            WARNING,
            f"今天还没有任何{_zh(one.resource)}数据，而往常同一时间约有 {usual} 行。请确认工作手机在线、已授权。",
            f"No {one.resource} today, where about {usual} are usual by now."
            " Make sure that the work phones are online and permitted.",
            timedelta(minutes=10),
        )


def _tokens(status: Status, settings: AlertsConfig, now: datetime) -> Iterator[Condition]:
    for one in status.tokens:
        if one.failures and one.paused_until is not None:
            yield Condition(
                "credentials",
                one.account,
                "",
                CRITICAL,
                f"厂商拒绝了账号 {one.account} 的凭据，同步已停止。请在管理后台核对 clientId 与 clientSecret，改正后立即恢复。",
                f"The vendor rejects the credentials of account {one.account}: nothing can be read. Look at"
                " client_id and client_secret in the vendor's console; changed ones are tried at once.",
                timedelta(0),
            )
        days = (now - one.issued_at) / timedelta(days=1)
        if days >= settings.token_days:
            yield Condition(
                "token_age",
                one.account,
                "",
                WARNING,
                f"账号 {one.account} 的令牌已使用 {days:.0f} 天仍未轮换成功，第 30 天失效。请执行 wpsync token rotate 查看原因。",
                f"The tokens of account {one.account} are {days:.0f} days old and could not be rotated; they"
                " end on day 30. Run wpsync token rotate to see why.",
                timedelta(hours=1),
            )


def _letters(resources: Sequence[ResourceStatus], settings: AlertsConfig) -> Iterator[Condition]:
    for one in resources:
        if one.dead_letters > settings.dead_letters:
            yield Condition(
                "dead_letters",
                one.account,
                one.resource,
                WARNING,
                f"{_zh(one.resource)}有 {one.dead_letters} 条死信（无法解析的消息或未能接收的行）。请执行 wpsync dead-letters list 查看原因；"
                "升级后可执行 wpsync dead-letters retry。",
                f"{one.resource} has {one.dead_letters} dead letters, which could not be read or taken. wpsync dead-letters list"
                " says why; after an upgrade, wpsync dead-letters retry.",
            )


def _drift(status: Status, now: datetime) -> Iterator[Condition]:
    for account in dict.fromkeys(one.account for one in status.drift):
        new = [
            one for one in status.drift if one.account == account and now - one.first_seen_at < _NEW
        ]
        if new:
            found = sorted({f"{one.resource}.{one.name}" for one in new})[:5]
            names, listed = ", ".join(found), "、".join(found)
            yield Condition(
                "drift",
                account,
                "",
                WARNING,
                f"厂商的数据结构有变化：{listed}。数据未丢失（保存在 _extra 中），请留意新版本。",
                f"The vendor sends something new: {names}. Nothing is lost (see _extra); look for a new version.",
            )


def _budgets(status: Status) -> Iterator[Condition]:
    for one in status.budgets:
        if one.exhausted:
            yield Condition(
                "budget",
                one.account,
                one.endpoint,
                WARNING,
                f"接口 {one.endpoint} 的请求预算持续不足，实时同步在排队。请调高 limits.requests_per_minute（需厂商允许）。",
                f"The request budget of {one.endpoint} does not suffice: even what is live waits. Raise"
                " limits.requests_per_minute, if the vendor allows it.",
                timedelta(minutes=15),
            )


def _jobs(jobs: Sequence[JobStatus]) -> Iterator[Condition]:
    failing = [job for job in jobs if job.failures >= _FAILURES and job.job != "alerts"]
    for account in dict.fromkeys(job.account for job in failing):
        names = [job.job for job in failing if job.account == account]
        shown = ", ".join(names[:5])
        chinese = "、".join(f"{terms.job(name)[0]}（{name}）" for name in names[:5])
        error = next(job.error for job in failing if job.account == account)
        yield Condition(
            "job",
            account,
            "",
            CRITICAL,
            f"任务连续失败：{chinese}。最近的错误：{error}",
            f"Jobs fail again and again: {shown}. The last error: {error}",
        )
