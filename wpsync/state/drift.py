"""Drift: counts of fields, types and message kinds that no declaration knows."""

from collections.abc import Mapping
from datetime import datetime

from wpsync.db.database import Connection
from wpsync.db.queries import statements
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


def note_drift(
    connection: Connection, scope: Scope, drift: Mapping[tuple[str, str], int], at: datetime
) -> None:
    """Count what no declaration knows: fields, types, kinds of message."""
    for (what, name), seen in sorted(drift.items()):
        parameters = scope.parameters(what=what, name=name, seen=seen, at=at)
        connection.execute(QUERIES["note_drift"], parameters)
