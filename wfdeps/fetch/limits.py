"""What a transfer works with, and how far it goes before it gives up."""

from __future__ import annotations

import time
from collections.abc import Callable

from wfdeps.domain.outcomes import FetchEvent
from wfdeps.fetch.pace import Rate
from wfdeps.http import Backoff, Http
from wfdeps.values import dataclass, field


class StoppedError(Exception):
    """The stop flag was raised; what is proven stays in staging."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a transfer goes before it gives up, and how much it takes."""

    connections: int = 8
    """For one file, at most."""
    stall: float = 15.0
    """Seconds without a byte until a connection is given up."""
    slowest: float = 1024.0
    """Bytes per second; less than this for `slow_for` seconds counts as a stall."""
    slow_for: float = 20.0
    backoff: Backoff = field(default_factory=Backoff)
    patience: float = 120.0
    """Seconds; a server that asks for more is not waited for."""
    kept_free: int = 64 << 20
    """Bytes that a body of unknown length leaves free on its disk."""
    hand_off: bool = True
    """Whether large bodies may be read straight from the socket."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What a transfer works with."""

    http: Http
    limits: Limits
    rate: Rate
    report: Callable[[FetchEvent], None]
    stopped: Callable[[], bool]
    spares: list[bytearray] = field(default_factory=list)
    """Buffers that go from one file to the next."""
    sleep: Callable[[float], None] = time.sleep
    may_go_on: Callable[[int], bool] = lambda size: True
    """Asked once the size is known, in bytes: whether such a file may be fetched now."""

    def check_stop(self) -> None:
        """Raises StoppedError once the stop flag is raised."""
        if self.stopped():
            raise StoppedError
