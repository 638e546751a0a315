"""How long to wait: after a failure, because a server says so, or because all slots of a host are taken."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from threading import Condition

from wfdeps.values import dataclass

LONGEST_WAIT = 120.0
"""Seconds. Who asks for more is not waited for: the answer is a RateLimitError that says how long."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with jitter: between half a ceiling and the ceiling, which doubles with each try, up to `most`.

    The half that is left to chance keeps workers from coming back all at once. `first` and `most` in seconds.
    """

    first: float = 0.5
    most: float = 30.0
    attempts: int = 5

    def delay(self, attempt: int, chance: Callable[[], float] = random.random) -> float:
        """Seconds to wait before the try after `attempt` (1 is the first that failed)."""
        ceiling: float = min(self.most, self.first * 2 ** (attempt - 1))
        return ceiling * (0.5 + chance() / 2)


_LONGEST = 10 * 365 * 86_400.0
"""Seconds; a wait of more digits is no longer a number."""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds a reply asks to wait, None where it does not say.

    A date is measured from the reply's own `Date`, so a wrong clock, ours or theirs, does no harm.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return min(float(text), _LONGEST)
    until = _date(text)
    if until is None:
        return None
    now = _date(headers.get("date", "")) or datetime.now(UTC)
    return max(0.0, (until - now).total_seconds())


def _date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, IndexError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


class HostGate:
    """One host's limit, shared by all workers: how many at once, and not before when.

    The limit falls by half when the host complains and grows by one in `limit` successes (AIMD), so a cap on
    connections is found and kept to without knowing it.
    """

    def __init__(self, most: int, now: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._most = float(most)
        self._limit = float(most)
        self._active = 0
        self._opens_at = 0.0
        self._now = now
        self._sleep = sleep
        self._changed = Condition()

    @property
    def limit(self) -> int:
        """How many may be in at once, now."""
        return max(1, int(self._limit))

    @contextmanager
    def slot(self, stopped: Callable[[], bool] | None = None) -> Iterator[bool]:
        """A place at this host; waits for one. Yields False, and gives none, if `stopped` while waiting."""
        entered = self._enter(stopped)
        try:
            yield entered
        finally:
            if entered:
                self._leave()

    def complain(self, pause: float) -> None:
        """The host said `too much`: half as many at once, and nobody before `pause` seconds have passed."""
        with self._changed:
            self._limit = max(1.0, min(self._limit, self._active) / 2)
            self._opens_at = max(self._opens_at, self._now() + pause)

    def thank(self) -> None:
        """A request went well: a little more is dared."""
        with self._changed:
            self._limit = min(self._most, self._limit + 1 / self._limit)
            self._changed.notify()

    def _enter(self, stopped: Callable[[], bool] | None) -> bool:
        if not self._sit_out(stopped):
            return False
        with self._changed:
            while self._active >= self.limit:
                if stopped is not None and stopped():
                    return False
                self._changed.wait(0.1)
            self._active += 1
            return True

    def _sit_out(self, stopped: Callable[[], bool] | None) -> bool:
        """Sleep until the host's pause is over; in slices where somebody may stop us meanwhile. False if so."""
        pause = self._opens_at - self._now()
        while pause > 0:
            if stopped is not None and stopped():
                return False
            slice_ = pause if stopped is None else min(pause, 0.2)
            self._sleep(slice_)
            pause -= slice_
        return True

    def _leave(self) -> None:
        with self._changed:
            self._active -= 1
            self._changed.notify()
