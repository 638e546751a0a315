"""MP4, MOV, M4V and AVIF: boxes. Videos name their texts in `meta/keys` + `ilst`, images in EXIF and XMP items."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.errors import WorkflowError
from wfdeps.workflow.containers import exif
from wfdeps.workflow.containers.bytes_at import as_text, keyed, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_UNPACKED_BYTES

_INSIDE = frozenset({b"moov", b"udta", b"trak", b"mdia", b"moof"})
_COMMENTS = {b"\xa9cmt": "comment", b"desc": "comment", b"ldes": "comment", b"\xa9des": "comment"}
_DEPTH = 8
_Left = Iterator[int]
"""One for each box that is still looked at, in the whole file."""


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text, in the file's order."""
    yield from _texts(data, 0, len(data), 0, iter(range(MAX_ENTRIES)))


def _texts(data: bytes, start: int, end: int, depth: int, left: _Left) -> Iterator[tuple[str, str]]:
    for name, begin, stop in _boxes(data, start, end, left):
        if name in _INSIDE and depth < _DEPTH:
            yield from _texts(data, begin, stop, depth + 1, left)
        elif name == b"meta":
            yield from _meta(data, begin, stop, left)
        elif name in _COMMENTS:  # QuickTime's own: length, language, text
            yield keyed(as_text(data[begin + 4 : stop]), _COMMENTS[name])


def _boxes(data: bytes, start: int, end: int, left: _Left) -> Iterator[tuple[bytes, int, int]]:
    """Name, begin and end of every box between two places; stops where a length makes no sense."""
    at = start
    for _ in left:
        if at + 8 > end:
            return
        size, name, head = number(data, at, 4), data[at + 4 : at + 8], 8
        if size == 1:
            size, head = number(data, at + 8, 8), 16
        elif size == 0:
            size = end - at
        if size < head:
            return
        yield name, at + head, min(at + size, end)
        at += size


def _meta(data: bytes, start: int, end: int, left: _Left) -> Iterator[tuple[str, str]]:
    # ISO's `meta` has four bytes of version and flags before its boxes, QuickTime's has not.
    begin = start if data[start + 4 : start + 8] in (b"hdlr", b"keys", b"ilst") else start + 4
    boxes: dict[bytes, tuple[int, int]] = {}
    for name, at, stop in _boxes(data, begin, end, left):
        boxes.setdefault(name, (at, stop))
    if b"ilst" in boxes:
        yield from _list(data, *boxes[b"ilst"], left, _keys(data, *boxes.get(b"keys", (0, 0))))
    if b"iloc" in boxes and b"iinf" in boxes:
        yield from _items(data, boxes, left)


def _keys(data: bytes, start: int, end: int) -> list[str]:
    names = []
    at = start + 8
    for _ in range(min(number(data, start + 4, 4), MAX_ENTRIES)):
        size = number(data, at, 4)
        if size < 8 or at + size > end:
            break
        names.append(as_text(data[at + 8 : at + size]))
        at += size
    return names


def _list(data: bytes, start: int, end: int, left: _Left, keys: list[str]) -> Iterator[tuple[str, str]]:
    for name, begin, stop in _boxes(data, start, end, left):
        index = number(name, 0, 4)
        key = keys[index - 1] if 0 < index <= len(keys) else _COMMENTS.get(name, "")
        if not key:
            continue
        for inner, at, after in _boxes(data, begin, stop, left):
            if inner == b"data":  # four bytes of type, four of locale
                yield keyed(as_text(data[at + 8 : after]), key.lower())


def _items(data: bytes, boxes: dict[bytes, tuple[int, int]], left: _Left) -> Iterator[tuple[str, str]]:
    together = 0
    places = dict(_locations(data, *boxes[b"iloc"], boxes.get(b"idat", (0, 0))[0]))
    for item, kind in _kinds(data, *boxes[b"iinf"], left):
        if item not in places:
            continue
        start, length = places[item]
        body = data[start : start + min(length, MAX_UNPACKED_BYTES)] if kind in (b"Exif", b"mime") else b""
        together += len(body)
        if together > MAX_UNPACKED_BYTES:  # they may lie over each other
            raise WorkflowError(f"its items hold more than {MAX_UNPACKED_BYTES // 2**20} MiB of text")
        if kind == b"Exif":  # four bytes say where the TIFF header begins after them
            yield from exif.texts(body[4 + number(body, 0, 4) :])
        elif kind == b"mime" and b"xmp" in body[:200].lower():
            yield "xmp", as_text(body)


def _kinds(data: bytes, start: int, end: int, left: _Left) -> Iterator[tuple[int, bytes]]:
    first = start + (6 if number(data, start, 1) == 0 else 8)
    for name, at, _ in _boxes(data, first, end, left):
        if name == b"infe":
            version = number(data, at, 1)
            width = 4 if version == 3 else 2
            yield number(data, at + 4, width), data[at + 6 + width : at + 10 + width]


def _locations(data: bytes, start: int, end: int, idat: int) -> Iterator[tuple[int, tuple[int, int]]]:
    version, sizes, more = number(data, start, 1), number(data, start + 4, 1), number(data, start + 5, 1)
    offset, length, base, index = sizes >> 4, sizes & 15, more >> 4, more & 15 if version else 0
    wide = 4 if version == 2 else 2
    at = start + 6 + wide
    for _ in range(min(number(data, start + 6, wide), MAX_ENTRIES)):
        item = number(data, at, wide)
        at += wide
        method = number(data, at, 2) & 15 if version else 0
        at += (2 if version else 0) + 2
        origin = number(data, at, base) + (idat if method == 1 else 0)
        at += base
        extents = number(data, at, 2)
        at += 2
        if extents and at + index + offset + length <= end:
            yield item, (origin + number(data, at + index, offset), number(data, at + index + offset, length))
        at += extents * (index + offset + length)
        if at > end:
            return
