"""Text from outside made harmless: control characters, terminal escapes, reversed reading order."""

from __future__ import annotations

import re

from wfdeps.patterns import pattern

# C0 and C1 controls, DEL, soft hyphen, zero-width and bidi marks, line and paragraph separators, the BOM,
# what XML cannot hold (U+FFFE, U+FFFF), lone surrogates.
INVISIBLE = pattern(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """The text on one line, each character that would not show written as `\\x1b` or `\\u202e`."""
    return text if text.isprintable() else INVISIBLE().sub(_escape, text)


def visible_lines(text: str) -> str:
    """A text of several lines, each made visible; without the line end of the last."""
    return "\n".join(map(visible, text.rstrip("\n").split("\n")))


def encodable(text: str) -> str:
    """The text for UTF-8, which has no half of a surrogate pair: written as `\\ud83d`, as JSON says it."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_visible(text: str) -> bool:
    """Whether every character shows as itself."""
    return text.isprintable() or INVISIBLE().search(text) is None


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
