"""Syncing pass after pass: live resources often, listings and reports now and then.

One scheduler thread per account; a pass that is still at work is not begun again, and missed ticks
are made up by one.
"""

import logging
from collections.abc import Callable, Sequence
from threading import Event

from apscheduler.schedulers.background import BackgroundScheduler

from wpsync.config import SyncConfig
from wpsync.errors import Stopped, WpsyncError
from wpsync.resources.spec import Mode, Resource
from wpsync.service.account import Account
from wpsync.service.progress import Silence
from wpsync.service.sync import Outcome, sync

log = logging.getLogger(__name__)

_LOOK = 0.2
"""Seconds between two looks at whether to stop."""


def follow(
    accounts: Sequence[Account],
    resources: Sequence[Resource],
    settings: SyncConfig,
    *,
    stopping: Callable[[], bool],
    on_pass: Callable[[list[Outcome]], None] = lambda outcomes: None,
) -> None:
    """Sync until `stopping`. A pass in work is left at the next page; nothing half-read is committed.

    Raises what stops every resource alike (rejected credentials, a missing schema).
    """
    fatal: list[WpsyncError] = []
    ended = Event()

    def tick(account: Account, wanted: Sequence[Resource]) -> None:
        try:
            on_pass(sync(account, wanted, Silence()))
        except Stopped:
            ended.set()
        except WpsyncError as exc:
            fatal.append(exc)
            ended.set()

    scheduler = BackgroundScheduler(timezone="UTC")
    live = [resource for resource in resources if resource.mode is Mode.WINDOWED]
    slow = [resource for resource in resources if resource.mode is not Mode.WINDOWED]
    cadences = ((live, settings.interval_seconds), (slow, settings.listing_interval_minutes * 60))
    for account in accounts:
        for wanted, seconds in cadences:
            if wanted:
                scheduler.add_job(
                    tick,
                    "interval",
                    (account, wanted),
                    seconds=seconds,
                    coalesce=True,
                    max_instances=1,
                    misfire_grace_time=None,
                )
                scheduler.add_job(tick, args=(account, wanted))
    scheduler.start()
    try:
        while not stopping() and not ended.wait(_LOOK):
            pass
    finally:
        scheduler.shutdown(wait=True)
    if fatal:
        raise fatal[0]
    if stopping():
        raise Stopped
