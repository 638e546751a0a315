"""Where one file's bytes are asked for: its stable URL, and the signed one behind it while that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock

from wfdeps.errors import SourceUnavailableError
from wfdeps.http import Http, Reply

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
        asked = self.current
        with self._http.get(asked, headers, stopped=stopped, timeout=stall) as reply:
            if reply.status in _EXPIRED and asked != self.url and self._forget(asked):
                raise ExpiredError("the signed address expired", status=reply.status)
            if reply.status in (200, 206) and reply.url != asked:
                self._resolved = reply.url
            yield reply

    def complain(self, pause: float) -> None:
        """Its host asked for less."""
        self._http.complain(self.current, pause)

    def thank(self) -> None:
        """Its host does well."""
        self._http.thank(self.current)

    def _forget(self, asked: str) -> bool:
        with self._lock:
            if self._resolved == asked:
                self._resolved = None
                self._refreshes += 1
            return self._refreshes <= REFRESHES
