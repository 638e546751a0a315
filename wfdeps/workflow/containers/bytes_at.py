"""What the parsers of containers share: numbers and texts at places of a file whose lengths cannot be trusted."""

from __future__ import annotations

from typing import Literal

from wfdeps.workflow.limits import MAX_JSON_BYTES

Order = Literal["big", "little"]


def number(data: bytes, at: int, size: int, order: Order = "big") -> int:
    """The unsigned number of `size` bytes at a place; 0 past the end."""
    return int.from_bytes(data[at : at + size], order) if at >= 0 else 0


def as_text(data: bytes) -> str:
    """Text as writers meant it: UTF-8 (where the format says Latin-1, too), else Latin-1; ends at the first NUL.

    One that is longer than any JSON we parse is cut there, so that it is refused as too large and not copied first.
    """
    end = data.find(b"\0", 0, MAX_JSON_BYTES + 1)
    data = data[: end if end >= 0 else MAX_JSON_BYTES + 1]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def keyed(text: str, default: str) -> tuple[str, str]:
    """`workflow:{…}` → its key and text; a text without a key gets the default."""
    key, colon, rest = text.partition(":")
    if (
        colon
        and key.strip().lower() in ("workflow", "prompt", "parameters")
        and rest.lstrip()[:1] in ("{", "[", '"')
    ):
        return key.strip().lower(), rest
    return default, text
