"""The emulator's settings and its state: the world, its rules, its faults, its clock, its request log."""

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from wpsync.emulator.faults import Faults
from wpsync.emulator.rows import Object
from wpsync.emulator.vendor import Rules, Vendor
from wpsync.emulator.world import Liveliness, World

_LOG = 200_000


@dataclass(frozen=True, slots=True)
class Settings:
    """What world to emulate. `now` (aware) freezes the beginning; `lively` 0 is a world at rest.

    `rules` are those of the vendor's (`Rules`) that are otherwise from the start.
    `born` (aware): when its history ends and its life begins, if not now. Alike settings make alike worlds.
    """

    seed: int = 7
    messages: int = 70_000
    days: int = 30
    host: str = "127.0.0.1"
    port: int = 0
    now: datetime | None = None
    lively: float = 0.0
    frozen: bool = False
    born: datetime | None = None
    rules: Mapping[str, object] = field(default_factory=dict)


class State:
    """Everything behind the server: the world, its rules, its faults, its clock, its log."""

    def __init__(self, settings: Settings) -> None:
        real = time.time()
        self.offset = (settings.now.timestamp() if settings.now else real) - real
        self.frozen_at: float | None = real + self.offset if settings.frozen else None
        self.world = World(
            settings.seed,
            settings.messages,
            settings.days,
            settings.born.timestamp() if settings.born else real + self.offset,
            Liveliness(settings.lively),
        )
        self.rules = Rules(**settings.rules)  # type: ignore[arg-type]  # JSON from a test
        self.vendor = Vendor(self.world, self.rules)
        self.faults = Faults(settings.seed)
        self.requests: list[Object] = []
        self.sent: dict[str, list[float]] = {}
        self.number = 0

    def now(self) -> float:
        return self.frozen_at if self.frozen_at is not None else time.time() + self.offset

    def note(self, path: str, body: Object, outcome: str, token: str) -> None:
        self.number += 1
        if len(self.requests) >= _LOG:
            del self.requests[: _LOG // 2]
        kept = {k: v for k, v in body.items() if k not in ("clientSecret", "clientId")}
        digest = hashlib.sha256(token.encode()).hexdigest()[:8] if token else ""
        self.requests.append({
            "n": self.number, "at": self.now(), "path": path, "body": kept, "outcome": outcome,
            "rows": self.vendor.last_rows, "count": self.vendor.last_count, "token": digest,
        })  # fmt: skip
