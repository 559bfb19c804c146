"""How long what is kept: in days, by kind of data. What is past that is forgotten by the ledger too.

So nothing of it is missed: no probe asks for it, `verify` does not look for it, and a backfill begins
where retention does.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from wpsync.config import RetentionConfig
from wpsync.errors import Stopped
from wpsync.extract.windows import shanghai_midnight
from wpsync.load import retention
from wpsync.load.database import Database

_ROWS = ("calls", "sms", "wechat_messages")


def kept_from(settings: RetentionConfig, resource: str, now: datetime) -> datetime | None:
    """Since when a resource's rows are kept: a midnight in Shanghai; None where they are kept for ever."""
    days = getattr(settings, resource) if resource in _ROWS else 0
    return shanghai_midnight(now) - timedelta(days=days) if days else None


def apply(
    database: Database,
    settings: RetentionConfig,
    now: datetime,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, int]:
    """Forget what is too old; returns how many rows of each kind. Idempotent. Raises Stopped."""
    forgotten = {}
    for resource in _ROWS:
        if stopping():
            raise Stopped
        before = kept_from(settings, resource, now)
        if before is not None:
            forgotten[resource] = retention.forget_rows(database, resource, before)
    others = {
        "history": retention.forget_history,
        "dead_letters": retention.forget_dead_letters,
        "deleted": retention.forget_deleted,
    }
    for name, forget in others.items():
        days = getattr(settings, name)
        if days:
            forgotten[name] = forget(database, now - timedelta(days=days))
    return forgotten
