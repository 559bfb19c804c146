"""Drift: counts of fields, types and message kinds that no declaration knows.

Names come from the vendor, so a resource gets some new ones a day; all others are counted without their names.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

from wpsync.db.database import Connection, Database
from wpsync.db.queries import statements
from wpsync.normalize.originals import OTHERS
from wpsync.policy import DEFAULT, Kept
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def note_drift(
    connection: Connection,
    scope: Scope,
    drift: Mapping[tuple[str, str], int],
    at: datetime,
    kept: Kept = DEFAULT.kept,
) -> None:
    """Count what no declaration knows: fields, types, kinds of message."""
    if not drift:
        return
    found = _bounded(connection, scope, drift, at, kept)
    whats, names = [what for what, _ in found], [name for _, name in found]
    counted = {"whats": whats, "names": names, "seen": list(found.values())}
    connection.execute(QUERIES["note_drift"], scope.parameters(at=at, **counted))


def _bounded(
    connection: Connection,
    scope: Scope,
    drift: Mapping[tuple[str, str], int],
    at: datetime,
    kept: Kept,
) -> Counter[tuple[str, str]]:
    """Return the counts, those of names beyond the day's share under `OTHERS`."""
    names = scope.parameters(names=[name for _, name in drift])
    noted = set(connection.execute(QUERIES["noted_drift"], names).fetchall())
    new = sorted(key for key in drift if key not in noted and key[1] != OTHERS)
    share = 0
    if new:
        since = scope.parameters(since=at - kept.drift_new)
        row = connection.execute(QUERIES["new_drift"], since).fetchone()
        share = max(0, kept.drift_names - int(str(row[0]))) if row else 0
    beyond = frozenset(new[share:])
    counted: Counter[tuple[str, str]] = Counter()
    for (what, name), seen in drift.items():
        counted[what, OTHERS if (what, name) in beyond else name] += seen
    return counted


def prune(database: Database, now: datetime, kept: timedelta = DEFAULT.kept.drift) -> None:
    """Forget the names that have not come for long."""
    with database.connection() as connection:
        connection.execute(QUERIES["prune_drift"], {"before": now - kept})
