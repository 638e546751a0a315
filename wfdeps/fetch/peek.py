"""The front of a remote file: one request, a second for what lies behind it, and nothing more of the body."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from wfdeps.detect.headers import Corrupt, Header, read_header
from wfdeps.detect.safetensors import FIRST_READ
from wfdeps.errors import UnexpectedPayloadError
from wfdeps.http import Http, Reply
from wfdeps.http.replies import content_range, total_of_unsatisfied


def remote_header(http: Http, url: str, name: str) -> tuple[Header | Corrupt, int | None]:
    """The header of the file behind a URL, and its size if the server tells: two requests at most. Raises SourceError."""
    with RemoteFile(http, url) as remote:
        front = remote.read(0, FIRST_READ)
        return read_header(remote.read, remote.size if front else 0, name, front_only=True), remote.size


class RemoteFile:
    """A file behind a URL, read from its front. `size` is known after the first read, if the server tells.

    `read(offset, length)` is the door the header readers want. Each read beyond what is there is one request;
    a server that ignores Range is read on as far as asked, and cut off on leaving. Raises SourceError.

        with RemoteFile(http, url) as remote:
            header = read_header(remote.read, None, front_only=True)
    """

    def __init__(self, http: Http, url: str) -> None:
        self._http = http
        self._url = url
        self._front = b""
        self._rest: Iterator[bytes] | None = None
        self._exits = ExitStack()
        self.size: int | None = None
        self.requests = 0

    def read(self, offset: int, length: int) -> bytes:
        """Those bytes; fewer at the end of the file."""
        end = offset + length if self.size is None else min(offset + length, self.size)
        if end > len(self._front) and not self._is_whole():
            self._extend(end)
        return self._front[offset : offset + length]

    def _is_whole(self) -> bool:
        return self.size is not None and len(self._front) >= self.size

    def _extend(self, end: int) -> None:
        """Have the bytes up to `end`."""
        if self._rest is None:
            self._request(len(self._front), end)
        if self._rest is not None:
            self._front += _up_to(self._rest, end - len(self._front))

    def _request(self, start: int, end: int) -> None:
        self.requests += 1
        reply = self._exits.enter_context(self._http.get(self._url, {"range": f"bytes={start}-{end - 1}"}))
        self._url = reply.url  # a signed address serves the second request without another redirect
        if reply.status == 416:
            self.size = total_of_unsatisfied(reply.headers) or start
        elif reply.status in (200, 206) and reply.encoding:
            raise UnexpectedPayloadError("the server sends the file compressed")
        elif reply.status == 206:
            self._front += self._slice(reply, start, end)
        elif reply.status == 200:
            self._rest = self._whole(reply)
        else:
            raise reply.failure()

    def _slice(self, reply: Reply, start: int, end: int) -> bytes:
        span = content_range(reply.headers)
        if span is None or span.start != start:
            raise UnexpectedPayloadError(
                "the server answered with another part of the file than was asked for"
            )
        self.size = span.total if span.total is not None else self.size
        part = _up_to(reply.chunks(), end - start)[: end - start]
        self._exits.close()
        return part

    def _whole(self, reply: Reply) -> Iterator[bytes]:
        length = reply.headers.get("content-length", "")
        self.size = int(length) if length.isdigit() else None
        chunks = reply.chunks()
        self._front = self._front[:0]  # it begins again, whatever was there
        return chunks

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.close()


def _up_to(chunks: Iterator[bytes], length: int) -> bytes:
    """At least the next `length` bytes, fewer at the end."""
    got = bytearray()
    while len(got) < length and (chunk := next(chunks, None)) is not None:
        got += chunk
    return bytes(got)
