"""Whether all is well, told honestly: as soon as the data falls behind, and never otherwise."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from wpsync.config import Config
from wpsync.load import state
from wpsync.load.database import Database
from wpsync.resources.spec import Mode, Resource
from wpsync.service.jobs import every, wanted

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
    marks = {
        (row["account"], row["resource"]): row["at"] for row in state.rows(database, "watermarks")
    }
    found = []
    for account in config.accounts:
        for resource in wanted(config):
            if resource.mode is not Mode.WINDOWED:
                continue
            at = marks.get((account, resource.name))
            if not isinstance(at, datetime):
                found.append(Behind(account, resource.name, None))
            elif now - at > allowance(config, resource):
                found.append(Behind(account, resource.name, now - at))
    return found
