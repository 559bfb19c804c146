"""`sync` and `backfill`: reading the vendor."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import check_resources, open_session, print_hint, print_json

if TYPE_CHECKING:
    from datetime import datetime

    from wpsync.backfill.plan import Plan
    from wpsync.cli.eta import Step
    from wpsync.cli.progress import Shown
    from wpsync.model import Window
    from wpsync.resources.spec import Resource
    from wpsync.sync.account import Account
    from wpsync.sync.passes import Outcome
    from wpsync.sync.session import Session
    from wpsync.sync.verify import Finding

Json = Annotated[bool, typer.Option("--json", help="Machine-readable results. 输出 JSON。")]


@contextmanager
def at_work(
    context: typer.Context, *, json: bool
) -> "Iterator[tuple[Session, list[Account], Shown]]":
    """Session, accounts, and what tells the progress: of rows, of requests, and of waiting for them."""
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
            metavar="[RESOURCE …]", help="All by default. 默认全部资源。", show_default=False
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Bring the resources up to now, then exit. 把各资源增量同步到现在。"""
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
            "--from", help="2026-01-01, '2026-01-01 08:00:00' (Shanghai), 30d, 12h. 起始时间。"
        ),
    ],
    end: Annotated[
        str | None, typer.Option("--to", help="Now by default. 结束时间，默认现在。")
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option("--resource", "-r", help="All by default. 可重复，默认全部。"),
    ] = None,
    plan: Annotated[
        bool, typer.Option("--plan", help="Say what it would take, and read nothing. 只显示计划。")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also what is already complete. 已完整的也重读。")
    ] = False,
    json: Json = False,
) -> None:
    """Read history, newest first; stopped at any point it goes on where it was. 回填历史数据，由近及远，可随时中断续传。"""
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
        typer.Option("--from", help="All that was read by default. 起始时间，默认全部已读范围。"),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Now by default. 结束时间，默认现在。")
    ] = None,
    resource: Annotated[
        list[str] | None,
        typer.Option("--resource", "-r", help="All by default. 可重复，默认全部。"),
    ] = None,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Compare the content everywhere. 不只核对总数，逐行比对内容。"),
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend just what differs. 只修复有差异的部分。")
    ] = False,
    json: Json = False,
) -> None:
    """Prove what was read: the vendor's counts against the database. 对账：核对厂商总数与数据库，可修复。"""
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
    """Say what was not proved, and exit 1 for it."""
    _say_why(failed)
    if names := ", ".join(unread):
        print(
            f"wpsync: nothing has been read that could be verified of {names}; `wpsync backfill --from …` reads history"
            f" / {names} 还没有可对账的数据，请先用 `wpsync backfill --from …` 回填历史",
            file=sys.stderr,
        )
    if differing := sum(not one.repaired for one in found):
        print(
            f"wpsync: windows that differ: {differing:,}; `wpsync verify --repair` mends just those"
            f" / 有差异的窗口：{differing:,} 个，可用 `wpsync verify --repair` 只修复这些窗口",
            file=sys.stderr,
        )
    if unread or differing or failed:
        raise typer.Exit(1)


def _check(start: str, end: str | None, resources: list[str] | None) -> None:
    """Raises ConfigError for what cannot be meant, before anything is connected to.

    By this machine's clock; what is then read goes by the database's.
    """
    from wpsync.clock import SystemClock

    check_resources(resources or ())
    _span(start, end, SystemClock().now())


def _span(start: str, end: str | None, now: "datetime") -> "Window":
    """The stretch that the command line means. Raises ConfigError for one that holds nothing."""
    from wpsync.backfill.run import span_of
    from wpsync.config import parse_instant
    from wpsync.errors import ConfigError

    first, last = parse_instant(start, now=now), parse_instant(end, now=now) if end else now
    if first >= now:
        raise ConfigError(
            f"--from {start} is not in the past",
            hint="name a day that has begun, e.g. 30d / 请填写已经开始的日期，例如 30d",
        )
    if first >= last:
        raise ConfigError(
            f"--from {start} is not before --to {end}",
            hint="name the earlier one with --from / 请用 --from 指定较早的时间",
        )
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
    """What a backfill of one account would read, and what became of that which could not be planned."""
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
        Step(plan.resource, plan.requests, plan.minutes * 60) for made in plans for _, plan in made
    ]


def chosen(session: "Session", names: list[str] | None) -> list["Resource"]:
    """The named resources (`check_resources`), or the configured ones."""
    from wpsync.resources import RESOURCES

    wanted = names or list(session.config.sync.resources) or list(RESOURCES)
    return [resource for name, resource in RESOURCES.items() if name in wanted]


def report(outcomes: "list[Outcome]", *, json: bool) -> None:
    """Print what was done; exit 1 when something failed or is incomplete."""
    if json:
        print_json(list(outcomes))
    else:
        from wpsync.cli.tables import table

        table(
            "",
            ("resource", "outcome", "read", "inserted", "updated", "requests", "dead letters"),
            [
                (
                    o.resource,
                    o.outcome,
                    o.rows_read,
                    o.rows_inserted,
                    o.rows_updated,
                    o.requests,
                    o.dead_letters,
                )
                for o in outcomes
            ],
        )
    bad = [outcome for outcome in outcomes if not outcome.is_good]
    _say_why(bad)
    if bad:
        raise typer.Exit(1)


def _say_why(bad: "list[Outcome]") -> None:
    """What went wrong, and what was not even tried."""
    from wpsync.messages import remedy, say
    from wpsync.sync.passes import UNATTEMPTED

    for outcome in bad:
        for problem in outcome.problems[:5]:
            print(f"wpsync: {outcome.resource} {outcome.outcome}: {say(problem)}", file=sys.stderr)
        if hint := next(filter(None, map(remedy, outcome.problems)), None):
            print_hint(hint)
    _name_the_rest([outcome for outcome in bad if outcome.outcome == UNATTEMPTED])


def _name_the_rest(unattempted: "list[Outcome]") -> None:
    by_account: dict[str, list[str]] = {}
    for outcome in unattempted:
        by_account.setdefault(outcome.account, []).append(outcome.resource)
    for account, names in by_account.items():
        print(
            f"wpsync: not attempted of account {account} / 账号 {account} 未执行: {', '.join(names)}",
            file=sys.stderr,
        )
