"""`run`: the long-running service."""

import ctypes
import logging
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from wpsync.cli.context import (
    configuration,
    database_address,
    interrupted,
    note,
    print_json,
)
from wpsync.cli.leaving import leaving_in_time
from wpsync.cli.signals import StopRequest, stopping_on_signals
from wpsync.cli.terms import outcome as outcome_text
from wpsync.language import spoken, tr
from wpsync.policy import DEFAULT, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

    from wpsync.cli.context import ServePage
    from wpsync.clock import Clock
    from wpsync.config import Config
    from wpsync.model import Secret
    from wpsync.sync.session import Session

log = logging.getLogger(__name__)

_M_ARENA_MAX, _ARENAS = -8, 2
"""glibc's name for how many heaps its threads share (`mallopt(3)`), and how many are enough here."""


def run(
    context: typer.Context,
    once_each: Annotated[
        bool,
        typer.Option(
            "--once-each",
            help=tr(
                "Run every job once, then exit: for cron.",
                "每个任务执行一次后退出，供 cron 使用。",
            ),
        ),
    ] = False,
    json: Annotated[
        bool,
        typer.Option(
            "--json",
            help=tr("With --once-each: print JSON.", "与 --once-each 同用：输出 JSON。"),
        ),
    ] = False,
) -> None:
    """Keep everything current, until stopped: the long-running service."""
    from wpsync.clock import SystemClock

    config = configuration(context)
    config.require_accounts()
    _share_heaps()
    stop = StopRequest()
    with (
        stopping_on_signals(stop),
        database_address(config) as address,
        leaving_in_time(stop, 0),
        opened(config, address, stop, SystemClock()) as session,
    ):
        if session is None:
            return
        if once_each:
            _once_each(session, json=json)
        else:
            serve(session, context.obj.serve_page)


def _share_heaps() -> None:
    """Keep memory flat. Else every thread has a heap of its own, and each of them grows once to the size
    of the longest listing that happened to be read in it."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # glibc only
        mallopt(_M_ARENA_MAX, _ARENAS)


def serve(
    session: "Session",
    serve_page: "ServePage",
    *,
    on_written: "Callable[[str, int], None] | None" = None,
    on_page: "Callable[[str], None] | None" = None,
) -> None:
    """Run the service until the session's `stopping`.

    `on_written` hears what a job wrote, `on_page` the address of the status page.
    """
    from dataclasses import replace

    from wpsync.daemon.jobs import Job, Result
    from wpsync.daemon.metrics import Metrics
    from wpsync.daemon.service import Service

    metrics = Metrics()

    def ended(job: Job, result: Result, seconds: float) -> None:
        metrics.on_ended(job, result, seconds)
        if on_written is not None and result.written:
            on_written(job.key.job, result.written)

    observed = replace(session, on_request=metrics.on_request)
    service = Service(observed, on_ended=ended)
    metrics.attach(service)
    if not session.config.web.enabled:
        service.run()
        return
    with serve_page(observed, service, metrics) as url:
        log.info("page.served", extra={"url": url})
        if on_page is not None:
            on_page(url)
        service.run()


def _once_each(session: "Session", *, json: bool) -> None:
    from wpsync.cli.tables import instant
    from wpsync.daemon.jobs import Job, Result
    from wpsync.daemon.service import once_each
    from wpsync.messages import say, terms
    from wpsync.status.freshness import incomplete

    done: list[dict[str, object]] = []

    def show(job: Job, result: Result) -> None:
        done.append(
            {
                "account": job.key.account,
                "job": job.key.job,
                "outcome": result.outcome,
                "written": result.written,
                "error": result.error,
            }
        )
        if not json:
            colon = tr(": ", "：")
            said = f"{colon}{say(result.error)}" if result.error else ""
            name = f"{job.key.account or '-'} {job.key.job}"
            print(f"{name}{colon}{outcome_text(result.outcome)}{said}", flush=True)

    results = once_each(session, show)
    if json:
        print_json(done)
    if session.stopping():
        raise interrupted()
    left = incomplete(session.database, list(session.config.accounts))
    for one in left[:5]:
        where = one.parent_id or instant(one.starts_at)
        why = terms.reason(one.reason).to(spoken())
        note(
            tr(
                f"{one.resource} incomplete: {where}: {why}",
                f"{one.resource} 不完整：{where}：{why}",
            )
        )
    if left or any(result.outcome != "done" for result in results):
        raise typer.Exit(1)


@contextmanager
def opened(
    config: "Config",
    address: "Secret",
    stop: StopRequest,
    clock: "Clock",
    policy: Policy = DEFAULT,
) -> "Iterator[Session | None]":
    """The session, as soon as the database is there and migrated; None when stopped before.

    While it is awaited there is no service yet that could say so: it is said from here.
    """
    from wpsync.daemon.scheduler import AT_ONCE
    from wpsync.daemon.service import watching
    from wpsync.db import migrations
    from wpsync.errors import DatabaseUnavailableError, UnwritableError
    from wpsync.sync.session import encrypt_tokens, session, tell_views

    said, watch = False, watching(config, policy)
    with ExitStack() as stack:
        found = None
        while found is None and not stop.is_set():
            try:
                migrations.upgrade(
                    address.reveal(), lock_timeout_seconds=config.database.lock_timeout_seconds
                )
                found = stack.enter_context(
                    session(
                        config,
                        address,
                        stopping=stop.is_set,
                        wait=stop.wait,
                        at_once=AT_ONCE,
                        policy=policy,
                    )
                )
                tell_views(config, found.database)
                encrypt_tokens(config, found.database)
                watch.back()
            except (DatabaseUnavailableError, UnwritableError) as exc:
                found = None
                if not said:
                    log.warning("database.awaited", extra={"error": exc.message})
                said = True
                watch.away(clock.now(), socket.gethostname(), error=exc)
                stop.wait(policy.leading.take_again)
        yield found
