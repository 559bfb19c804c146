"""A clock in whose time several threads work beside each other."""

from collections.abc import Callable
from datetime import datetime, timedelta
from heapq import heappop, heappush
from threading import Condition, Thread


class SharedClock:
    """A clock that moves once every thread that lives by it sleeps: to where the first of them wakes.

    `on_move` hears the time it has come to. A thread that sleeps and was not begun by `run` would stop the clock.
    """

    def __init__(self, start: datetime) -> None:
        self.on_move: Callable[[datetime], object] = lambda now: None
        self._start = start
        self._elapsed = 0.0
        self._awake = 0
        self._wakes: list[float] = []
        self._turn = Condition()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        return self._elapsed

    def sleep(self, seconds: float) -> None:
        with self._turn:
            until = self._elapsed + max(seconds, 0.001)
            heappush(self._wakes, until)
            self._awake -= 1
            self._move()
            self._turn.wait_for(lambda: self._elapsed >= until)

    def sleep_until(self, at: datetime) -> None:
        self.sleep((at - self.now()).total_seconds())

    def run(self, *works: Callable[[], object]) -> None:
        """Do works beside each other, each in a thread of its own; return once all have ended."""
        self._awake = len(works)
        threads = [Thread(target=self._until_it_ends, args=(work,), daemon=True) for work in works]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def _until_it_ends(self, work: Callable[[], object]) -> None:
        try:
            work()
        finally:
            with self._turn:
                self._awake -= 1
                self._move()

    def _move(self) -> None:
        if self._awake or not self._wakes:
            return
        self._elapsed = self._wakes[0]
        while self._wakes and self._wakes[0] <= self._elapsed:
            heappop(self._wakes)
            self._awake += 1
        self.on_move(self.now())
        self._turn.notify_all()
