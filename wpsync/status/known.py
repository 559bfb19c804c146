"""The last known answer: it stands in where the database does not answer in time, or one of its tables does not.

`Known` serves those who may not wait (page, probes, scrapes): it asks in a thread of its own, never twice at once.
`Tolerant` serves the few numbers that are counted in the tables of `wp`, which may be locked.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock, Thread
from typing import Generic, TypeVar, cast

from wpsync.errors import DatabaseUnavailableError

T = TypeVar("T")

_WAITS = 1.5
"""Seconds that an answer is waited for, so that a request is answered within two."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer, and of when it is. `is_current` False: the database did not answer now."""

    value: T
    at: datetime
    is_current: bool = True


class Known(Generic[T]):
    """A question to the database, and its last answer. Thread-safe.

    An answer that is younger than `fresh` seconds is given again. Where none comes in time, or the database is not
    available, the last one is given.
    """

    def __init__(
        self,
        ask: Callable[[], T],
        now: Callable[[], datetime],
        *,
        fresh: float,
        waits: float = _WAITS,
    ) -> None:
        self._ask = ask
        self._now = now
        self._fresh = fresh
        self._waits = waits
        self._lock = Lock()
        self._answer: Answer[T] | None = None
        self._asked = 0.0
        self._pending: Future[None] | None = None

    def get(self) -> Answer[T]:
        """Return the answer. Raises DatabaseUnavailableError where there never was one."""
        with self._lock:
            if self._answer is not None and time.monotonic() - self._asked < self._fresh:
                return self._answer
            if self._pending is None or self._pending.done():
                self._pending = self._begin()
            pending = self._pending
        try:
            pending.result(self._waits)
        except NotInTime:
            return self._last(DatabaseUnavailableError("database.no_answer_in_time"))
        except DatabaseUnavailableError as exc:
            return self._last(exc)
        assert self._answer is not None
        return self._answer

    def _last(self, problem: DatabaseUnavailableError) -> Answer[T]:
        known = self._answer
        if known is None:
            raise problem
        return Answer(known.value, known.at, is_current=False)

    def _begin(self) -> Future[None]:
        pending: Future[None] = Future()
        Thread(target=self._read, args=(pending,), name="known", daemon=True).start()
        return pending

    def _read(self, pending: Future[None]) -> None:
        at, asked = self._now(), time.monotonic()
        try:
            self._answer, self._asked = Answer(self._ask(), at), asked
        except BaseException as exc:  # noqa: BLE001 - it is raised where the answer is waited for
            pending.set_exception(exc)
        else:
            pending.set_result(None)


Memory = dict[str, tuple[object, datetime]]
"""The earlier answers of `Tolerant` by name, and when each was read."""


@dataclass(slots=True)
class Tolerant:
    """Reads some numbers from each table, and goes on without those that do not come.

    `memory` outlives one reading, and gives earlier answers. `missing` are the tables that did not answer, and
    of when the numbers are that stand in for theirs; None where nothing is known.
    """

    now: datetime
    memory: Memory = field(default_factory=dict)
    missing: dict[str, datetime | None] = field(default_factory=dict)

    def read(self, table: str, name: str, ask: Callable[[], T], nothing: T) -> T:
        """Return the answer of a table to the question of that name; the last one, or `nothing`, where it gives none."""
        try:
            value = ask()
        except DatabaseUnavailableError:
            known, at = self.memory.get(f"{table}: {name}", (nothing, None))
            self.missing[table] = at
            return cast("T", known)
        self.memory[f"{table}: {name}"] = value, self.now
        return value
