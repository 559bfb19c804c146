"""Which resources the configuration syncs, and how often each is read for new rows."""

from datetime import timedelta

from wpsync.config import Config
from wpsync.resources import RESOURCES
from wpsync.resources.spec import Mode, Resource


def every(config: Config, resource: Resource) -> timedelta:
    """How often a resource is read for what is new."""
    chosen = config.sync.every.get(resource.name)
    if chosen is not None:
        return timedelta(seconds=chosen)
    if resource.mode is Mode.WINDOWED:
        return timedelta(seconds=config.sync.interval_seconds)
    if resource.mode is Mode.REPORT:
        return timedelta(minutes=config.sync.report_interval_minutes)
    return timedelta(minutes=config.sync.listing_interval_minutes)


def wanted(config: Config) -> list[Resource]:
    """The resources that the configuration wants synced: all where it names none."""
    names = config.sync.resources
    return [resource for resource in RESOURCES.values() if not names or resource.name in names]
