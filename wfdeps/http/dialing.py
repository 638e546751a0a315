"""Which of a name's addresses is called: the first that answers, so that a broken IPv6 costs a quarter of a second.

A name with addresses of both families is called at both (RFC 8305): the second family gets its turn when the first
has not answered within `HEAD_START`, or at once when that refuses.
"""

from __future__ import annotations

import contextlib
import errno
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

HEAD_START = 0.25
"""Seconds before the next address is called too."""
REMEMBERED = 60.0
"""Seconds an answer counts for."""
_AGAIN = 0.3
"""Seconds until a name that nobody knew is looked up once more."""

Address = tuple[Any, ...]
FamilyAndAddress = tuple[int, Address]
"""Family, and the address as sockets take it."""
Resolve = Callable[..., Sequence[tuple[Any, ...]]]


class Dialer:
    """Finds the address of a name that answers. Safe to share between threads."""

    def __init__(self, resolve: Resolve = socket.getaddrinfo) -> None:
        self._resolve = resolve
        self._answered: dict[tuple[str, int], tuple[float, str]] = {}

    def nearest(self, host: str, port: int, timeout: float | None) -> str:
        """The address that answers first; the name itself where there is no choice, or none answers in time."""
        if ":" in host or host.replace(".", "").isdigit():
            return host  # an address already
        until, known = self._answered.get((host, port), (0.0, host))
        if time.monotonic() < until:
            return known
        rows = self._looked_up(host, port)
        several = len({family for family, _ in rows}) > 1
        winner = _first_to_answer(_by_turns(rows), timeout or 10.0) if several else host
        if winner is None or not rows:
            return host
        self._answered[host, port] = (time.monotonic() + REMEMBERED, winner)
        return winner

    def connected(self, address: tuple[str, int], timeout: float | None, *more: Any) -> socket.socket:
        """As `socket.create_connection`, to the address that answers first."""
        host, port = address
        return socket.create_connection((self.nearest(host, port, timeout), port), timeout, *more)

    def _looked_up(self, host: str, port: int) -> list[FamilyAndAddress]:
        """Every address; none where it cannot be looked up, which who connects will say."""
        for pause in (_AGAIN, None):
            try:
                rows = self._resolve(host, port, type=socket.SOCK_STREAM)
                return [(row[0], row[4]) for row in rows]
            except socket.gaierror as error:
                if pause is None or error.errno != socket.EAI_NONAME:
                    return []
                time.sleep(pause)
            except (OSError, UnicodeError):
                return []
        return []


class Deadline(threading.local):
    """When the request of this thread must have its answer's head, as a moment of `time.monotonic`; None: never."""

    at: float | None = None

    @contextlib.contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Every read in it ends by then."""
        self.at = time.monotonic() + seconds
        try:
            yield
        finally:
            self.at = None

    def shortened(self, timeout: float | None) -> float | None:
        """The seconds a read may take, given its own time-out."""
        if self.at is None:
            return timeout
        left = max(0.001, self.at - time.monotonic())
        return left if timeout is None else min(timeout, left)


class Backend:
    """The network backend of the engine, called at the address that answers; its reads keep to the deadline."""

    def __init__(self, inner: Any, dialer: Dialer, deadline: Deadline) -> None:
        self._inner = inner
        self._dialer = dialer
        self._deadline = deadline

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *more: Any, **named: Any
    ) -> Any:
        """As the engine's own; TLS still asks for the name."""
        address = self._dialer.nearest(host, port, timeout)
        return _TimedStream(self._inner.connect_tcp(address, port, timeout, *more, **named), self._deadline)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _TimedStream:
    """A connection of the engine. Its own time-outs are for each read: a byte every few seconds meets none of them."""

    def __init__(self, inner: Any, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data: bytes = self._inner.read(max_bytes, self._deadline.shortened(timeout))
        return data

    def start_tls(self, *given: Any, **named: Any) -> _TimedStream:
        return _TimedStream(self._inner.start_tls(*given, **named), self._deadline)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


def _by_turns(found: Iterable[FamilyAndAddress]) -> list[FamilyAndAddress]:
    """The families in turn, each in the order the system prefers."""
    rows = list(found)
    first = [row for row in rows if row[0] == rows[0][0]]
    others = [row for row in rows if row[0] != rows[0][0]]
    paired = [row for pair in zip(first, others, strict=False) for row in pair]
    return paired + first[len(others) :] + others[len(first) :]


def _first_to_answer(addresses: list[FamilyAndAddress], timeout: float) -> str | None:
    waiting, deadline, next_call = list(addresses), time.monotonic() + timeout, 0.0
    with selectors.DefaultSelector() as calls:
        try:
            while (waiting or calls.get_map()) and time.monotonic() < deadline:
                if waiting and (time.monotonic() >= next_call or not calls.get_map()):
                    _call(waiting.pop(0), calls)
                    next_call = time.monotonic() + HEAD_START
                wait = (next_call if waiting else deadline) - time.monotonic()
                for key, _ in calls.select(max(0.0, wait)):
                    called: Any = key.fileobj
                    if called.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        return str(key.data)
                    calls.unregister(called)
                    called.close()
                    next_call = 0.0
        finally:
            for key in list((calls.get_map() or {}).values()):
                key.fileobj.close()  # type: ignore[union-attr]
    return None


def _call(address: FamilyAndAddress, calls: selectors.BaseSelector) -> None:
    family, socket_address = address
    with contextlib.suppress(OSError):  # a family this machine does not speak
        candidate = socket.socket(family, socket.SOCK_STREAM)
        candidate.setblocking(False)
        try:
            error = candidate.connect_ex(socket_address)
            if error not in _UNDER_WAY:
                raise OSError(error, "")
            calls.register(candidate, selectors.EVENT_WRITE, socket_address[0])
        except OSError:
            candidate.close()


_UNDER_WAY = frozenset(
    {0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EWOULDBLOCK)}
)
