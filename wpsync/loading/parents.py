"""Rows whose children are listed one parent at a time: agents, and rooms with their members."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from psycopg.rows import class_row

from wpsync.db.database import Database
from wpsync.db.queries import rows, statements

QUERIES = statements(__name__)


def forget_gone_rooms(database: Database, account: str, at: datetime) -> int:
    """Mark the members of rooms that are gone, and drop the rooms' listings; returns how many were marked."""
    (found,) = rows(database, QUERIES["forget_gone_rooms"], {"account": account, "at": at})
    return cast("int", found["count"])


def agents(database: Database, account: str) -> list[str]:
    """The ids of agents that still exist."""
    return [str(row["id"]) for row in rows(database, QUERIES["agents"], {"account": account})]


@dataclass(frozen=True, slots=True)
class Room:
    """A room, with the fingerprint that changes when its members may have, and how many it says it has."""

    id: str
    fingerprint: str
    members: int | None


def rooms(database: Database, account: str) -> dict[str, Room]:
    """The rooms that still exist, by id."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(Room)) as cursor,
    ):
        found = cursor.execute(QUERIES["rooms"], {"account": account}).fetchall()
    return {room.id: room for room in found}
