"""How fast: connections for each file, more only while they pay; and a limit on bytes per second over all files."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from wfdeps.errors import UsageError

TICK = 0.1
"""Seconds between two decisions while growing."""
FIRST = 0.05
"""Seconds until the first: one connection that is no faster than FAST is found out quickly."""
LATEST = 2.0
"""Seconds a new connection may take to bring its first bytes before it is judged without them."""
GAIN = 1.15
"""So much faster it must get to have paid."""
SURE = 0.5
"""Seconds until it counts as not having paid: bytes come in bursts, even more so under a limit of our own."""
FAST = 400 << 20
"""Bytes per second: above this one connection is not the limit, our processor is."""
REST = 15.0
"""Seconds until growing is tried again."""

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Pace:
    """Starts with one connection and doubles as long as the sum gets faster."""

    def __init__(self, most: int, now: Callable[[], float]) -> None:
        self._most = most
        self._now = now
        self.wanted = 1
        self._before = 1
        self._rate = 0.0
        self._begun = False
        self._since = 0.0
        self._at = 0
        self._next = 0.0
        self._patient_until = 0.0
        self._growing = most > 1

    def look(self, done: int, flowing: int | None = None) -> int:
        """How many connections there should be, `done` bytes having come so far.

        `flowing`: on how many of them bytes come already; a handshake across an ocean is no sign of a full line.
        """
        now = self._now()
        if not self._begun:
            self._begun = True
            self._begin(now, done)
            self._next = now + FIRST
        elif self._growing and flowing is not None and flowing < self.wanted and now < self._patient_until:
            self._begin(now, done)
        elif now >= self._next:
            self._decide(now, done)
        return self.wanted

    def complain(self) -> None:
        """A connection was refused, cut or asked to wait: half as many."""
        self._most = max(1, self.wanted // 2)
        self.wanted = min(self.wanted, self._most)
        self._growing = False

    def _begin(self, now: float, done: int) -> None:
        self._since, self._at, self._next = now, done, now + TICK

    def _decide(self, now: float, done: int) -> None:
        rate = (done - self._at) / max(now - self._since, 1e-6)
        if not self._growing:
            self._growing, self._rate = self._most > 1, 0.0
        elif rate > FAST and self.wanted == 1:
            self._rest(now, done)
            return
        elif rate >= self._rate * GAIN:
            self._before, self._rate = self.wanted, rate
            # The first step is the widest: a server that caps each connection shows that in its first rate.
            self.wanted = min(self._most, self.wanted * (4 if self.wanted == 1 else 2))
            self._patient_until = now + LATEST
            if self.wanted == self._before:
                self._rest(now, done)
                return
        elif now - self._since < SURE:
            self._next = now + TICK
            return
        else:
            self.wanted = self._before
            self._rest(now, done)
            return
        self._begin(now, done)

    def _rest(self, now: float, done: int) -> None:
        self._growing = False
        self._since, self._at, self._next = now, done, now + REST


class Rate:
    """A limit on bytes per second, shared by all workers. None: no limit."""

    def __init__(
        self,
        limit: float | None,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._limit = limit
        self._now = now
        self._sleep = sleep
        self._lock = Lock()
        self._free_at = 0.0

    def take(self, count: int, stopped: Callable[[], bool]) -> None:
        """Wait until `count` bytes may have come; returns early when stopped."""
        if not self._limit:
            return
        with self._lock:
            start = max(self._free_at, self._now() - 0.1)
            self._free_at = start + count / self._limit
            wait = self._free_at - self._now()
        while wait > 0 and not stopped():
            self._sleep(min(wait, 0.2))
            wait -= 0.2


def parse_rate(text: str) -> float:
    """`5M`, `800k`, `1.5g`, `1000000` → bytes per second. Raises UsageError."""
    number = text.strip().lower().removesuffix("/s").removesuffix("b").removesuffix("i")
    unit = number[-1:] if number[-1:] in _UNITS else ""
    try:
        rate = float(number.removesuffix(unit)) * _UNITS[unit]
    except ValueError:
        rate = 0.0
    if not 0 < rate < float("inf"):
        raise UsageError(f"not a rate: `{text}`", hint="write it as 5M or 800k, in bytes per second")
    return rate
