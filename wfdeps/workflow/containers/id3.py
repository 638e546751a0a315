"""MP3: ID3v2 frames `TXXX` (key and text) and `COMM`."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers.bytes_at import keyed, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_JSON_BYTES, MAX_UNPACKED_BYTES

_ENCODINGS = ("latin-1", "utf-16", "utf-16-be", "utf-8")


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text frame, in the file's order."""
    version, flags = number(data, 3, 1), number(data, 5, 1)
    end = min(10 + _synchsafe(data, 6), 10 + MAX_UNPACKED_BYTES)
    body = data[10:end]
    if flags & 0x80 and version < 4:
        body = body.replace(b"\xff\0", b"\xff")
    at = (
        4 + number(body, 0, 4)
        if flags & 0x40 and version == 3
        else _synchsafe(body, 0)
        if flags & 0x40
        else 0
    )
    head, width = (6, 3) if version == 2 else (10, 4)
    for _ in range(MAX_ENTRIES):
        name = body[at : at + width]
        if len(name) < width or not name.strip(b"\0"):
            return
        size = (
            number(body, at + 3, 3)
            if version == 2
            else _synchsafe(body, at + 4)
            if version == 4
            else number(body, at + 4, 4)
        )
        frame = body[at + head : at + head + min(size, MAX_JSON_BYTES)]
        if name in (b"TXXX", b"TXX"):
            yield _described(frame, 1)
        elif name in (b"COMM", b"COM"):
            yield _described(frame, 4)
        at += head + size


def _described(frame: bytes, start: int) -> tuple[str, str]:
    encoding = _ENCODINGS[frame[0]] if frame[:1] and frame[0] < len(_ENCODINGS) else "latin-1"
    rest = frame[start:]
    wide = encoding.startswith("utf-16")
    key, text = _split_wide(rest) if wide else _split(rest)
    decoded = [_decoded(part, encoding) for part in (key, text)]
    return keyed(decoded[1].rstrip("\0"), decoded[0].strip("\0").lower() or "comment")


def _decoded(part: bytes, encoding: str) -> str:
    if encoding == "latin-1":  # writers put UTF-8 under this number too
        try:
            return part.decode("utf-8")
        except UnicodeDecodeError:
            pass
    return part.decode(encoding, "replace")


def _split(rest: bytes) -> tuple[bytes, bytes]:
    key, _, text = rest.partition(b"\0")
    return key, text


def _split_wide(rest: bytes) -> tuple[bytes, bytes]:
    at = rest.find(b"\0\0")
    while at % 2 and at >= 0:  # the zeros of two characters are no end
        at = rest.find(b"\0\0", at + 1)
    return (rest[:at], rest[at + 2 :]) if at >= 0 else (rest, b"")


def _synchsafe(data: bytes, at: int) -> int:
    size = 0
    for byte in data[at : at + 4]:
        size = size << 7 | (byte & 0x7F)
    return size
