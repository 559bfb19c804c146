"""Steering the emulator while it runs: `/_emulator/…`, for tests and demonstrations on this machine."""

import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from wpsync.emulator.rows import Object
from wpsync.emulator.vendor import _time
from wpsync.emulator.world import SERIES, Kind

if TYPE_CHECKING:
    from wpsync.emulator.state import State


def tagged(value: object) -> object:
    """JSON that keeps instants, days and decimals apart from text."""
    if isinstance(value, datetime):
        return {"$t": value.isoformat()}
    if isinstance(value, date):
        return {"$day": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$d": str(value)}
    raise TypeError(type(value).__name__)


def untagged(value: Object) -> object:
    """The reverse, as `object_hook`."""
    if "$t" in value:
        return datetime.fromisoformat(str(value["$t"]))
    if "$day" in value:
        return date.fromisoformat(str(value["$day"]))
    if "$d" in value:
        return Decimal(str(value["$d"]))
    return value


class Control:
    """Answers `/_emulator/…` requests."""

    def __init__(self, state: "State") -> None:
        self._state = state
        self._actions: dict[tuple[str, str], Callable[[Object], object]] = {
            ("GET", "health"): lambda given: {"ok": True, "now": state.now()},
            ("GET", "stats"): self._stats,
            ("GET", "requests"): self._requests,
            ("DELETE", "requests"): lambda given: state.requests.clear(),
            ("GET", "faults"): lambda given: [asdict(fault) for fault in state.faults.on],
            ("POST", "faults"): state.faults.add,
            ("DELETE", "faults"): lambda given: state.faults.on.clear(),
            ("POST", "clock"): self._clock,
            ("POST", "settings"): self._settings,
            ("POST", "tokens"): self._tokens,
            ("POST", "rows"): self._rows,
            ("POST", "generate"): self._generate,
            ("POST", "mutate"): self._mutate,
            ("GET", "truth"): lambda given: state.world.truth(str(given["resource"])),
            ("GET", "actions"): lambda given: state.world.actions,
        }

    def handle(self, method: str, path: str, query: str, body: bytes) -> tuple[int, bytes]:
        """The status and the JSON of one request."""
        action = self._actions.get((method, path.removeprefix("/_emulator/")))
        if action is None:
            return 404, b'{"error":"unknown"}'
        given: Object = {name: values[0] for name, values in parse_qs(query).items()}
        given |= json.loads(body) if body.strip() else {}
        self._state.world.advance(self._state.now())
        try:
            told = action(given)
        except (KeyError, ValueError, TypeError) as exc:
            return 400, json.dumps({"error": f"{type(exc).__name__}: {exc}"}).encode()
        return 200, json.dumps(told, default=tagged).encode()

    def _stats(self, given: Object) -> object:
        world, desk = self._state.world, self._state.vendor.desk
        counts: dict[str, int] = {kind: len(world.series[kind].rows) for kind in SERIES}
        counts |= {name: len(entries) for name, entries in world.listings.items()}
        return {
            **counts,
            "requests": self._state.number,
            "logins": desk.logins,
            "renewals": desk.renewals,
        }

    def _requests(self, given: Object) -> object:
        since = int(str(given.get("since", 0)))
        return [request for request in self._state.requests if int(str(request["n"])) > since]

    def _clock(self, given: Object) -> object:
        state = self._state
        now = float(str(given["now_ms"])) / 1000 if "now_ms" in given else state.now()
        now += float(str(given.get("advance_seconds", 0)))
        if given.get("freeze", state.frozen_at is not None):
            state.frozen_at = now
        else:
            state.offset += now - state.now()
            state.frozen_at = None
        state.world.advance(state.now())
        return {"now": state.now()}

    def _settings(self, given: Object) -> None:
        for name, value in given.items():
            if not hasattr(self._state.rules, name):
                raise ValueError(f"no setting {name}")
            setattr(self._state.rules, name, value)

    def _tokens(self, given: Object) -> None:
        self._state.vendor.desk.revoke(
            access=bool(given.get("access")), refresh=bool(given.get("refresh"))
        )

    def _rows(self, given: Object) -> None:
        at = _time(given["at"])
        rows = given["rows"]
        if at is None or not isinstance(rows, list):
            raise ValueError("rows and at are needed")
        for row in rows:
            self._state.world.insert(_kind(given), row, at, None)

    def _generate(self, given: Object) -> None:
        start, end = _time(given["start"]), _time(given["end"])
        if start is None or end is None:
            raise ValueError("start and end are needed")
        chat, message = given.get("chat_id"), given.get("message_kind")
        self._state.world.generate(
            _kind(given),
            int(str(given["count"])),
            start,
            end,
            str(chat) if chat else None,
            str(message) if message else None,
        )

    def _mutate(self, given: Object) -> None:
        """Change or delete one row: `set` takes vendor fields, `truth` what they mean.

        `sent`, in base64, is sent for a row in time exactly so, JSON or not.
        """
        world, name, identifier = self._state.world, str(given["resource"]), str(given["id"])
        if name in world.listings:
            entries = world.listings[name]
            if given.get("delete"):
                del entries[identifier]
                return
            entry = entries[identifier]
            _merge(entry.vendor, given.get("set"))
            _merge(entry.truth, given.get("truth"))
            return
        series = world.series[_kind(given)]
        if given.get("delete"):
            series.remove(identifier)
            return
        row = series.by_id[identifier]
        if "state" in given or "recorded" in given:
            row.state = int(str(given["state"])) if "state" in given else row.state
            recorded = given.get("recorded", row.recorded)
            row.recorded = recorded if isinstance(recorded, str) else bool(recorded)
        changed = given.get("set")
        row.changed = (
            {**(row.changed or {}), **changed} if isinstance(changed, dict) else row.changed
        )
        row.encoded = b64decode(str(given["sent"])) if "sent" in given else None


def _merge(target: Object, changes: object) -> None:
    if isinstance(changes, dict):
        target.update(changes)


def _kind(given: Object) -> Kind:
    for kind in SERIES:
        if kind == given.get("resource"):
            return kind
    raise ValueError(f"no rows in time: {given.get('resource')}")
