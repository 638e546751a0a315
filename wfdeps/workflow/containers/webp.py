"""WebP: RIFF chunks, of which EXIF and XMP hold text."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers import exif
from wfdeps.workflow.containers.bytes_at import as_text, number
from wfdeps.workflow.limits import MAX_ENTRIES


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text, in the file's order."""
    at = 12
    for _ in range(MAX_ENTRIES):
        if at + 8 > len(data):
            return
        name, length = data[at : at + 4], number(data, at + 4, 4, "little")
        if name == b"EXIF":
            yield from exif.texts(data[at + 8 : at + 8 + length])
        elif name == b"XMP ":
            yield "xmp", as_text(data[at + 8 : at + 8 + length])
        at += 8 + length + (length & 1)
