"""How the plan of a backfill looks: what it would take, resource by resource and in all."""

from collections.abc import Sequence

from wpsync.backfill.plan import Plan
from wpsync.cli.context import print_json
from wpsync.cli.tables import table
from wpsync.status.texts import counted

_FIELDS = ("account", "resource", "rows", "requests", "minutes", "bytes", "is_estimate", "already")
_NOTE = (
    "~ is an estimate: of listings by their last reading or the vendor's count, of room members a request"
    " per room that is due, of reports by the number of agents.",
    "带 ~ 的为估算值：列表类按上次读取或厂商返回的总数，群成员按待读取的群数，报表按座席数。",
)


def show(plans: Sequence[Plan], *, json: bool) -> None:
    """Print it. What stands under a column is the sum of what is shown in it, rounded as it is there."""
    if json:
        print_json([{name: getattr(plan, name) for name in _FIELDS} for plan in plans])
        return
    minutes = [round(plan.minutes, 1) for plan in plans]
    sizes = [round(plan.bytes / 2**20, 1) for plan in plans]
    rows, requests = sum(plan.rows or 0 for plan in plans), sum(plan.requests for plan in plans)
    rough = any(plan.is_estimate for plan in plans)
    lines: list[tuple[object, ...]] = [
        (plan.resource, plan.rows, _about(plan.requests, plan.is_estimate), takes, size)
        for plan, takes, size in zip(plans, minutes, sizes, strict=True)
    ]
    lines.append(("total / 合计", rows, _about(requests, rough), sum(minutes), sum(sizes)))
    table("", ("resource", "rows", "requests at least", "minutes", "disk MiB"), lines)
    lasting, chinese = _lasting(sum(minutes))
    print(f"{counted(rows, 'row')}, {counted(requests, 'request')} or more, {lasting}.")
    print(f"共 {rows:,} 行，至少 {requests:,} 次请求，{chinese}。")
    if rough:
        print(*_NOTE, sep="\n")


def _about(requests: int, is_rough: bool) -> str:
    return f"{'~' if is_rough else ''}{requests:,}"


def _lasting(minutes: float) -> tuple[str, str]:
    """How long the limits alone make it last."""
    if minutes < 1:
        return "under a minute at the configured limits", "按当前请求限额不到 1 分钟"
    whole = round(minutes)
    return (
        f"about {counted(whole, 'minute')} at the configured limits",
        f"按当前请求限额约需 {whole:,} 分钟",
    )
