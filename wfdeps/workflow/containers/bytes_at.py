"""What the parsers of containers share: numbers and texts at places of a file whose lengths cannot be trusted."""

from __future__ import annotations

from typing import Literal

Order = Literal["big", "little"]


def number(data: bytes, at: int, size: int, order: Order = "big") -> int:
    """The unsigned number of `size` bytes at a place; 0 past the end."""
    return int.from_bytes(data[at : at + size], order) if at >= 0 else 0


def as_text(data: bytes) -> str:
    """Text as writers meant it: UTF-8 (where the format says Latin-1, too), else Latin-1; ends at the first NUL."""
    data = data.split(b"\0", 1)[0]
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
