"""What counts as trouble: conditions read off the state, each worded in Chinese and English.

Pure: the same state gives the same conditions. Texts name accounts, resources and numbers, never a
person, a number dialled, or what was said.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from wpsync.config import AlertsConfig
from wpsync.errors import Message
from wpsync.extract.events import Reason
from wpsync.language import Language
from wpsync.messages import say, terms
from wpsync.messages.causes import Cause, shared
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode
from wpsync.status import causes
from wpsync.status.resources import Incomplete, ResourceStatus, Status
from wpsync.status.texts import Pair

WARNING, CRITICAL = "warning", "critical"

_NEW = timedelta(days=1)
_FAILURES = 3
_TICKS = timedelta(minutes=2)
_CATCHING_UP = timedelta(minutes=10)
"""How long what is behind is given where its job does well, as after an outage."""

_OF_THE_VENDOR = ("unreadable", "over_page_cap")
"""Why a window is incomplete where reading it again is all that can be done here, and is done."""


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
        *_vendors(status, settings),
        *_stale(seen, settings),
        *_gaps(status.incomplete, settings),
        *_silent(seen, settings),
        *_tokens(status, settings, now),
        *_letters(status.resources, settings),
        *_drift(status, now),
        *_budgets(status),
        *_jobs(status),
    ]
    return list({condition.key: condition for condition in found}.values())


def _zh(resource: str) -> str:
    """A resource in Chinese, with the name by which it is searched for."""
    return f"{terms.resource(resource).zh}（{resource}）"


def _behind(seen: Observed, settings: AlertsConfig) -> Iterator[tuple[ResourceStatus, float]]:
    """What is older than it may be, and how many minutes it may be old."""
    jobs = {(job.account, job.job): job for job in seen.status.jobs}
    for one in seen.status.resources:
        job = jobs.get((one.account, one.resource))
        if one.minutes_behind is None or job is None:
            continue
        allowed = settings.stale_minutes + seen.settle.total_seconds() / 60
        allowed = max(allowed, 3 * job.every_seconds / 60)
        if one.minutes_behind > allowed:
            yield one, allowed


def _vendors(status: Status, settings: AlertsConfig) -> Iterator[Condition]:
    for one in status.outages:
        zh, en = causes.silent(one, status.at, served=True)
        yield Condition(
            "vendor",
            one.account,
            "",
            CRITICAL,
            f"{zh}。恢复后自动补齐，不会丢失数据；若持续较久，请检查网络并联系厂商。",
            f"{en[0].upper()}{en[1:]}. What is missing is read once it answers, and nothing is lost; if it lasts,"
            " look at the network and ask the vendor.",
            timedelta(minutes=settings.stale_minutes),
        )


def _stale(seen: Observed, settings: AlertsConfig) -> Iterator[Condition]:
    """What is behind, but for what another condition tells: that the vendor is away, that a listing is odd."""
    status = seen.status
    since = {one.account: one.since for one in status.outages}
    whole = (i for i in status.incomplete if i.ends_at is None)
    odd = {(i.account, i.resource) for i in whole if RESOURCES[i.resource].parent is None}
    for one, allowed in _behind(seen, settings):
        assert one.minutes_behind is not None
        if (one.account, one.resource) in odd:
            continue
        away = (status.at - since.get(one.account, status.at)) / timedelta(minutes=1)
        if away and one.minutes_behind - away <= allowed:
            continue
        minutes = round(one.minutes_behind)
        cause = causes.of(status, one.account, one.resource, served=True)
        yield Condition(
            "stale",
            one.account,
            one.resource,
            CRITICAL,
            f"{_zh(one.resource)}已有 {minutes} 分钟没有更新：{cause.said[0]}。",
            f"{one.resource} has not been current for {minutes} minutes: {cause.said[1]}.",
            _CATCHING_UP if cause.kind == "reading" else _TICKS,
        )


def _gaps(incomplete: Sequence[Incomplete], settings: AlertsConfig) -> Iterator[Condition]:
    """What does not come to agree with the vendor: one for all windows, or all listings, of a resource."""
    alike: dict[tuple[str, str, bool], list[Incomplete]] = {}
    for one in incomplete:
        if one.ends_at is None and one.reason == "over_page_cap":
            yield _cut(one)
        elif one.reason == Reason.MOSTLY_DEAD_LETTERS:
            yield _format(one)
        else:
            alike.setdefault((one.account, one.resource, one.ends_at is None), []).append(one)
    for (account, resource, is_listing), found in alike.items():
        zh, en = _listings(resource, found) if is_listing else _windows(resource, found)
        hold = timedelta(hours=settings.gap_hours)
        yield Condition("gap", account, resource, WARNING, zh, en, hold)


def _cut(one: Incomplete) -> Condition:
    return Condition(
        "cut",
        one.account,
        one.resource,
        WARNING,
        f"{_zh(one.resource)}的列表超过厂商可翻页的上限：共 {one.vendor_count} 行，只读到 {one.rows_seen} 行。"
        "请联系厂商提高上限，或删减列表。",
        f"The listing {one.resource} is longer than the vendor shows: {one.rows_seen} of"
        f" {one.vendor_count} rows could be read. Ask the vendor for a higher limit.",
    )


def _reasons(found: Sequence[Incomplete]) -> Pair:
    codes = list(dict.fromkeys(one.reason for one in found))
    zh = "、".join(f"{terms.reason(code).zh}（{code}）" for code in codes)
    return zh, ", ".join(f"{terms.reason(code).en} ({code})" for code in codes)


def _windows(resource: str, found: Sequence[Incomplete]) -> Pair:
    because = _reasons(found)
    zh, en = "，并执行 wpsync verify --repair。", ", and run wpsync verify --repair."
    if all(one.reason in _OF_THE_VENDOR for one in found):
        zh = "；程序会自动重试，如持续如此，请把这些时间段提供给厂商处理。"
        en = "; they are tried again by themselves; if it lasts, show the vendor these stretches of time."
    return (
        f"{_zh(resource)}有窗口长时间无法与厂商总数核对一致（共 {len(found)} 个）：{because[0]}。"
        f"请在状态页的完整性日历中查看{zh}",
        f"{resource}: {_count(len(found), 'window')} still not in agreement with the vendor's count"
        f": {because[1]}. Look at the completeness calendar{en}",
    )


def _listings(resource: str, found: Sequence[Incomplete]) -> Pair:
    """Of a listing there is no window to look at, and nothing to repair: it is read again in any case."""
    because, declared = _reasons(found), RESOURCES[resource]
    if declared.mode is Mode.REPORT:
        return (
            f"{_zh(resource)}：部分座席的数据长时间读不出来：{because[0]}。每次同步都会重试；如持续如此，请联系厂商处理，"
            "座席编号见 wpsync status --json 中该资源的 last_run.error。",
            f"{resource}: some agents cannot be read: {because[1]}. They are tried again at every pass; if it"
            " lasts, tell the vendor their ids (last_run.error of the resource in wpsync status --json).",
        )
    if declared.parent is not None:
        return (
            f"{_zh(resource)}：{len(found)} 个群的成员长时间读不完整：{because[0]}。每次同步都会重试；如持续如此，请联系厂商处理，"
            "群编号见状态页，或 wpsync status --json 中 incomplete 的 parent_id。",
            f"{resource}: {_count(len(found), 'room')} not wholly read: {because[1]}. They are tried again at"
            " every pass; if it lasts, tell the vendor the ids (on the status page, or parent_id under"
            " incomplete in wpsync status --json).",
        )
    return (
        f"{_zh(resource)}的列表长时间读不完整：{because[0]}。每次同步都会重读；如持续如此，请到厂商后台核对，或联系厂商处理。",
        f"The listing {resource} is not wholly read: {because[1]}. It is read again at every pass; if it lasts,"
        " look into the vendor's console, or ask the vendor.",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what} is" if number == 1 else f"{number} {what}s are"


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


def _silent(seen: Observed, settings: AlertsConfig) -> Iterator[Condition]:
    """No rows where there always were some; unless it is we who have not read them."""
    late = {(one.account, one.resource) for one, _ in _behind(seen, settings)}
    away = {one.account for one in seen.status.outages}
    for one in seen.counted:
        if one.account in away or (one.account, one.resource) in late:
            continue
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
            zh, en = causes.waits(one)
            yield Condition(
                "budget",
                one.account,
                one.endpoint,
                WARNING,
                f"接口 {one.endpoint}：{zh}。",
                f"{one.endpoint}: {en}.",
                timedelta(minutes=15),
            )


def _jobs(status: Status) -> Iterator[Condition]:
    """Jobs that fail again and again, for no cause that another condition tells.

    Where a vendor that was away did it, each is given the time to get through again.
    """
    away = {(one.account, Cause.VENDOR) for one in status.outages}
    away |= {(one.account, Cause.CREDENTIALS) for one in status.tokens if one.failures}
    failing = [
        job
        for job in status.jobs
        if job.failures >= _FAILURES
        and job.job != "alerts"
        and (job.account, shared(job.error)) not in away
    ]
    for account in dict.fromkeys(job.account for job in failing):
        mine = [job for job in failing if job.account == account]
        shown = ", ".join(job.job for job in mine[:5])
        chinese = "、".join(f"{terms.job(job.job).zh}（{job.job}）" for job in mine[:5])
        found = {shared(job.error) for job in mine}
        last = mine[0].error or Message("job.failed")
        zh, en = (say(last, one) for one in (Language.ZH, Language.EN))
        longest = timedelta(seconds=max(job.every_seconds for job in mine))
        yield Condition(
            "job",
            account,
            "",
            CRITICAL if Cause.DATABASE in found else WARNING,
            f"任务连续失败：{chinese}。最近的错误：{zh}。会按时自动重试；若持续，请按错误提示处理。",
            f"Jobs fail again and again: {shown}. The last error: {en}. They are tried again at their times; if"
            " it lasts, mend what the error names.",
            _TICKS + longest if found == {Cause.VENDOR} else _TICKS,
        )
