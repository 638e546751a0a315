"""Reading files: whole ones within a limit, never a pipe or a device; and pieces, as the header readers ask for them."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterator

from wfdeps.disk.folders import BINARY

_AT_ONCE = 1 << 20


def opened_regular(path: str) -> int:
    """A handle for reading that file. Raises OSError, for a pipe, a socket or a device too, which are never waited for."""
    # O_NONBLOCK: opening a pipe to which nobody writes would wait for ever.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | BINARY)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no file but a pipe, a socket or a device", path)
    except BaseException:
        os.close(handle)
        raise
    return handle


def whole_file(path: str, limit: int) -> bytes:
    """All bytes of a file that has `limit` at most. Raises OSError, for what is larger or no file too."""
    handle = opened_regular(path)
    try:
        size = os.fstat(handle).st_size
        body = bytearray()
        while len(body) <= limit and (some := os.read(handle, min(_AT_ONCE, max(size - len(body), 0) + 1))):
            body += some
    finally:
        os.close(handle)
    if len(body) > limit:
        raise OSError(errno.EFBIG, f"it is larger than {limit:,} bytes", path)
    return bytes(body)


@contextlib.contextmanager
def reader(path: str) -> Iterator[Callable[[int, int], bytes]]:
    """`read(offset, length) -> bytes` over a file: what the header readers take; short at its end."""
    with open(path, "rb", buffering=0) as file:

        def read(offset: int, length: int) -> bytes:
            file.seek(offset)
            return file.read(length) or b""

        yield read
