"""Tones, glyphs and columns of plain text."""

from __future__ import annotations

from wfdeps.values import dataclass

_CODES = {"item": "36", "good": "32", "bad": "31", "warn": "33", "dim": "2", "command": "36"}
_GLYPHS = {"item": "•", "good": "✓", "bad": "✗", "warn": "!", "dim": "·", "next": "→"}
_ASCII_GLYPHS = {"item": "*", "good": "+", "bad": "x", "warn": "!", "dim": "-", "next": ">"}


@dataclass(frozen=True, slots=True)
class Painter:
    """Puts colour round text that is already harmless, or leaves it plain."""

    color: bool
    ascii: bool
    width: int

    def tone(self, text: str, tone: str) -> str:
        """The text in that tone."""
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str, tone: str) -> str:
        """The text in that tone, bold."""
        return f"\x1b[1;{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text

    def glyph(self, tone: str) -> str:
        """The sign that says the same as the colour."""
        return (_ASCII_GLYPHS if self.ascii else _GLYPHS)[tone]


def columns(text: str) -> int:
    """How many columns a terminal takes for it."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # only for names that need it

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int) -> str:
    """The text with spaces up to that many columns; a longer one stays whole."""
    return text + " " * (width - columns(text))
