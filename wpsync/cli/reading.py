"""`sync` and `backfill`: reading the vendor."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli import complain
from wpsync.cli.context import check_resources, note, open_session, print_json
from wpsync.cli.terms import outcome as outcome_text
from wpsync.errors import ConfigError, Message
from wpsync.language import tr

if TYPE_CHECKING:
    from datetime import datetime

    from wpsync.backfill.plan import Plan
    from wpsync.cli.eta import Step
    from wpsync.cli.progress import Shown
    from wpsync.model import Window
    from wpsync.resources.spec import Resource
    from wpsync.sync.account import Account
    from wpsync.sync.finding import Finding
    from wpsync.sync.passes import Outcome
    from wpsync.sync.session import Session

Json = Annotated[bool, typer.Option("--json", help=tr("Print JSON.", "输出 JSON。"))]
_TIME = tr("TIME", "时间")
To = Annotated[
    str | None,
    typer.Option(
        "--to", metavar=_TIME, help=tr("The end; now by default.", "结束时间，默认现在。")
    ),
]
Resources = Annotated[
    list[str] | None,
    typer.Option(
        "--resource",
        "-r",
        metavar=tr("NAME", "资源"),
        help=tr(
            "Only this resource. Repeatable; all by default.", "只处理此资源，可重复；默认全部。"
        ),
    ),
]


@contextmanager
def at_work(
    context: typer.Context, *, json: bool
) -> "Iterator[tuple[Session, list[Account], Shown]]":
    """Yield session, accounts, and the progress: of rows, of requests, and of waiting for them."""
    from wpsync.cli.progress import progress

    with (
        open_session(context) as session,
        progress(session.config.log.format, quiet=json) as shown,
    ):
        session.on_request, session.on_wait = shown.requested, shown.waits
        with session.accounts() as accounts:
            yield session, accounts, shown


def sync(
    context: typer.Context,
    resources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar=tr("RESOURCE …", "资源 …"),
            help=tr("The resources; all by default.", "要同步的资源，默认全部。"),
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Bring the resources up to now, then exit."""
    from wpsync.sync.passes import Outcome
    from wpsync.sync.passes import sync as one_pass

    check_resources(resources or ())
    outcomes: list[Outcome] = []
    with at_work(context, json=json) as (session, accounts, shown):
        wanted = chosen(session, resources)
        for account in accounts:
            outcomes += one_pass(account, wanted, shown)
    report(outcomes, json=json)


def backfill(
    context: typer.Context,
    start: Annotated[
        str,
        typer.Option(
            "--from",
            metavar=_TIME,
            help=tr(
                "The beginning: 2026-01-01, '2026-01-01 08:00:00' (Shanghai), 30d, 12h.",
                "起始时间：2026-01-01、'2026-01-01 08:00:00'（上海时间）、30d 或 12h。",
            ),
        ),
    ],
    end: To = None,
    resource: Resources = None,
    plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help=tr(
                "Print rows, requests, minutes and disk, and read nothing.",
                "只显示所需的行数、请求数、时间和磁盘，不读取数据。",
            ),
        ),
    ] = False,
    again: Annotated[
        bool,
        typer.Option("--again", help=tr("Read complete windows too.", "已完整的窗口也重新读取。")),
    ] = False,
    json: Json = False,
) -> None:
    """Read history, newest first; stopped at any point it goes on from there."""
    from wpsync.backfill import run as backfills

    _check(start, end, resource)
    with at_work(context, json=json) as (session, accounts, shown):
        now = session.clock.now()
        span = _span(start, end, now)
        wanted = chosen(session, resource)
        plans: list[list[tuple[Resource, Plan]]] = []
        unplanned: list[Outcome] = []
        for account in accounts:
            made, failed = _plans(session, account, wanted, span, shown, again=again)
            plans.append(made)
            unplanned += failed
        outcomes: list[Outcome] = []
        if not plan:
            shown.expect(steps(plans))
            for account, made in zip(accounts, plans, strict=True):
                outcomes += backfills.backfill(account, made, shown, again=again)
    if plan:
        from wpsync.cli.plan_view import show

        show([found for made in plans for _, found in made], json=json)
        _say_why(unplanned)
        if unplanned:
            raise typer.Exit(1)
    else:
        report(outcomes + unplanned, json=json)


def verify(
    context: typer.Context,
    start: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar=_TIME,
            help=tr(
                "The beginning; of everything read by default.", "起始时间，默认全部已读范围。"
            ),
        ),
    ] = None,
    end: To = None,
    resource: Resources = None,
    deep: Annotated[
        bool,
        typer.Option(
            "--deep",
            help=tr(
                "Compare the content of every window, not only counts.",
                "不只核对总数，逐行比对全部内容。",
            ),
        ),
    ] = False,
    repair: Annotated[
        bool,
        typer.Option("--repair", help=tr("Mend just what differs.", "只修复有差异的部分。")),
    ] = False,
    json: Json = False,
) -> None:
    """Compare the vendor's counts with the database, and mend differences."""
    from wpsync.cli.tables import findings
    from wpsync.sync.passes import Outcome, in_turn
    from wpsync.sync.verify import nothing_read
    from wpsync.sync.verify import verify as service

    since = start or "2000-01-01"
    _check(since, end, resource)
    found: list[Finding] = []
    outcomes: list[Outcome] = []
    with at_work(context, json=json) as (session, accounts, shown):
        now = session.clock.now()
        span = _span(since, end, now)
        wanted = chosen(session, resource)

        def verified(account: "Account", one: "Resource") -> Outcome:
            whole = start is None
            found.extend(service(account, one, span, shown, deep=deep, repair=repair, whole=whole))
            return Outcome(account.name, one.name, "done")

        for account in accounts:
            outcomes += in_turn(account, wanted, partial(verified, account))
        told = {finding.account for finding in found}
        unread = [
            one.name for one in accounts if one.name not in told and nothing_read(one, wanted)
        ]
    failed = [one for one in outcomes if not one.is_good]
    if json:
        print_json(found)
    elif found or (not failed and len(unread) < len(accounts)):
        findings(found)
    _complain(found, failed, unread)


