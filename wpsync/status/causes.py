"""Why data has fallen behind, and what happens next, in both languages: read off the state, in one place.

Pure. The page, `wpsync status` and the alerts say the same of the same trouble.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from wpsync import messages
from wpsync.errors import Message
from wpsync.language import Language
from wpsync.resources import RESOURCES
from wpsync.status.resources import Status
from wpsync.status.service import Budget, JobStatus, Outage
from wpsync.status.texts import Pair
from wpsync.values import SHANGHAI


@dataclass(frozen=True, slots=True)
class Cause:
    """What keeps some resources of an account behind.

    `kind`: no service runs (stopped); the vendor rejects the credentials, or does not answer (away); the
    job fails (failing); its requests wait (limited); none of these, and it is being read (reading).
    """

    kind: str
    said: Pair
    account: str = ""
    resources: list[str] = field(default_factory=list)


def of(status: Status, account: str, resource: str, *, served: bool) -> Cause:
    """Why a resource is behind. `served`: whether something runs that reads it."""
    if not served:
        return Cause(
            "stopped",
            ("没有正在运行的服务，请启动 wpsync run", "no service is running; start wpsync run"),
        )
    if any(one.account == account and one.failures and one.paused_until for one in status.tokens):
        return Cause(
            "credentials",
            (
                f"厂商拒绝了账号 {account} 的凭据，请在厂商后台核对 clientId 与 clientSecret，改正后立即恢复",
                f"the vendor rejects the credentials of account {account}; look at client_id and client_secret"
                " in its console: changed ones are tried at once",
            ),
        )
    outage = next((one for one in status.outages if one.account == account), None)
    if outage is not None:
        zh, en = silent(outage, status.at, served=True)
        return Cause(
            "away",
            (
                f"{zh}，恢复后自动补齐；若持续较久，请检查网络并联系厂商",
                f"{en}, and what is missing is read once it answers; if it lasts, look at the network and ask the vendor",
            ),
        )
    for job in status.jobs:
        if job.account == account and job.job in (resource, f"{resource} recheck") and job.failures:
            return Cause("failing", _failing(job, status.at))
    endpoint = RESOURCES[resource].endpoint
    for budget in status.budgets:
        if (budget.account, budget.endpoint) == (account, endpoint) and budget.exhausted:
            return Cause("limited", waits(budget))
    return Cause(
        "reading", ("正在补读，无需处理", "it is being caught up, and there is nothing to do")
    )


def of_all(status: Status, late: Sequence[tuple[str, str]]) -> list[Cause]:
    """The causes of all that is late, those of one cause together."""
    found: dict[tuple[str, Pair], Cause] = {}
    for account, resource in late:
        one = replace(of(status, account, resource, served=bool(status.instances)), account=account)
        names = found.setdefault((account, one.said), one).resources
        if resource not in names:
            names.append(resource)
    return list(found.values())


def waits(one: Budget) -> Pair:
    """That the requests of an endpoint wait for their turn, and what to do."""
    if one.slowed_to is not None:
        return (
            f"厂商提示请求过于频繁，已自动降到每分钟 {one.slowed_to} 次，实时同步在排队，之后会逐步提速；"
            "若持续如此，请向厂商确认允许的频率",
            f"the vendor says that requests come too fast; they were slowed down to {one.slowed_to} a minute, wait for"
            " their turn, and become faster again by themselves; if it lasts, ask the vendor how many it allows",
        )
    return (
        "请求预算持续不足，实时同步在排队；请调高 limits.requests_per_minute（需厂商允许）",
        "the request budget does not suffice and even what is live waits; raise limits.requests_per_minute, if the"
        " vendor allows it",
    )


def silent(one: Outage, now: datetime, *, served: bool) -> Pair:
    """That a vendor does not answer, since when, what is met instead, and that it is asked again."""
    zh, en = _pair(one.error)
    at = _at(one.since, now)
    if not served:
        return (
            f"最后一次请求时厂商接口没有正常应答（{at}：{zh}）",
            f"the vendor did not answer when it was last asked ({at}: {en})",
        )
    return (
        f"厂商接口自 {at} 起没有正常应答（{zh}），正在自动重试",
        f"the vendor has not answered since {at} ({en}); it is asked again and again",
    )


def _failing(job: JobStatus, now: datetime) -> Pair:
    zh, en = _pair(job.error or Message("job.failed"))
    if job.next_at is None or job.next_at <= now:
        return f"{zh}，正在自动重试", f"{en}; it is being tried again"
    at = _at(job.next_at, now)
    return f"{zh}，将在 {at} 自动重试", f"{en}; it is tried again at {at}"


def _pair(error: Message) -> Pair:
    return messages.say(error, Language.ZH), messages.say(error, Language.EN)


def _at(value: datetime, now: datetime) -> str:
    """An instant in Shanghai; the day is left out where it is today."""
    local, today = value.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"
