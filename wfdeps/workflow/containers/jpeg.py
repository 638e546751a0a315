"""JPEG: application segments before the pixels: EXIF, XMP, comments."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers import exif
from wfdeps.workflow.containers.bytes_at import as_text, keyed, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_UNPACKED_BYTES

_XMP = b"http://ns.adobe.com/xap/1.0/\0"


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text, in the file's order. EXIF that spans several segments is put together."""
    whole = bytearray()
    for marker, body in _segments(data):
        if marker == 0xE1 and body.startswith(b"Exif\0\0"):
            whole += body[6:]
        elif marker == 0xE1 and body.startswith(_XMP):
            yield "xmp", as_text(body[len(_XMP) :])
        elif marker == 0xFE:
            yield keyed(as_text(body), "comment")
    yield from exif.texts(bytes(whole[:MAX_UNPACKED_BYTES]))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 2
    for _ in range(MAX_ENTRIES):
        if at + 4 > len(data) or data[at] != 0xFF:
            return
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in (0xDA, 0xD9):  # the pixels begin, or the end
            return
        if 0xD0 <= marker <= 0xD8 or marker == 0x01:
            at += 2
            continue
        length = number(data, at + 2, 2)
        if length < 2:
            return
        yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length
