"""A file as a response: ranges, validators, and the ways a transfer can go wrong."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from email.utils import formatdate

import anyio
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from wfdeps.hub.faults import Fault
from wfdeps.values import dataclass

_CHUNK = 1 << 18
"""What one reader that has stopped reading keeps in memory."""
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})$")
_SOUND = Fault()


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes `start` up to, not including, `end`."""

    start: int
    end: int


class UnsatisfiableError(ValueError):
    """The range lies outside the file."""


def read_range(header: str | None, size: int) -> Part | None:
    """The part asked for; None for the whole file, also where the header is no single byte range.

    Raises UnsatisfiableError, which is a 416.
    """
    match = _RANGE.match((header or "").replace(" ", ""))
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if not first:
        if int(last) == 0 or size == 0:
            raise UnsatisfiableError
        return Part(max(0, size - int(last)), size)
    start, end = int(first), min(int(last) + 1, size) if last else size
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return Part(start, end)


class CutOffError(Exception):
    """Ends a response before its end; the server closes the connection."""


def serve_file(
    request: Request, path: str, *, etag: str, disposition: str | None = None, fault: Fault | None = None
) -> Response:
    """The file, or the part of it that was asked for; `etag` without quotes."""
    status = os.stat(path)
    headers = {
        "accept-ranges": "bytes",
        "etag": f'"{etag}"',
        "last-modified": formatdate(status.st_mtime, usegmt=True),
        "content-type": "application/octet-stream",
    }
    if disposition:
        headers["content-disposition"] = disposition
    if (precondition := _precondition(request, headers)) is not None:
        return Response(status_code=precondition, headers=headers)
    fault = fault or _SOUND
    try:
        part = None if fault.ignore_range else read_range(_wanted_range(request, headers), status.st_size)
    except UnsatisfiableError:
        return Response(status_code=416, headers=headers | {"content-range": f"bytes */{status.st_size}"})
    code = 206 if part else 200
    if part:
        headers["content-range"] = f"bytes {part.start}-{part.end - 1}/{status.st_size}"
    part = part or Part(0, status.st_size)
    if not fault.no_length:
        headers["content-length"] = str(part.end - part.start)
    if request.method == "HEAD":
        return Response(status_code=code, headers=headers)
    return StreamingResponse(_bytes_of(path, part, fault), status_code=code, headers=headers)


def _precondition(request: Request, headers: dict[str, str]) -> int | None:
    match = request.headers.get("if-match")
    if match and match != "*" and headers["etag"] not in _tags(match):
        return 412
    none = request.headers.get("if-none-match")
    return 304 if none and (none == "*" or headers["etag"] in _tags(none)) else None


def _wanted_range(request: Request, headers: dict[str, str]) -> str | None:
    """The Range header, unless If-Range names another file than this: then the whole is due."""
    condition = request.headers.get("if-range")
    holds = condition in (None, headers["etag"], headers["last-modified"])
    return request.headers.get("range") if holds else None


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",")]


async def _bytes_of(path: str, part: Part, fault: Fault) -> AsyncIterator[bytes]:
    chunk_size = max(1, min(_CHUNK, fault.bytes_per_second // 20)) if fault.bytes_per_second else _CHUNK
    if fault.cut_after:
        chunk_size = min(chunk_size, fault.cut_after)
    sent = 0
    with open(path, "rb", buffering=0) as file:
        file.seek(part.start)
        while (left := part.end - part.start - sent) > 0:
            chunk = await anyio.to_thread.run_sync(file.read, min(chunk_size, left))
            if not chunk:
                raise CutOffError
            if fault.cut_after and sent + len(chunk) >= fault.cut_after:
                yield chunk[: fault.cut_after - sent]
                raise CutOffError
            yield chunk
            sent += len(chunk)
            if fault.bytes_per_second:
                await anyio.sleep(len(chunk) / fault.bytes_per_second)
