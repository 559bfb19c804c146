"""What commands share: the configuration, an open session, and a clean stop on Ctrl-C."""

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

from wpsync.cli.signals import INTERRUPTED, StopRequest, stopping_on_signals

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
    for secret in loaded.secrets():
        log.register_secret(secret)
    log.setup("debug" if options.verbose else loaded.log.level, loaded.log.format, sys.stderr)
    return loaded


@contextmanager
def database_address(config: "Config") -> Iterator["Secret"]:
    """The database's address; where none is configured, that of an embedded server started for it."""
    from wpsync.model import Secret

    if config.database.url is not None:
        yield config.database.conninfo()
        return
    from wpsync.embedded import server

    with server.running(config.data_dir / EMBEDDED) as running:
        if running.is_new:
            say_where(config.data_dir)
        yield Secret(running.url)


def embedded_elsewhere(data_dir: Path) -> tuple[str, str] | None:
    """The place of the embedded database if it is outside data_dir, in English and Chinese; None otherwise."""
    from wpsync.embedded import folders

    place = folders.locate((data_dir / EMBEDDED).absolute())
    if not place.is_elsewhere or place.account is None:
        return None
    parent, user = place.configured.parent, place.account.name
    return (
        f"the database is kept in {place.cluster}, because the system user {user} cannot enter {parent}",
        f"数据库保存在 {place.cluster}，因为系统用户 {user} 无法进入 {parent}",
    )


def say_where(data_dir: Path) -> None:
    """Print where the embedded database is kept, if that is outside data_dir, on standard error."""
    elsewhere = embedded_elsewhere(data_dir)
    if elsewhere is not None:
        print(f"wpsync: {elsewhere[0]} / {elsewhere[1]}", file=sys.stderr)


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
        session(config, address, stopping=stop.is_set, migrated=migrated) as opened,
    ):
        try:
            yield opened
        except Stopped:
            raise interrupted() from None


def interrupted() -> typer.Exit:
    """Say that the person's stop was heard; what to raise."""
    with suppress(OSError):  # the terminal may be gone
        print(
            "wpsync: interrupted; what was committed stays, the same command goes on from there"
            " / 已中断；已提交的数据保留，再次执行同一命令即可继续",
            file=sys.stderr,
        )
    return typer.Exit(INTERRUPTED)


@contextmanager
def asking() -> Iterator[None]:
    """A question on the terminal; who answers with Ctrl-C ends the program before anything was done."""
    try:
        yield
    except typer.Abort:
        print("\nwpsync: interrupted; nothing was done / 已中断，未做任何改动", file=sys.stderr)
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


def print_hint(hint: str) -> None:
    """What to do, on standard error: a line in each language (`wpsync.errors`)."""
    for said in hints(hint):
        print(f"  → {said}", file=sys.stderr)


def hints(hint: str) -> list[str]:
    """A hint's English and its Chinese."""
    return [said for said in hint.partition(" / ")[::2] if said]


def nearest(name: str, known: Iterable[str]) -> str:
    """`; did you mean calls?`, or nothing where nothing is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, list(known), 1)
    return f"; did you mean {near[0]}?" if near else ""


def check_resources(names: Iterable[str]) -> None:
    """Raises ConfigError for a name that no resource has, with the nearest that one has."""
    from wpsync.errors import ConfigError
    from wpsync.resources import RESOURCES

    for name in names:
        if name not in RESOURCES:
            raise ConfigError(
                f"there is no resource {name!r}{nearest(name, RESOURCES)}",
                hint=f"resources: {', '.join(RESOURCES)} / 可用资源见上",
            )


def print_json(value: object) -> None:
    """Machine-readable results, on standard output."""
    print(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)
