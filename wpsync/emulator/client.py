"""A client of the emulator's own controls, with nothing but the standard library."""

import json
from typing import Any, cast
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from wpsync.emulator.control import untagged
from wpsync.emulator.rows import Object


class Remote:
    """Steers an emulator that runs somewhere on this machine."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/_emulator/"

    def _ask(self, method: str, name: str, body: Object | None = None, **query: object) -> object:
        address = self._url + name + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        with urlopen(Request(address, data, method=method), timeout=60) as answer:
            return json.loads(answer.read(), object_hook=untagged)

    def stats(self) -> dict[str, int]:
        """How many rows there are, and how many requests, logins and renewals there were."""
        return cast("dict[str, int]", self._ask("GET", "stats"))

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The requests after number `since`."""
        return cast("list[dict[str, Any]]", self._ask("GET", "requests", since=since))

    def truth(self, resource: str) -> list[Object]:
        """What every visible row of a table means."""
        return cast("list[Object]", self._ask("GET", "truth", resource=resource))

    def fault(self, name: str, **how: object) -> None:
        """Switch a fault on."""
        self._ask("POST", "faults", {"name": name, **how})

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._ask("DELETE", "faults")

    def settings(self, **rules: object) -> None:
        """Change the vendor's rules."""
        self._ask("POST", "settings", rules)

    def clock(self, **how: object) -> None:
        """Set, advance or freeze the clock: now_ms, advance_seconds, freeze."""
        self._ask("POST", "clock", how)

    def revoke(self, *, access: bool = True, refresh: bool = False) -> None:
        """Make the vendor forget tokens."""
        self._ask("POST", "tokens", {"access": access, "refresh": refresh})

    def generate(self, resource: str, count: int, start: str, end: str, **more: object) -> None:
        """Ordinary rows in a span of local time."""
        self._ask(
            "POST",
            "generate",
            {"resource": resource, "count": count, "start": start, "end": end, **more},
        )

    def rows(self, resource: str, rows: list[Object], at: str) -> None:
        """Rows exactly as given, at a local time; not part of the truth."""
        self._ask("POST", "rows", {"resource": resource, "rows": rows, "at": at})

    def mutate(self, resource: str, identifier: str, **how: object) -> None:
        """Change or delete one row: set, truth, delete, state, recorded, sent (its bytes in base64)."""
        self._ask("POST", "mutate", {"resource": resource, "id": identifier, **how})
