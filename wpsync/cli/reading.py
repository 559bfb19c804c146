"""`sync` and `backfill`: reading the vendor."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import open_session, print_json

if TYPE_CHECKING:
    from wpsync.model import Window
    from wpsync.resources.spec import Resource
    from wpsync.service.account import Account
    from wpsync.service.backfill import Plan
    from wpsync.service.session import Session
    from wpsync.service.sync import Outcome

Json = Annotated[bool, typer.Option("--json", help="Machine-readable results. 输出 JSON。")]


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
    from wpsync.cli.show import progress
    from wpsync.service.progress import Silence
    from wpsync.service.sync import Outcome
    from wpsync.service.sync import sync as one_pass

    with open_session(context) as session, session.accounts() as accounts:
        wanted = chosen(session, resources)
        outcomes: list[Outcome] = []
        with progress() as shown:
            for account in accounts:
                outcomes += one_pass(account, wanted, Silence() if json else shown)
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
    from wpsync.cli.show import progress
    from wpsync.config import parse_instant
    from wpsync.service import backfill as service
    from wpsync.service.progress import Silence

    with open_session(context) as session, session.accounts() as accounts:
        now = session.clock.now()
        until = parse_instant(end, now=now) if end else None
        span = service.span_of(parse_instant(start, now=now), until, now)
        wanted = chosen(session, resource)
        plans = [_plans(session, account, wanted, span, again=again) for account in accounts]
        outcomes: list[Outcome] = []
        if not plan:
            with progress() as shown:
                heard = Silence() if json else shown
                for account, made in zip(accounts, plans, strict=True):
                    outcomes += service.backfill(account, made, heard, again=again)
    if plan:
        _show_plan([found for made in plans for _, found in made], json=json)
    else:
        report(outcomes, json=json)


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
    from wpsync.cli.show import findings, progress
    from wpsync.config import parse_instant
    from wpsync.service.backfill import span_of
    from wpsync.service.progress import Silence
    from wpsync.service.verify import Finding
    from wpsync.service.verify import verify as service

    found: list[Finding] = []
    with open_session(context) as session, session.accounts() as accounts:
        now = session.clock.now()
        until = parse_instant(end, now=now) if end else None
        span = span_of(parse_instant(start or "2000-01-01", now=now), until, now)
        with progress() as shown:
            for account in accounts:
                for one in chosen(session, resource):
                    heard = Silence() if json else shown
                    found += service(
                        account, one, span, heard, deep=deep, repair=repair, whole=start is None
                    )
    if json:
        print_json(found)
    else:
        findings(found)
    if not all(one.repaired for one in found):
        raise typer.Exit(1)


def _plans(
    session: "Session",
    account: "Account",
    wanted: "list[Resource]",
    span: "Window",
    *,
    again: bool,
) -> "list[tuple[Resource, Plan]]":
    """What a backfill of one account would read."""
    from wpsync.service.backfill import make_plan
    from wpsync.service.session import per_minute

    return [
        (
            one,
            make_plan(
                account, one, span, again=again, per_minute=per_minute(session.config, one.family)
            ),
        )
        for one in wanted
    ]


def chosen(session: "Session", names: list[str] | None) -> list["Resource"]:
    """The named resources, or the configured ones. Raises ConfigError with the nearest known name."""
    from difflib import get_close_matches

    from wpsync.errors import ConfigError
    from wpsync.resources import RESOURCES

    wanted = names or list(session.config.sync.resources) or list(RESOURCES)
    for name in wanted:
        if name not in RESOURCES:
            near = get_close_matches(name, RESOURCES, 1)
            raise ConfigError(
                f"there is no resource {name!r}" + (f"; did you mean {near[0]}?" if near else ""),
                hint="resources: " + ", ".join(RESOURCES),
            )
    return [resource for name, resource in RESOURCES.items() if name in wanted]


def report(outcomes: "list[Outcome]", *, json: bool) -> None:
    """Print what was done; exit 1 when something failed or is incomplete."""
    if json:
        print_json(list(outcomes))
    else:
        from wpsync.cli.show import table

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
    for outcome in bad:
        for problem in outcome.problems[:5]:
            print(f"wpsync: {outcome.resource} {outcome.outcome}: {problem}", file=sys.stderr)
        if outcome.hint:
            print(f"  → {outcome.hint}", file=sys.stderr)
    if bad:
        raise typer.Exit(1)


def _show_plan(plans: "list[Plan]", *, json: bool) -> None:
    if json:
        fields = ("account", "resource", "rows", "requests", "minutes", "bytes")
        print_json([{name: getattr(plan, name) for name in fields} for plan in plans])
        return
    from wpsync.cli.show import table

    table(
        "",
        ("resource", "rows", "requests at least", "minutes", "disk MiB"),
        [
            (p.resource, p.rows, p.requests, round(p.minutes, 1), round(p.bytes / 2**20, 1))
            for p in plans
        ],
    )
    print(
        f"{sum(p.rows or 0 for p in plans):,} rows, {sum(p.requests for p in plans):,} requests or more,"
        f" about {sum(p.minutes for p in plans):,.0f} minutes at the configured limits."
        " Listings and reports are not counted beforehand.\n"
        "列表与报表类资源不预先计数；时间按当前请求限额估算。"
    )
