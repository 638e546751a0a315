"""Bodies past httpx: our own connections, and the socket under a reply. Speed and nothing else.

httpx costs 1.5 ms a request and 1.5 CPU seconds a GB; see the decision pages 0603 and 0605.

The law: whatever a server sends, a body read here is the same bytes as over httpx, or both refuse it
(`tests/test_wires.py`, and every test of `tests/fetch` that uses the fixture `way`). What this wire cannot read as it
stands (a compressed body, an interim answer other than 100) it refuses with NotPlainError, and `Http` asks again through
httpx. Statuses, redirects, retries and credentials are decided above both wires.

To delete it: this module, `tap`, `tests/test_wires.py`; `Reply.tap` and `Reply.keeps_connection` with their overrides in
`by_httpx`; what mentions `DirectWire` in `client` (`Http(direct=…)` goes); `Connection._tap` and `_pour_from_socket`
in `fetch/connection.py`; then the setting `hand_off` (grep finds it in `fetch`, `wiring`, `cli`, README).
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from io import BufferedReader, RawIOBase
from select import select
from threading import Lock
from urllib.parse import SplitResult, quote, urlsplit

from wfdeps import TYPE_CHECKING
from wfdeps.http.dialing import Dialer
from wfdeps.http.faults import unavailable
from wfdeps.http.identity import USER_AGENT
from wfdeps.http.origins import origin_of
from wfdeps.http.replies import Reply
from wfdeps.http.tap import Tap

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.errors import SourceError

CHUNK = 256 << 10
KEPT = 32
"""Idle connections for each origin."""
_AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~"
"""What of an address is sent as it was given: a signature covers every letter of it."""


class NotPlainError(Exception):
    """A reply that only httpx reads."""


class _Lines(BufferedReader):
    """What a reply is read from: a head, or a chunk, that breaks off is no end of it."""

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line:
            # The library takes it for the blank line: a 200 that was cut in its head would be an empty file.
            raise HTTPException("the connection was closed between two lines")
        return line


class _Timed(RawIOBase):
    """A socket's bytes, the reads of a head ending by `until`: a byte every few seconds meets no time-out of its own."""

    def __init__(self, inner: Any, body: socket.socket) -> None:
        self._inner = inner
        self._socket = body
        self.until: float | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        if self.until is None:
            return self._inner.readinto(buffer)  # type: ignore[no-any-return]
        usual = self._socket.gettimeout()
        left = max(0.001, self.until - time.monotonic())
        self._socket.settimeout(left if usual is None else min(usual, left))
        try:
            return self._inner.readinto(buffer)  # type: ignore[no-any-return]
        finally:
            self._socket.settimeout(usual)

    def close(self) -> None:
        self._inner.close()
        super().close()


class _WholeHead(HTTPResponse):
    """A reply of the standard library's, less forgiving."""

    def __init__(self, body: socket.socket, *given: Any, within: float, **named: Any) -> None:
        super().__init__(body, *given, **named)
        self._within = within
        self._timed = _Timed(self.fp.detach(), body)
        self.fp = _Lines(self._timed)

    def begin(self) -> None:
        self._timed.until = time.monotonic() + self._within
        super().begin()
        self._timed.until = None


class DirectReply(Reply):
    """A reply read from our own connection."""

    keeps_connection = True

    def __init__(self, url: str, response: HTTPResponse, body: socket.socket) -> None:
        super().__init__(url, response.status, _joined(response))
        self._response = response
        self._socket = body
        self._left: int | None = response.length

    def chunks(self) -> Iterator[bytes]:
        try:
            while self._left != 0:
                data = self._response.read1(CHUNK)
                if not data:
                    break
                if self._left is not None:
                    self._left -= len(data)
                yield data
        except (OSError, HTTPException, ValueError) as error:
            raise unavailable(error, self.url) from error
        if self._left:
            raise _cut(self.url)

    def _decoded(self) -> Iterator[bytes]:
        return self.chunks()  # a compressed body never comes here, but for an error page nobody reads

    def hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def tap(self, *, stall: float) -> Tap | None:
        if not self._left:
            return None
        try:
            # What its reader holds already, or what comes first: after this the body is on the socket.
            begun = self._response.read1(min(self._left, CHUNK))
        except (OSError, HTTPException, ValueError) as error:
            raise unavailable(error, self.url) from error
        if not begun:
            raise _cut(self.url)
        self._took(len(begun))
        return Tap(begun, self._socket, stall=stall, took=self._took)

    def _took(self, count: int) -> None:
        if self._left is not None:
            self._left -= count

    def end(self) -> bool:
        """Nobody reads it any longer; whether the connection stands at its end, ready for another request."""
        whole = self._left == 0 or (self._left is None and self._response.isclosed())
        self._response.close()
        return whole and not self._response.will_close


