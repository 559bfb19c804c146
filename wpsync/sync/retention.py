"""How long what is kept: in days, by kind of data. What is past that is forgotten by the ledger too.

So nothing of it is missed: no probe asks for it, `verify` does not look for it, and a backfill begins
where retention does. What is forgotten is lost, so no clock alone says what is old (`sure_now`).
"""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from wpsync.api.client import Client
from wpsync.api.endpoints import vendors_now
from wpsync.config import RetentionConfig
from wpsync.db.database import Database
from wpsync.errors import Stopped
from wpsync.extract.windows import shanghai_midnight
from wpsync.loading import retention, sweeping, table_stats
from wpsync.resources import RESOURCES

_ROWS = tuple(resource.name for resource in RESOURCES.values() if resource.retained)
_OTHERS = {
    "history": retention.forget_history,
    "dead_letters": retention.forget_dead_letters,
    "deleted": retention.forget_deleted,
}


def kept_from(settings: RetentionConfig, resource: str, now: datetime) -> datetime | None:
    """Since when a resource's rows are kept: a midnight in Shanghai; None where they are kept for ever."""
    days = getattr(settings, resource) if resource in _ROWS else 0
    return shanghai_midnight(now) - timedelta(days=days) if days else None


def sure_now(now: datetime, clients: Iterable[Client]) -> datetime | None:
    """A time that has surely come: the earlier of ours and the vendors'; None where no vendor tells it."""
    told = [at for at in map(vendors_now, clients) if at is not None]
    return min(now, *told) if told else None


def apply(
    database: Database,
    settings_of: Callable[[str], RetentionConfig],
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Forget what is too old at a time that has surely come; returns how many rows of each kind.

    `settings_of` says how long the rows of an account are kept, configured or not. Idempotent. Raises
    Stopped.
    """
    forgotten: Counter[str] = Counter()
    with database.connection() as connection:
        accounts = table_stats.accounts(connection)
    for account in accounts:
        settings = settings_of(account)
        for resource in _ROWS:
            if stopping():
                raise Stopped
            before = kept_from(settings, resource, now)
            if before is not None:
                forgotten[resource] += retention.forget_rows(database, account, resource, before)
        for name, forget in _OTHERS.items():
            days = getattr(settings, name)
            if days:
                forgotten[name] += forget(database, account, now - timedelta(days=days))
    return dict(forgotten)


def sweep(database: Database) -> sweeping.Swept:
    """Take rows that were deleted out of files and statistics too."""
    return sweeping.sweep(database)
