"""WebP: RIFF chunks, of which EXIF and XMP hold text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfdeps.workflow.containers import exif
from wfdeps.workflow.containers.bytes_at import as_text, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_UNPACKED_BYTES


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text, in the file's order."""
    at = 12
    for _ in range(MAX_ENTRIES):
        if at + 8 > len(data):
            return
        name, length = data[at : at + 4], number(data, at + 4, 4, "little")
        if name == b"EXIF":
            yield from exif.texts(data[at + 8 : at + 8 + min(length, MAX_UNPACKED_BYTES)])
        elif name == b"XMP ":
            yield "xmp", as_text(data[at + 8 : at + 8 + min(length, MAX_UNPACKED_BYTES)])
        at += 8 + length + (length & 1)


def with_texts(data: bytes, change: Callable[[str, str], str]) -> bytes:
    """Returns the file with the texts of its EXIF changed, as `exif.with_texts` does; every other chunk is kept."""
    out, at = bytearray(data[:12]), 12
    while at + 8 <= len(data):
        name, length = data[at : at + 4], number(data, at + 4, 4, "little")
        body = data[at + 8 : at + 8 + length]
        changed = exif.with_texts(body, change) if name == b"EXIF" else body
        if changed == body:
            out += data[at : at + 8 + length + (length & 1)]
        else:
            out += name + len(changed).to_bytes(4, "little") + changed + b"\0" * (len(changed) & 1)
        at += 8 + length + (length & 1)
    out += data[at:]
    if len(out) != len(data):
        out[4:8] = (len(out) - 8).to_bytes(4, "little")
    return bytes(out)