class DirectWire:
    """Connections to hosts, kept while they are useful. `close` it; it may be used again afterwards."""

    def __init__(self, connect_timeout: float, trust: Callable[[], ssl.SSLContext], dialer: Dialer) -> None:
        self._connect_timeout = connect_timeout
        self._trust = trust
        self._dialer = dialer
        self._idle: dict[str, list[HTTPConnection]] = {}
        self._lock = Lock()

    @contextmanager
    def sent(self, url: str, headers: Mapping[str, str], timeout: float, within: float) -> Iterator[Reply]:
        """An open reply to a GET; no redirect is followed. Raises SourceError, NotPlainError.

        `timeout`: seconds of silence; `within`: seconds until the head of the reply is here.
        """
        origin = origin_of(url)
        line = self._kept(origin) or self._new(url)
        try:
            reply = _reply_to(line, url, headers, timeout, within)
        except (OSError, HTTPException, ValueError) as error:
            line.close()
            raise unavailable(error, url) from error
        except NotPlainError:
            line.close()
            raise
        try:
            yield reply
        finally:
            if reply.end():
                self._keep(origin, line)
            else:
                line.close()

    def close(self) -> None:
        """Close the idle connections; one in use is closed by its user."""
        with self._lock:
            idle, self._idle = self._idle, {}
        for lines in idle.values():
            for line in lines:
                line.close()

    def _new(self, url: str) -> HTTPConnection:
        try:
            line = self._line(urlsplit(url))
            line.connect()
        except TimeoutError as error:
            raise unavailable(error, url, "does not answer") from error
        except (OSError, HTTPException, ValueError) as error:  # a host with a blank, or with an empty label
            raise unavailable(error, url) from error
        return line

    def _line(self, parts: SplitResult) -> HTTPConnection:
        """A connection not yet made."""
        host = parts.hostname or ""
        if parts.scheme == "https":
            line: HTTPConnection = HTTPSConnection(
                host, parts.port, timeout=self._connect_timeout, context=self._trust()
            )
        else:
            line = HTTPConnection(host, parts.port, timeout=self._connect_timeout)
            # What the library itself calls; TLS still asks for the name.
        line._create_connection = self._dialer.connected  # type: ignore[attr-defined]
        return line

    def _kept(self, origin: str) -> HTTPConnection | None:
        """An idle connection that is still open."""
        while True:
            with self._lock:
                lines = self._idle.get(origin)
                if not lines:
                    return None
                line = lines.pop()
            # Whatever can be read on an idle connection is its end, or an answer to nobody's question.
            if not select((line.sock,), (), (), 0)[0]:
                return line
            line.close()

    def _keep(self, origin: str, line: HTTPConnection) -> None:
        with self._lock:
            lines = self._idle.setdefault(origin, [])
            if len(lines) < KEPT:
                lines.append(line)
                return
        line.close()


def suits(url: str) -> bool:
    """Whether an address can be asked for so: a name in letters of the wire."""
    return (urlsplit(url).hostname or "").isascii()


def _reply_to(
    line: HTTPConnection, url: str, headers: Mapping[str, str], timeout: float, within: float
) -> DirectReply:
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body: socket.socket = line.sock
    body.settimeout(timeout)
    line.response_class = partial(_WholeHead, within=within)  # type: ignore[assignment]
    line.request(
        "GET",
        quote(target, safe=_AS_THEY_ARE),
        headers={"accept": "*/*", "user-agent": USER_AGENT, **headers},
    )
    # The connection forgets its socket where the server wants it closed afterwards; the body is still to come.
    response = line.getresponse()
    if response.status < 200 or (response.status < 300 and "content-encoding" in response.headers):
        raise NotPlainError
    if response.headers.defects:
        # The library stops at a line that is no header, and never sees a length or an encoding below it.
        raise NotPlainError
    return DirectReply(url, response, body)


def _cut(url: str) -> SourceError:
    return unavailable(HTTPException("the body ended early"), url)


def _joined(response: HTTPResponse) -> dict[str, str]:
    """Names in lower case, repeated headers joined in one value. Raises NotPlainError for two lengths, or an odd one."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        name, value = name.lower(), value.strip()
        if name == "content-length" and (not _is_count(value) or headers.get(name, value) != value):
            raise NotPlainError
        headers[name] = f"{headers[name]}, {value}" if name in headers and name != "content-length" else value
    return headers


def _is_count(text: str) -> bool:
    # A superscript 2 is a letter of Latin-1, a digit to `isdigit`, and nothing to `int`.
    return text.isascii() and text.isdigit() and len(text) < 19
