"""EXIF (TIFF): the texts of its directories. ComfyUI writes `workflow:{…}` into Make and `prompt:{…}` into Model."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from wfdeps.workflow.containers.bytes_at import Order, as_text, keyed, number
from wfdeps.workflow.limits import MAX_ENTRIES, MAX_JSON_BYTES

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 6: 1, 7: 1, 9: 4}
_DIRECTORIES = frozenset({0x8769, 0x8825, 0xA005})
_USER_COMMENT = 0x9286
_XMP = 0x02BC
_XP = range(0x9C9B, 0x9CA0)
"""Windows' own title, comment, author …: UTF-16."""


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Key and text of every text in an EXIF block; `workflow:…` is split into key and text.

    Each directory is read once, however they point at each other.
    """
    data = data.removeprefix(b"Exif\0\0")
    order: Order = "little" if data[:2] == b"II" else "big"
    if data[:2] not in (b"II", b"MM"):
        return
    todo, seen, left = [number(data, 4, 4, order)], set[int](), MAX_ENTRIES
    while todo:
        at = todo.pop(0)
        if at in seen or at <= 0 or at + 2 > len(data):
            continue
        seen.add(at)
        count = min(number(data, at, 2, order), left)
        left -= count
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind = number(data, entry, 2, order), number(data, entry + 2, 2, order)
            length = _SIZES.get(kind, 0) * number(data, entry + 4, 4, order)
            if tag in _DIRECTORIES:
                todo.append(number(data, entry + 8, 4, order))
            elif 4 < length <= MAX_JSON_BYTES and kind in (1, 2, 7):
                start = number(data, entry + 8, 4, order)
                yield from _text(tag, data[start : start + length], order)
        todo.append(number(data, at + 2 + 12 * count, 4, order))


def with_texts(data: bytes, change: Callable[[str, str], str]) -> bytes:
    """Returns the block with each `workflow:…` and `prompt:…` of its first directory, where ComfyUI writes them, replaced by
    what `change(key, text)` returns. A changed text is put at the end and its entry points there; every other byte is kept.

    A changed text is to be ASCII, as ComfyUI's are.
    """
    lead = b"Exif\0\0" if data.startswith(b"Exif\0\0") else b""
    block = bytearray(data[len(lead) :])
    order: Order = "little" if block[:2] == b"II" else "big"
    at = number(bytes(block[:8]), 4, 4, order)
    count = min(number(data[len(lead) :], at, 2, order), MAX_ENTRIES)
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        kind, length, start = (
            int.from_bytes(block[entry + place : entry + place + size], order)
            for place, size in ((2, 2), (4, 4), (8, 4))
        )
        if kind != 2 or not 4 < length <= MAX_JSON_BYTES:
            continue
        key, text = keyed(as_text(bytes(block[start : start + length])), "")
        changed = change(key, text) if key else text
        if changed != text:
            block += b"\0" * (len(block) & 1)
            value = f"{key}:{changed}".encode("ascii") + b"\0"
            block[entry + 4 : entry + 12] = len(value).to_bytes(4, order) + len(block).to_bytes(4, order)
            block += value
    return lead + bytes(block)


def _text(tag: int, value: bytes, order: Order) -> Iterator[tuple[str, str]]:
    if tag == _USER_COMMENT:
        yield keyed(_user_comment(value, order), "usercomment")
    elif tag in _XP:
        yield keyed(value.decode("utf-16-le", "replace").rstrip("\0"), "usercomment")
    elif tag == _XMP:
        yield "xmp", as_text(value)
    else:
        yield keyed(as_text(value), f"exif {tag:#06x}")


def _user_comment(value: bytes, order: Order) -> str:
    charset, rest = value[:8], value[8:]
    if charset.startswith(b"UNICODE"):
        # The standard says the block's byte order; many writers take big-endian nevertheless.
        wanted = "utf-16-le" if order == "little" else "utf-16-be"
        if len(rest) > 1 and (rest[0] == 0) != (rest[1] == 0):
            wanted = "utf-16-be" if rest[0] == 0 else "utf-16-le"
        return rest.decode(wanted, "replace").rstrip("\0")
    return as_text(rest if charset in (b"ASCII\0\0\0", b"\0" * 8) else value)