def _complain(found: "list[Finding]", failed: "list[Outcome]", unread: list[str]) -> None:
    """Name everything that was not proved, and exit 1 for it."""
    _say_why(failed)
    if unread:
        complain(Message("command.nothing_to_verify", {"accounts": unread}))
    if differing := sum(one.is_open for one in found):
        complain(Message("command.windows_differ", {"windows": differing}))
    if unread or differing or failed:
        raise typer.Exit(1)


def _check(start: str, end: str | None, resources: list[str] | None) -> None:
    """Raises ConfigError for arguments that cannot be meant, before anything is connected to.

    By this machine's clock; the reading then goes by the database's.
    """
    from wpsync.clock import SystemClock

    check_resources(resources or ())
    _span(start, end, SystemClock().now())


def _span(start: str, end: str | None, now: "datetime") -> "Window":
    """The stretch that the command line means. Raises ConfigError for one that holds nothing."""
    from wpsync.backfill.run import span_of
    from wpsync.config import parse_instant

    first, last = parse_instant(start, now=now), parse_instant(end, now=now) if end else now
    if first >= now:
        raise ConfigError("command.begins_in_future", start=start)
    if first >= last:
        raise ConfigError("command.ends_before_it_begins", start=start, end=end)
    return span_of(first, last, now)


def _plans(
    session: "Session",
    account: "Account",
    wanted: "list[Resource]",
    span: "Window",
    shown: "Shown",
    *,
    again: bool,
) -> "tuple[list[tuple[Resource, Plan]], list[Outcome]]":
    """Plan a backfill of one account. Returns the plans, and the outcomes of resources that could not be planned."""
    from wpsync.backfill.plan import make_plans
    from wpsync.sync.session import per_minute

    return make_plans(
        account,
        wanted,
        span,
        again=again,
        per_minute=lambda one: per_minute(session.config, one.family, account.name),
        counting=shown.counting,
    )


def steps(plans: "list[list[tuple[Resource, Plan]]]") -> "list[Step]":
    """Plans as the progress needs them."""
    from wpsync.cli.eta import Step

    return [
        Step(plan.resource, plan.requests, plan.minutes * 60, plan.is_sparse)
        for made in plans
        for _, plan in made
    ]


def chosen(session: "Session", names: list[str] | None) -> list["Resource"]:
    """The named resources (`check_resources`), or the configured ones."""
    from wpsync.resources import RESOURCES

    wanted = names or list(session.config.sync.resources) or list(RESOURCES)
    return [resource for name, resource in RESOURCES.items() if name in wanted]


def report(outcomes: "list[Outcome]", *, json: bool) -> None:
    """Print the outcomes; exit 1 when something failed or is incomplete."""
    if json:
        print_json(list(outcomes))
    else:
        from wpsync.cli.tables import table

        headings = (
            tr("resource", "资源"),
            tr("outcome", "结果"),
            tr("read", "读取"),
            tr("inserted", "新增"),
            tr("updated", "更新"),
            tr("requests", "请求"),
            tr("dead letters", "死信"),
        )
        rows = [
            (
                o.resource,
                outcome_text(o.outcome),
                o.rows_read,
                o.rows_inserted,
                o.rows_updated,
                o.requests,
                o.dead_letters,
            )
            for o in outcomes
        ]
        table("", headings, rows)
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    _say_why(bad)
    if bad:
        raise typer.Exit(1)


def _say_why(bad: "list[Outcome]") -> None:
    """Print the problems, their remedies, and the resources that were not attempted."""
    from wpsync.messages import remedy, say
    from wpsync.sync.passes import UNATTEMPTED

    for outcome in bad:
        remedies: list[str] = []
        for problem in outcome.problems[:5]:
            said = f"{outcome.resource} {outcome_text(outcome.outcome)}"
            note(f"{said}{tr(': ', '：')}{say(problem, quoting=True)}")
            remedies += [found] if (found := remedy(problem)) else []
        for mend in dict.fromkeys(remedies):
            print(f"  → {mend}", file=sys.stderr)
    _name_the_rest([outcome for outcome in bad if outcome.outcome == UNATTEMPTED])


def _name_the_rest(unattempted: "list[Outcome]") -> None:
    by_account: dict[str, list[str]] = {}
    for outcome in unattempted:
        by_account.setdefault(outcome.account, []).append(outcome.resource)
    for account, names in by_account.items():
        listed = ", ".join(names)
        note(
            tr(
                f"not attempted of account {account}: {listed}",
                f"账号 {account} 未执行：{listed}",
            )
        )
