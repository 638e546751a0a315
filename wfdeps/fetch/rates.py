"""A limit on bytes per second, shared by all workers."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from wfdeps.errors import UsageError

_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


class Rate:
    """Hands out bytes; who takes more than there are waits. None: no limit."""

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
