"""In which way the vendor shows all of a listing, as it was found last."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg.rows import class_row, scalar_row

from wpsync.db.database import Database
from wpsync.db.queries import statements
from wpsync.extract.ways import Survey, Way
from wpsync.state.scope import Scope

QUERIES = statements(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    way: str
    total: int
    piece_seconds: int
    since: datetime
    sure: bool
    asked_at: datetime


def survey(database: Database, scope: Scope) -> Survey | None:
    """The last survey of a listing; None where there is none."""
    with (
        database.connection() as connection,
        connection.cursor(row_factory=class_row(_Kept)) as cursor,
    ):
        row = cursor.execute(QUERIES["survey"], scope.parameters()).fetchone()
    if row is None:
        return None
    piece = timedelta(seconds=row.piece_seconds)
    return Survey(Way(row.way), row.total, piece, row.since, row.asked_at, row.sure)


def keep_survey(database: Database, scope: Scope, survey: Survey) -> None:
    """Keep a survey in place of the one before."""
    with database.connection() as connection:
        connection.execute(
            QUERIES["keep_survey"],
            scope.parameters(
                way=survey.way.value,
                total=survey.total,
                piece_seconds=int(survey.piece.total_seconds()),
                since=survey.since,
                sure=survey.sure,
                asked_at=survey.asked_at,
            ),
        )


def known_since(database: Database, account: str) -> datetime | None:
    """How far back the account's ledger goes; None where it is empty."""
    with database.connection() as connection, connection.cursor(row_factory=scalar_row) as cursor:
        return cursor.execute(QUERIES["known_since"], {"account": account}).fetchone()
