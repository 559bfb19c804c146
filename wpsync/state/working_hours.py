"""What the views for dashboards are told by the configuration."""

from collections.abc import Iterable
from datetime import date, time

from wpsync.db.database import Database
from wpsync.db.queries import statements

QUERIES = statements(__name__)


def write_working_time(
    database: Database,
    weekdays: Iterable[int],
    begins: time,
    ends: time,
    special: dict[date, bool],
) -> None:
    """Set the working hours (in Shanghai; weekday 1 is Monday) and the days that differ. Idempotent.

    `special` says of a day whether it is worked. What is already so is not written again.
    """
    values = {
        "weekdays": list(weekdays),
        "begins": begins,
        "ends": ends,
        "days": list(special),
        "works": list(special.values()),
    }
    with database.transaction() as connection:
        for name in (
            "set_working_hours",
            "drop_working_hours",
            "set_special_days",
            "drop_special_days",
        ):
            connection.execute(QUERIES[name], values)
