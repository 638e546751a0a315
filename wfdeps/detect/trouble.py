"""Cheap sanity of a file's first bytes: what cannot be a model, before anybody looks closer."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final

HEAD_BYTES: Final = 512
"""How much of a file's front `quick_trouble` likes to see; eight bytes already help."""

MAX_HEADER: Final = 100_000_000
"""The safetensors format's own cap on a header, in bytes."""

_LFS: Final = b"version https://git-lfs"
_PAGE_STARTS: Final = (b"<!doctype", b"<html", b"<head", b"<body", b"<?xml", b"<!--", b"<script")


def quick_trouble(head: bytes, size: int) -> str:
    """Why a file that begins so and is that long cannot be a model; empty where nothing speaks against it.

    `empty`, `lfs pointer`, `html page`, `error message`, `zero bytes` or `truncated: …`. Safetensors are
    told by their shape, whatever the file is called.
    """
    if size == 0 or not head:
        return "empty"
    if head.startswith(_LFS):
        return "lfs pointer"
    text = head[:HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith(_PAGE_STARTS):
        return "html page"
    if is_error_message(head, size):
        return "error message"
    if not any(head[:HEAD_BYTES]):
        return "zero bytes"
    return _safetensors_trouble(head, size)


def is_error_message(head: bytes, size: int) -> bool:
    """Whether this is a small JSON answer (`{"error": …}`) saved under a model's name."""
    start = head[:HEAD_BYTES].lstrip()
    return size < 65_536 and start.startswith(b'{"') and (b'"error"' in start or b'"message"' in start)


def _safetensors_trouble(head: bytes, size: int) -> str:
    if len(head) < 9 or head[8:9] != b"{":
        return ""
    length = int.from_bytes(head[:8], "little")
    if length > MAX_HEADER:
        return ""  # nine bytes that look alike prove nothing; the reader says what it is
    if 8 + length > size:
        return f"truncated: its header alone is {length} bytes, the file {size}"
    return ""
