"""Requests for one file's bytes: where they go (its stable URL, or the signed one behind it), and what comes back.

A reply is judged by its status and headers alone; the body is not touched here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from wfdeps.errors import FetchError, SourceUnavailableError
from wfdeps.fetch.state import Validator
from wfdeps.http import Http, Reply
from wfdeps.http.replies import content_range, total_of_unsatisfied
from wfdeps.values import dataclass

REFRESHES = 5
"""How often a signed URL may expire within one file."""
_EXPIRED = frozenset({400, 401, 403, 404, 410})


class ExpiredError(SourceUnavailableError):
    """The signed URL no longer works; the next request asks the stable one again."""


class Address:
    """One URL of a file. Every request goes where the last redirect led, until that is refused."""

    def __init__(self, http: Http, url: str) -> None:
        self.url = url
        self._http = http
        self._resolved: str | None = None
        self._refreshes = 0
        self._lock = Lock()

    @property
    def current(self) -> str:
        """The URL the next request goes to: for machines, it may hold a signature."""
        return self._resolved or self.url

    @contextmanager
    def opened(
        self, headers: Mapping[str, str], stopped: Callable[[], bool], stall: float
    ) -> Iterator[Reply]:
        """An open reply, whatever its status. Raises as `Http.get`, and ExpiredError for a worn-out signed URL."""
        url = self.current
        with self._http.get(url, headers, stopped=stopped, timeout=stall) as reply:
            if reply.status in _EXPIRED and url != self.url and self._forget(url):
                raise ExpiredError("the signed address expired", status=reply.status)
            if reply.status in (200, 206) and reply.url != url:
                self._resolved = reply.url
            yield reply

    def complain(self, pause: float) -> None:
        """Its host asked for less."""
        self._http.complain(self.current, pause)

    def thank(self) -> None:
        """Its host does well."""
        self._http.thank(self.current)

    def _forget(self, url: str) -> bool:
        with self._lock:
            if self._resolved == url:
                self._resolved = None
                self._refreshes += 1
            return self._refreshes <= REFRESHES


class ChangedError(FetchError):
    """The object is another one than before, or cannot be continued: what is here of it is worthless.

    `ranges` is false where the next try should not ask for parts.
    """

    def __init__(self, message: str, *, ranges: bool = True) -> None:
        super().__init__(message)
        self.ranges = ranges


class WrongRangeError(FetchError):
    """Another range came than was asked for: nothing of it may be used."""


class BeyondEndError(FetchError):
    """416: the server has no bytes there. `total` is what it says it has, None where it does not."""

    def __init__(self, total: int | None) -> None:
        super().__init__(f"the server has only {total} bytes" if total is not None else "no such range")
        self.total = total


@dataclass(frozen=True, slots=True)
class Opening:
    """A body that can be used: it starts at `start`; `stop` and `total` where the server says them."""

    start: int
    stop: int | None
    total: int | None
    validator: Validator
    ranges: bool
    """Whether the server showed that it can send parts."""
    encoded: bool = False
    """The body is compressed although we asked for identity: its lengths are not the file's."""

    @property
    def length(self) -> int | None:
        """Bytes of body to come, None where unknown."""
        return None if self.stop is None else self.stop - self.start


def read_opening(reply: Reply, start: int, *, alone: bool) -> Opening:
    """What came for a request from `start` on; `alone` where no other connection holds bytes of this file.

    Raises the error a bad status stands for, WrongRangeError or BeyondEndError. A 200 starts at nothing: the
    caller sees `start == 0` and begins again.
    """
    headers = reply.headers
    validator = Validator.of(headers)
    if reply.status == 416:
        raise BeyondEndError(total_of_unsatisfied(headers))
    if reply.status not in (200, 206):
        raise reply.failure()
    encoded = bool(reply.encoding)
    if headers.get("content-type", "").lower().startswith("multipart/byteranges"):
        raise WrongRangeError("the server sends several ranges in one body")
    span = content_range(headers)
    if span is not None and (reply.status == 206 or span.start == start):
        # Some servers answer 200 and mean 206 (ModelScope); the Content-Range is what counts.
        if encoded:
            raise WrongRangeError("a compressed part came, though none was asked for")
        if span.start != start:
            raise WrongRangeError(f"asked for bytes from {start}, got them from {span.start}")
        if headers.get("content-length", str(span.stop - span.start)) != str(span.stop - span.start):
            raise WrongRangeError("the length of what came and its range contradict each other")
        return Opening(start, span.stop, span.total, validator, True)
    if reply.status == 206 and start > 0:
        raise WrongRangeError("a part came without saying which")
    if not alone:
        raise WrongRangeError("the whole file came instead of a part")
    length = headers.get("content-length", "")
    total = int(length) if length.isdigit() and not encoded else None
    return Opening(0, total, total, validator, False, encoded)
