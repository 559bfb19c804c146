"""How often passwords were guessed wrong of late: from one address, and by all together."""

from collections import OrderedDict, deque
from ipaddress import IPv6Address, ip_address, ip_network

from wpsync.clock import Clock

_WITHIN = 60.0
_OF_ONE, _OF_ALL, _ADDRESSES = 10, 100, 1_000
"""Wrong passwords a minute, of one address and of all, from which on every answer waits; addresses that are remembered."""


class Guesses:
    """The wrong passwords of the last minute, in bounded memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._of_all: deque[float] = deque(maxlen=_OF_ALL)
        self._of: OrderedDict[str, deque[float]] = OrderedDict()

    def note(self, address: str) -> None:
        """Take note of a wrong password. Of many addresses the one that was wrong longest ago is forgotten."""
        now, who = self._clock.monotonic(), _network(address)
        self._of_all.append(now)
        self._of.setdefault(who, deque(maxlen=_OF_ONE)).append(now)
        self._of.move_to_end(who)
        if len(self._of) > _ADDRESSES:
            self._of.popitem(last=False)

    def are_many(self, address: str) -> bool:
        """Whether an address, or all together, have guessed too often."""
        mine = self._of.get(_network(address), deque[float]())
        return self._is_full(mine, _OF_ONE) or self._is_full(self._of_all, _OF_ALL)

    def _is_full(self, tries: deque[float], most: int) -> bool:
        return len(tries) == most and self._clock.monotonic() - tries[0] < _WITHIN


def _network(address: str) -> str:
    """Return the network of one subscriber: an address of IPv4, the 64 bits by which one of IPv6 begins."""
    try:
        known = ip_address(address)
    except ValueError:
        return address[:100]
    return str(ip_network((known, 64), strict=False)) if isinstance(known, IPv6Address) else address
