"""Reads the header of any model file, told by its first bytes and never by its name."""

from __future__ import annotations

from wfdeps.detect.gguf import MAGIC as GGUF_MAGIC
from wfdeps.detect.gguf import read_gguf
from wfdeps.detect.onnx import looks_like_onnx, read_onnx
from wfdeps.detect.safetensors import FIRST_READ, looks_like_safetensors, read_safetensors
from wfdeps.detect.shards import read_index
from wfdeps.detect.tensors import Corrupt, Header, Read, Tensor
from wfdeps.detect.torch_files import ZIP_MAGIC, looks_like_pickle, read_legacy, read_zip
from wfdeps.detect.trouble import UNKNOWN_FORMAT, foreign_format, quick_trouble, text_trouble

__all__ = ["Corrupt", "Header", "Read", "Tensor", "read_header"]


def read_header(
    read: Read, size: int | None, name: str = "", *, front_only: bool = False
) -> Header | Corrupt:
    """The directory of a model file, or why there is none. Raises nothing but what `read` raises.

    `size` is the whole file's, None where nobody knows. `front_only`: each read is a request, so there are two
    at most, and a directory that is longer than they reach is read as far. `name` is never evidence.
    """
    head = read(0, FIRST_READ)
    if trouble := quick_trouble(head, _size_at_least(head) if size is None else size):
        return Corrupt(trouble)
    try:
        return _read(_one_more(read) if front_only else read, size, head, front_only=front_only)
    except (RecursionError, MemoryError):
        return Corrupt("built to exhaust its reader")


def _read(read: Read, size: int | None, head: bytes, *, front_only: bool) -> Header | Corrupt:
    if head.startswith(GGUF_MAGIC):
        return read_gguf(read, size, head, front_only=front_only)
    if head.startswith(ZIP_MAGIC):
        return read_zip(read, size, head, front_only=front_only)
    if looks_like_safetensors(head):
        return read_safetensors(read, size, head)
    if looks_like_pickle(head):
        return read_legacy(read, size, head, front_only=front_only)
    if looks_like_onnx(head):
        return read_onnx(head, size)
    if head.lstrip()[:1] in (b"{", b"["):
        return read_index(read, size, head)
    return Corrupt(foreign_format(head) or _unknown(head, size))


def _one_more(read: Read) -> Read:
    """The door, for one read; empty after that."""
    left = 1

    def once(offset: int, length: int) -> bytes:
        nonlocal left
        left -= 1
        return read(offset, length) if left >= 0 else b""

    return once


def _unknown(head: bytes, size: int | None) -> str:
    if text := text_trouble(head, _size_at_least(head) if size is None else size):
        return text
    if size is not None and size < 16:
        return f"truncated: {size} bytes"
    return UNKNOWN_FORMAT


def _size_at_least(head: bytes) -> int:
    """The file's length where the first read met its end, else no bound at all."""
    return len(head) if len(head) < FIRST_READ else 1 << 62
