"""The look of a backfill's plan: requests, minutes and disk, resource by resource and in all."""

from collections.abc import Sequence

from wpsync.backfill.plan import Plan
from wpsync.cli.context import print_json
from wpsync.cli.tables import table
from wpsync.language import Text, spoken, tr
from wpsync.status.texts import counted

_FIELDS = ("account", "resource", "rows", "requests", "minutes", "bytes", "is_estimate", "already")
_NOTE = Text(
    "~ is an estimate: of listings by their last reading or the vendor's count, of room members a request"
    " per room that is due, of reports by the number of agents.",
    "带 ~ 的为估算值：列表类按上次读取或厂商返回的总数，群成员按待读取的群数，报表按座席数。",
)


def show(plans: Sequence[Plan], *, json: bool) -> None:
    """Print it. The total under a column is the sum of the values shown in it, rounded as they are."""
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
    lines.append((tr("total", "合计"), rows, _about(requests, rough), sum(minutes), sum(sizes)))
    headings = (
        tr("resource", "资源"),
        tr("rows", "行数"),
        tr("requests at least", "至少请求数"),
        tr("minutes", "分钟"),
        tr("disk MiB", "磁盘 MiB"),
    )
    table("", headings, lines)
    lasting = _lasting(sum(minutes))
    print(
        tr(
            f"{counted(rows, 'row')}, {counted(requests, 'request')} or more, {lasting}.",
            f"共 {rows:,} 行，至少 {requests:,} 次请求，{lasting}。",
        )
    )
    if rough:
        print(_NOTE.to(spoken()))


def _about(requests: int, is_rough: bool) -> str:
    return f"{'~' if is_rough else ''}{requests:,}"


def _lasting(minutes: float) -> str:
    """How long the limits alone make it last."""
    if minutes < 1:
        return tr("under a minute at the configured limits", "按当前请求限额不到 1 分钟")
    whole = round(minutes)
    return tr(
        f"about {counted(whole, 'minute')} at the configured limits",
        f"按当前请求限额约需 {whole:,} 分钟",
    )
