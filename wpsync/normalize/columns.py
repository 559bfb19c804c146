"""Converting a whole page's column at once where every value is well-behaved.

Nearly all are, and then the work is a few list comprehensions instead of several calls for each
value (measured: five times as fast). A column that holds anything unusual is refused as a whole and
converted value by value. What is accepted here means exactly what the scalar converter of
`wpsync.values` would say.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from wpsync import values

Column = Sequence[object]


class UnusualError(ValueError):
    """The column must be converted value by value."""


def _plain(raw: Column) -> str:
    """All texts of a column as one, after making sure that they are texts which Postgres can hold."""
    try:
        joined = "".join(filter(None, raw))  # type: ignore[arg-type]  # other types raise TypeError
    except TypeError:
        raise UnusualError from None
    if "\x00" in joined:
        raise UnusualError
    if not joined.isascii():
        try:
            joined.encode()
        except UnicodeEncodeError:
            raise UnusualError from None
    if any(value is not None and value.__class__ is not str for value in raw):
        raise UnusualError
    return joined


def _verbatim(raw: Column) -> Column:
    _plain(raw)
    return [value or None for value in raw]


def _text(raw: Column) -> Column:
    if "(null)" in _plain(raw):
        raise UnusualError
    return [value or None for value in raw]


_FLAGS: dict[object, bool | None] = {None: None, "": None, "0": False, "1": True}


def _flag(raw: Column) -> Column:
    if any(value.__class__ is not str for value in raw):
        raise UnusualError
    try:
        return [_FLAGS[value] for value in raw]
    except KeyError:
        raise UnusualError from None


_EARLIEST, _LATEST = 10**8, 4 * 10**9


def _instant(raw: Column) -> Column:
    """Epoch seconds; other spellings of a time are converted one by one."""
    if any(value.__class__ is not int for value in raw):
        raise UnusualError
    seconds: Sequence[int] = raw  # type: ignore[assignment]  # just checked
    if seconds and (min(seconds) < _EARLIEST or max(seconds) > _LATEST):
        raise UnusualError
    at = datetime.fromtimestamp
    return [at(second, UTC) for second in seconds]


_WHOLE: dict[object, Callable[[Column], Column]] = {
    values.text: _text,
    values.verbatim: _verbatim,
    values.flag: _flag,
    values.instant: _instant,
}


def convert(converter: Callable[[object], object], raw: Column) -> Column:
    """The converted column. Raises UnusualError where it has to be done value by value."""
    whole = _WHOLE.get(converter)
    if whole is None:
        raise UnusualError
    return whole(raw)
