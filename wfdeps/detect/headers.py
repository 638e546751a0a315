"""Reads the header of any model file, told by its first bytes and never by its name."""

from __future__ import annotations

from typing import Final

from wfdeps.detect.safetensors import FIRST_READ, looks_like_safetensors, read_safetensors
from wfdeps.detect.tensors import Corrupt, Header, Read, Tensor
from wfdeps.detect.trouble import quick_trouble

__all__ = ["Corrupt", "Header", "Read", "Tensor", "read_header"]

_UNKNOWN: Final = Corrupt("no model format begins like this")


def read_header(
    read: Read, size: int | None, name: str = "", *, front_only: bool = False
) -> Header | Corrupt:
    """The directory of a model file, or why there is none. Raises nothing but what `read` raises.

    `size` is the whole file's, None where nobody knows. `front_only`: only the file's beginning can be had
    (a remote file), so nothing is asked for beyond its directory.
    """
    head = read(0, FIRST_READ)
    if trouble := quick_trouble(head, _size_at_least(head) if size is None else size):
        return Corrupt(trouble)
    if looks_like_safetensors(head):
        return read_safetensors(read, size, head)
    return _UNKNOWN


def _size_at_least(head: bytes) -> int:
    """The file's length where the first read met its end, else no bound at all."""
    return len(head) if len(head) < FIRST_READ else 1 << 62
