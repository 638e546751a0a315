"""How many connections a file gets: more only while they pay, fewer when the server complains. Pure but for its clock."""

from __future__ import annotations

from collections.abc import Callable

TICK = 0.1
"""Seconds between two decisions while growing."""
FIRST = 0.05
"""Seconds until the first: one connection that is no faster than FAST is told quickly."""
LATEST = 2.0
"""Seconds a new connection may take to bring its first bytes before it is judged without them."""
GAIN = 1.15
"""So much faster it must get to have paid."""
SURE = 0.5
"""Seconds until it is said not to have paid: bytes come in bursts, all the more under a limit of our own."""
FAST = 400 << 20
"""Bytes per second: above this one connection is not the limit, our processor is."""
REST = 15.0
"""Seconds until growing is tried again."""


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
            # The first step is the widest: a server that caps each connection is told by its first rate.
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
