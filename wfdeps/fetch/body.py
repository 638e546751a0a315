"""A reply's body, in buffers as large as they come: straight from the socket where that is safe."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator

from wfdeps.errors import SourceUnavailableError
from wfdeps.http import Reply

WORTH_IT = 8 << 20
"""Below this a connection that would be lost is better kept for the next request than read fast."""

TLS_FILL = 256 << 10


def pieces_of(reply: Reply, *, stopped: Callable[[], bool]) -> Iterator[bytes]:
    """The body as httpx reads it: slower, but for every kind of reply. Ends early when stopped."""
    encoding = reply.headers.get("content-encoding", "identity").strip().lower()
    for chunk in reply.chunks() if encoding in ("", "identity") else reply.decoded():
        if stopped():
            return
        yield chunk


def gathered(chunks: Iterator[bytes], most: int, patience: float) -> Iterator[bytes]:
    """The same bytes in fewer pieces: of `most` bytes, or what came within `patience` seconds.

    Each write and each hash lets go of the interpreter; with many connections, taking it back is what costs.
    """
    parts: list[bytes] = []
    size, since = 0, time.monotonic()
    try:
        for chunk in chunks:
            parts.append(chunk)
            size += len(chunk)
            if size >= most or time.monotonic() - since >= patience:
                yield b"".join(parts)
                parts, size, since = [], 0, time.monotonic()
    except SourceUnavailableError:
        if parts:
            yield b"".join(parts)  # what came before the cut is kept
        raise
    if parts:
        yield b"".join(parts)


class Tap:
    """The socket under a body, read without copies into buffers of the caller's."""

    def __init__(self, reply: Reply, *, stall: float) -> None:
        handed = reply.hand_off()
        self.usable = handed is not None
        self._stall = stall
        self._head = b""
        if handed is None:
            return
        self._reply = reply
        self._head, self._socket = handed
        self._flags: int | None = None
        """How the socket is read, once it is: where the head is all there is, it may be closed by now."""
        self._heard = time.monotonic()

    def read_into(
        self, buffer: bytearray, most: int, stopped: Callable[[], bool], *, rest: bool = False
    ) -> int:
        """Fill up to `most` bytes; fewer when little comes within a second. 0: stopped, or the body ended.

        `rest`: that is all that is still to come. Raises SourceUnavailableError when the connection breaks or nothing
        comes for too long.
        """
        view = memoryview(buffer)[:most]
        begun = min(len(self._head), most)
        if begun:
            view[:begun] = self._head[:begun]
            self._head = self._head[begun:]
            # Of a large body by itself, not filled up from the socket: with blocks on the borders of pages a GiB took
            # 1.9 s of system time instead of 1.3 (a target in memory, Linux 6.18); odd offsets in the file are quick.
            if begun == most or not rest:
                return begun
        if self._flags is None:
            self._flags = _tune(self._socket)
        while not stopped():
            try:
                count = self._socket.recv_into(view[begun:], 0, self._flags)
            except OSError as error:
                if begun:
                    return begun  # the next read says it again
                if not isinstance(error, (TimeoutError, BlockingIOError, ssl.SSLWantReadError)):
                    raise SourceUnavailableError(
                        f"the connection broke: {error.strerror or error}"
                    ) from error
                if time.monotonic() - self._heard > self._stall:
                    raise SourceUnavailableError(f"nothing came for {self._stall:.0f} seconds") from None
                continue
            self._heard = time.monotonic()
            if count and not self._flags:
                count += self._more(view[begun + count : TLS_FILL])
            self._reply.took(count)
            return begun + count
        return begun

    def _more(self, view: memoryview) -> int:
        """What else is there already, where the kernel does not gather it (TLS hands out 16 KiB at a time)."""
        filled = 0
        with contextlib.suppress(OSError):  # the next read will say it
            while filled < len(view) and self._is_ready():
                count = self._socket.recv_into(view[filled:])
                if not count:
                    break
                filled += count
        return filled

    def _is_ready(self) -> bool:
        pending = getattr(self._socket, "pending", None)
        return bool(pending and pending()) or bool(select.select((self._socket,), (), (), 0)[0])


def _tune(found: socket.socket) -> int:
    """Let the kernel fill a whole buffer per call, waking once a second to look at the stop flag."""
    if isinstance(found, ssl.SSLSocket) or not sys.platform.startswith("linux"):
        found.settimeout(1.0)
        return 0
    # A timeout of Python's makes the socket non-blocking, and MSG_WAITALL a dead letter; the kernel's own does not.
    found.settimeout(None)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
    return socket.MSG_WAITALL


class Watch:
    """Tells a transfer that crawls: fewer than `least` bytes per second over `window` seconds."""

    def __init__(self, least: float, window: float) -> None:
        self._least = least
        self._window = window
        self._since = time.monotonic()
        self._count = 0

    def saw(self, count: int) -> None:
        """That many bytes came. Raises SourceUnavailableError when it was too few for too long."""
        self._count += count
        now = time.monotonic()
        if now - self._since < self._window:
            return
        if self._count < self._least * self._window:
            raise SourceUnavailableError(
                f"less than {self._least:.0f} bytes a second for {self._window:.0f} seconds"
            )
        self._since, self._count = now, 0
