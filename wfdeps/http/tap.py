"""The socket under a reply's body, read without the client: a part of `direct`, which says how to delete both."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable
from select import select

from wfdeps.errors import SourceUnavailableError, os_error_words

TLS_FILL = 256 << 10
"""Bytes one read gathers over TLS, which hands out 16 KiB at a time."""


class Tap:
    """The socket under a body of known length, read without copies into buffers of the caller's."""

    def __init__(
        self, head: bytes, body: socket.socket, *, stall: float, took: Callable[[int], None]
    ) -> None:
        """`head`: what was read already; `took` hears of all that is read here; `stall`: seconds without a byte."""
        self._head = head
        self._socket = body
        self._stall = stall
        self._took = took
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
                    raise SourceUnavailableError(f"the connection broke: {os_error_words(error)}") from error
                if time.monotonic() - self._heard > self._stall:
                    raise SourceUnavailableError(f"nothing came for {self._stall:.0f} seconds") from None
                continue
            self._heard = time.monotonic()
            if count and not self._flags:
                count += self._more(view[begun + count : TLS_FILL])
            self._took(count)
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
        return bool(pending and pending()) or bool(select((self._socket,), (), (), 0)[0])


def _tune(body: socket.socket) -> int:
    """Let the kernel fill a whole buffer per call, waking once a second to look at the stop flag."""
    if isinstance(body, ssl.SSLSocket) or not sys.platform.startswith("linux"):
        body.settimeout(1.0)
        return 0
    # A timeout of Python's makes the socket non-blocking, and MSG_WAITALL a dead letter; the kernel's own does not.
    body.settimeout(None)
    body.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
    return socket.MSG_WAITALL
