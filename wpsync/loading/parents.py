"""Rows whose children are listed one parent at a time: agents, and rooms with their members."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from psycopg.rows import class_row, scalar_row

from wpsync.db.database import Database
from wpsync.db.queries import statements

QUERIES = statements(__name__)


def forget_gone_rooms(database: Database, account: str, at: datetime) -> int:
    """Mark the members of rooms that are gone, and drop the rooms' listings; returns how many were marked."""
    parameters = {"account": account, "at": at}
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return cast("int", cursor.execute(QUERIES["forget_gone_rooms"], parameters).fetchone())


def agents(database: Database, account: str) -> list[str]:
    """The ids of agents that still exist."""
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["agents"], {"account": account}).fetchall()


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
