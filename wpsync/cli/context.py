"""Parts that commands share: the configuration, an open session, and a clean stop on Ctrl-C."""

import json
import logging
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from wpsync.cli.leaving import leaving_in_time
from wpsync.cli.signals import INTERRUPTED, StopRequest, stopping_on_signals
from wpsync.cli.usage import choices
from wpsync.errors import ConfigError, Message
from wpsync.language import tr

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from wpsync.config import Config
    from wpsync.daemon.metrics import Metrics
    from wpsync.daemon.service import Service
    from wpsync.model import Secret
    from wpsync.sync.session import Session

    ServePage = Callable[[Session, Service, Metrics], AbstractContextManager[str]]

EMBEDDED = "postgres"
"""The embedded database's name below data_dir."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options before the command's name; `serve_page` serves the status page while it is entered."""

    config: Path | None
    verbose: bool
    serve_page: "ServePage"


def configuration(context: typer.Context) -> "Config":
    """Load the configuration and set up logging. Raises ConfigError with every problem."""
    from wpsync import config, log

    options: Options = context.obj
    loaded = config.load(options.config, environ=os.environ, cwd=Path.cwd())
    loaded.tell_secrets(log.register_secret)
    log.setup("debug" if options.verbose else loaded.log.level, loaded.log.format, sys.stderr)
    return loaded


@contextmanager
def database_address(config: "Config") -> Iterator["Secret"]:
    """The database's address; where none is configured, that of an embedded server started for it."""
    from wpsync.model import Secret

    if config.database.url is not None:
        yield config.database_address()
        return
    from wpsync.embedded import server

    with server.running(config.data_dir / EMBEDDED) as running:
        if running.is_new:
            say_where(config.data_dir)
        yield Secret(running.url)


def embedded_elsewhere(data_dir: Path) -> Message | None:
    """The place of the embedded database if it is outside data_dir; None otherwise."""
    from wpsync.embedded import folders

    place = folders.locate((data_dir / EMBEDDED).absolute())
    if not place.is_elsewhere or place.account is None:
        return None
    return Message(
        "check.database_elsewhere",
        {
            "place": str(place.cluster),
            "user": place.account.name,
            "folder": str(place.configured.parent),
        },
    )


def say_where(data_dir: Path) -> None:
    """Print where the embedded database is kept, if that is outside data_dir, on standard error."""
    from wpsync.messages import say

    elsewhere = embedded_elsewhere(data_dir)
    if elsewhere is not None:
        note(say(elsewhere))


def note(text: str) -> None:
    """Print something to know besides the results, on standard error."""
    print(f"wpsync: {text}", file=sys.stderr)


def advise(text: str) -> None:
    """Print a next step on standard error."""
    print(f"  → {text}", file=sys.stderr)


@contextmanager
def open_session(
    context: typer.Context, *, vendor: bool = True, migrated: bool = True
) -> Iterator["Session"]:
    """Configuration, database and clock, with Ctrl-C turned into an orderly stop.

    Raises ConfigError where nothing is configured: an embedded server is not made by mistake.
    """
    from wpsync.errors import Stopped
    from wpsync.sync.session import session

    config = configuration(context)
    if vendor or config.database.url is None:
        config.require_accounts()
    stop = StopRequest()
    with (
        stopping_on_signals(stop),
        database_address(config) as address,
        leaving_in_time(stop),
        session(config, address, stopping=stop.is_set, migrated=migrated) as opened,
    ):
        try:
            yield opened
        except Stopped:
            raise interrupted() from None


def interrupted() -> typer.Exit:
    """Confirm the stop that was asked for; return the exit to raise."""
    with suppress(OSError):  # the terminal may be gone
        note(
            tr(
                "interrupted; committed data stays, and the same command goes on from there",
                "已中断；已提交的数据保留，再次执行同一命令即可继续",
            )
        )
    return typer.Exit(INTERRUPTED)


@contextmanager
def asking() -> Iterator[None]:
    """Ask a question on the terminal; Ctrl-C as the answer ends the program before anything was done."""
    try:
        yield
    except typer.Abort:
        print(file=sys.stderr)
        note(tr("interrupted; nothing was changed", "已中断，未做任何改动"))
        raise typer.Exit(INTERRUPTED) from None


@contextmanager
def without_events(form: str, *events: str) -> Iterator[None]:
    """Some events are not logged, because the command tells them itself; unless the log is JSON or verbose."""

    def wanted(record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or record.msg not in events

    told = form != "json" and logging.getLogger().level > logging.DEBUG
    handlers = list(logging.getLogger().handlers) if told else []
    for handler in handlers:
        handler.addFilter(wanted)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(wanted)


def check_resources(names: Iterable[str]) -> None:
    """Raises ConfigError for a name that no resource has, with the nearest that one has."""
    from wpsync.resources import RESOURCES

    for name in names:
        if name not in RESOURCES:
            raise ConfigError(
                "command.unknown_resource", name=name, choices=choices(name, RESOURCES)
            )


def check_account(wanted: str | None, names: Iterable[str]) -> None:
    """Raises ConfigError for an account that is not configured; None is none in particular."""
    known = list(names)
    if wanted is not None and wanted not in known:
        raise ConfigError("command.unknown_account", name=wanted, choices=choices(wanted, known))


def print_json(value: object) -> None:
    """Machine-readable results, on standard output."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
