"""A file-like view over the `read` door, for formats whose directory must be walked."""

from __future__ import annotations

from typing import Final

from wfdeps.detect.tensors import Read

STEP: Final = 65_536


class RanOutError(Exception):
    """The file, or what we were willing to read of it, ended in the middle of something."""


class Window:
    """Bytes from `start` on, read in steps, never past `limit`. Has what `pickletools` wants of a file.

    `expected` is the offset up to which the caller thinks it will need the file: a remote one is asked once.
    """

    def __init__(self, read: Read, start: int, limit: int, head: bytes = b"") -> None:
        self._read = read
        self._bytes = head
        self._base = start  # offset in the file of the first byte held
        self._at = 0
        self._limit = limit
        self.expected = 0

    def tell(self) -> int:
        """The offset in the file."""
        return self._base + self._at

    def take(self, length: int) -> bytes:
        """Exactly that many bytes. Raises RanOutError."""
        taken = self.read(length)
        if len(taken) < length:
            raise RanOutError
        return taken

    def read(self, length: int) -> bytes:
        """Up to that many bytes, fewer only at the end."""
        if self._at + length > len(self._bytes):
            self._fill(length)
        taken = self._bytes[self._at : self._at + length]
        self._at += len(taken)
        return taken

    def readline(self) -> bytes:
        """Up to a line break; at most one step long."""
        found = self._bytes.find(b"\n", self._at)
        if found < 0:
            self._fill(STEP)
            found = self._bytes.find(b"\n", self._at)
        end = found + 1 if found >= 0 else min(len(self._bytes), self._at + STEP)
        taken = self._bytes[self._at : end]
        self._at = end
        return taken

    def skip(self, length: int) -> None:
        """Go forward without reading. Raises RanOutError past the limit."""
        if self.tell() + length > self._limit:
            raise RanOutError
        if self._at + length <= len(self._bytes):
            self._at += length
        else:
            self._base, self._at, self._bytes = self.tell() + length, 0, b""

    def _fill(self, length: int) -> None:
        """Have at least `length` bytes from here, if the file has them."""
        here = self._bytes[self._at :]
        self._base, self._at = self.tell(), 0
        missing = length - len(here)
        ahead = self.expected - self._base - len(here)
        wanted = max(missing, ahead if ahead > 0 else STEP)
        room = max(0, self._limit - self._base - len(here))
        self._bytes = here + self._read(self._base + len(here), min(wanted, room)) if room else here
