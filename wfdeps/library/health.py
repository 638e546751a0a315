"""Why a file in the model folders cannot be a model: told from its first bytes and its length."""

from __future__ import annotations

import os

from wfdeps.detect.trouble import HEAD_BYTES, MAX_HEADER, quick_trouble
from wfdeps.domain.folders import SAFETENSORS_ENDINGS
from wfdeps.patterns import pattern

LARGEST_READ = 64 << 20
"""A longer safetensors header is left to those who really look into the file."""
_ENDS = pattern(rb'"data_offsets"\s*:\s*\[\s*\d{1,18}\s*,\s*(\d{1,18})\s*\]')


def trouble_of(path: str, size: int) -> str:
    """One clause saying why the file cannot be loaded; empty where nothing speaks against it."""
    if size == 0:
        return "empty"
    try:
        with open(path, "rb", buffering=0) as file:
            head = file.read(HEAD_BYTES)
            trouble = quick_trouble(head, size)
            if trouble or head[8:9] != b"{":
                return trouble
            length = int.from_bytes(head[:8], "little")
            if length > MAX_HEADER and path.lower().endswith(tuple(SAFETENSORS_ENDINGS)):
                return f"says its header is {length} bytes; the format allows {MAX_HEADER}"
            if length > LARGEST_READ or 8 + length > size:
                return ""
            return _length_trouble(
                os.pread(file.fileno(), length, 8) if hasattr(os, "pread") else _rest(file.fileno(), length),
                size,
            )
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"


def _rest(handle: int, length: int) -> bytes:
    os.lseek(handle, 8, os.SEEK_SET)
    return os.read(handle, length)


def _length_trouble(header: bytes, size: int) -> str:
    """Whether the file is as long as the header of a safetensors file says; only the largest end matters."""
    if not header.rstrip().endswith(b"}"):
        return f"its header is cut off: {len(header)} bytes are no whole document"
    due = 8 + len(header) + max(map(int, _ENDS().findall(header)), default=0)
    if size < due:
        return f"truncated: {size} of {due} bytes"
    if size > due:
        return f"longer than its header says: {size} of {due} bytes"
    return ""
