"""WebM and Matroska: the names and texts of `SimpleTag`s. ffmpeg writes the names in capitals."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.containers.bytes_at import as_text, keyed
from wfdeps.workflow.limits import MAX_ENTRIES

_SEGMENT, _TAGS, _TAG, _SIMPLE, _NAME, _STRING = 0x18538067, 0x1254C367, 0x7373, 0x67C8, 0x45A3, 0x4487
_INSIDE = frozenset({_SEGMENT, _TAGS, _TAG})
_CLUSTER = 0x1F43B675


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every tag, in the file's order."""
    todo = [(0, len(data))]
    left = MAX_ENTRIES
    while todo and left > 0:
        at, end = todo.pop()
        while at < end and left > 0:
            left -= 1
            element = _element(data, at, end)
            if element is None:
                break
            name, begin, stop = element
            # A cluster of unknown size ends where something begins that no cluster holds: it is gone through.
            if name in _INSIDE or (name == _CLUSTER and stop == end):
                todo.append((stop, end))
                at, end = begin, stop
            elif name == _SIMPLE:
                yield from _simple(data, begin, stop)
                at = stop
            else:
                at = stop


def _simple(data: bytes, at: int, end: int) -> Iterator[tuple[str, str]]:
    name = text = ""
    for _ in range(64):
        element = _element(data, at, end)
        if element is None:
            break
        kind, begin, at = element
        if kind == _NAME:
            name = as_text(data[begin:at])
        elif kind == _STRING:
            text = as_text(data[begin:at])
    if name and text:
        yield keyed(text, name.lower())


def _element(data: bytes, at: int, end: int) -> tuple[int, int, int] | None:
    """Id, begin and end of the element at a place; an unknown size reaches to the end around it."""
    width = _width(data, at, 4)
    if width is None or at + width >= end:
        return None
    name = int.from_bytes(data[at : at + width], "big")
    at += width
    width = _width(data, at, 8)
    if width is None or at + width > end:
        return None
    mask = (1 << (7 * width)) - 1
    size = int.from_bytes(data[at : at + width], "big") & mask
    begin = at + width
    return name, begin, end if size == mask else min(begin + size, end)


def _width(data: bytes, at: int, limit: int) -> int | None:
    if at >= len(data) or data[at] == 0:
        return None
    width = 9 - data[at].bit_length()
    return width if width <= limit else None
