"""Whether all is well, told honestly: as soon as the data falls behind, and never otherwise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync.config import Config
from wpsync.db.database import Database
from wpsync.resources.spec import Mode, Resource
from wpsync.state import window_ledger
from wpsync.sync.schedule import every, wanted

_AT_LEAST = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Behind:
    """A resource whose data is older than it should be. `by` None: nothing has come yet."""

    account: str
    resource: str
    by: timedelta | None


def allowance(config: Config, resource: Resource) -> timedelta:
    """How old the watermark may be: what is not yet vouched for, and three ticks or three minutes."""
    settle = timedelta(seconds=config.sync.settle_seconds)
    return settle + max(_AT_LEAST, 3 * every(config, resource))


def behind(database: Database, config: Config, now: datetime) -> list[Behind]:
    """The windowed resources that have fallen behind."""
    marks = window_ledger.watermarks(database)
    found = []
    for account in config.accounts:
        for resource in wanted(config):
            if resource.mode is not Mode.WINDOWED:
                continue
            at = marks.get((account, resource.name))
            if at is None:
                found.append(Behind(account, resource.name, None))
            elif now - at > allowance(config, resource):
                found.append(Behind(account, resource.name, now - at))
    return found
