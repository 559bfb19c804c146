"""Faults that can be switched on while the emulator runs."""

from dataclasses import dataclass, field
from random import Random

from wpsync.emulator.rows import Object

NAMES = (
    "http_500", "http_502_html", "http_503", "http_429", "reset", "stall", "cut_body", "code_0", "null_data",
    "null_list", "wrong_count", "empty_page", "revoke_access", "not_json", "web_page", "slow",
    "bad_bytes", "gbk", "drip", "floats",
)  # fmt: skip


@dataclass(slots=True)
class Fault:
    """One fault: on which endpoint (a path or `*`), and how often: by chance, every n-th, or n times.

    `skip` requests to the endpoint pass first. `firsts`: it strikes each request only when it is made for the first time.
    """

    name: str
    endpoint: str = "*"
    rate: float = 1.0
    every: int = 0
    times: int = 0
    skip: int = 0
    firsts: bool = False
    args: Object = field(default_factory=dict)
    seen: int = 0
    struck: int = 0

    def strikes(self, path: str, rng: Random, *, is_first: bool) -> bool:
        if self.endpoint not in ("*", path) or (self.times and self.struck >= self.times):
            return False
        if self.firsts and not is_first:
            return False
        self.seen += 1
        if self.seen <= self.skip:
            return False
        struck = self.seen % self.every == 0 if self.every else rng.random() < self.rate
        self.struck += struck
        return struck


class Faults:
    """The faults that are on."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(f"faults:{seed}")
        self.on: list[Fault] = []
        self._asked: set[tuple[str, bytes]] = set()

    def add(self, given: Object) -> None:
        name = given.pop("name")
        if name not in NAMES:
            raise ValueError(f"no fault {name}; there are: {', '.join(NAMES)}")
        known = {
            k: given.pop(k)
            for k in ("endpoint", "rate", "every", "times", "skip", "firsts")
            if k in given
        }
        self.on.append(Fault(str(name), args=given, **known))  # type: ignore[arg-type]  # JSON from a test

    def strike(self, path: str, body: bytes) -> Fault | None:
        """The first fault that strikes this request."""
        is_first = bool(self.on) and (path, body) not in self._asked
        if is_first:
            self._asked.add((path, body))
        strike = (one for one in self.on if one.strikes(path, self._rng, is_first=is_first))
        return next(strike, None)
