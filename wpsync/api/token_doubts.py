"""Refusals that sound like a dead token's and are none: a token just given out meets them as well.

`该设备未登录微信` is the word about a phone, and a refusal without a reason may be a passing fault. Each login may end
the sessions of others, so one that did not help is not repeated for the same words of the same endpoint: after
a quarter of an hour at first, then twice as long each time, up to a day. A refusal without a reason, for which
tokens are only renewed, has five minutes. A token that is dead after all is still replaced: by
the next endpoint that it is refused at, at other words, or before its two hours end. And a renewal tells, since it
keeps a live token and replaces a dead one: it is asked half a minute after the doubt arose, and then ever more rarely.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from wpsync.clock import Clock
from wpsync.policy import DEFAULT, TokenDistrust

_VARYING = re.compile(r"[0-9A-Fa-f]{6,}|\d+")


@dataclass(frozen=True, slots=True)
class _Doubt:
    until: datetime
    pause: timedelta
    noted_at: datetime
    looked_at: datetime


class TokenDoubts:
    """What was refused with a fresh token, and for how long no token is replaced for the like. Thread-safe."""

    def __init__(self, clock: Clock, rules: TokenDistrust = DEFAULT.token_distrust) -> None:
        self._clock = clock
        self._rules = rules
        self._lock = Lock()
        self._held: dict[tuple[str, str], _Doubt] = {}

    def hold(self, endpoint: str, words: str) -> bool:
        """Whether the like was refused with a fresh token a while ago."""
        with self._lock:
            found = self._held.get(key(endpoint, words))
            return found is not None and self._clock.now() < found.until

    def is_due(self, endpoint: str, words: str) -> bool:
        """Return whether to ask, now, if the token is dead after all. The caller that gets True asks, and no other does."""
        now = self._clock.now()
        with self._lock:
            like = key(endpoint, words)
            found = self._held.get(like)
            if found is None or not words:
                return False
            wait = max(self._rules.look, found.looked_at - found.noted_at)
            if now < found.looked_at + wait:
                return False
            self._held[like] = replace(found, looked_at=now)
            return True

    def forget(self, endpoint: str, words: str) -> None:
        """The token was dead after all."""
        with self._lock:
            self._held.pop(key(endpoint, words), None)

    def note(self, endpoint: str, words: str) -> None:
        """A fresh token was refused; `words` are empty where no reason was given."""
        now = self._clock.now()
        with self._lock:
            longest = self._rules.longest
            self._held = {
                known: doubt for known, doubt in self._held.items() if now < doubt.until + longest
            }
            like = key(endpoint, words)
            before = self._held.get(like)
            if before is not None and now < before.until:
                return  # another thread has just noted it
            pause = min(longest, 2 * before.pause) if before is not None else self._rules.first
            pause = pause if words else self._rules.without_reason
            self._held[like] = _Doubt(now + pause, pause, now, now)


def key(endpoint: str, words: str) -> tuple[str, str]:
    """Return the words without numbers: each phone is not another reason."""
    return endpoint, _VARYING.sub("#", words)
