"""Errors as they are kept: in the columns `error_code`, `error_params` and `error_words`."""

from collections.abc import Callable, Iterable
from typing import TypeVar, cast

from psycopg.types.json import Jsonb

from wpsync import messages
from wpsync.errors import Message
from wpsync.values import holdable


def columns(error: Message | None) -> dict[str, object]:
    """Return the parameters of a statement that writes an error, or that there is none."""
    if error is None:
        return {"error_code": None, "error_params": None, "error_words": None}
    return {
        "error_code": error.code,
        "error_params": Jsonb(error.stored()),
        "error_words": None if error.words is None else holdable(error.words),
    }


def taken(row: dict[str, object]) -> Message | None:
    """Take an error's columns out of a row, and return it; None where there is none."""
    return messages.stored(
        cast("str | None", row.pop("error_code")),
        row.pop("error_params"),
        cast("str | None", row.pop("error_words")),
    )


T = TypeVar("T")


def read(kind: Callable[..., T], rows: Iterable[dict[str, object]], name: str = "error") -> list[T]:
    """Return rows as objects: columns are fields, those of the error together are the field `name`."""
    return [kind(**{name: taken(row), **row}) for row in rows]
