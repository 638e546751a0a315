"""Text from outside made harmless: control characters, terminal escapes, reversed reading order."""

from __future__ import annotations

import re

# C0 and C1 controls, DEL, line and paragraph separators, zero-width and bidi marks, the BOM, lone surrogates.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff]"
)
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_@%+=:,./\\~-]+")


def visible(text: str) -> str:
    """The same text on one line, each character that would not show written as `\\x1b` or `\\u202e`."""
    return _INVISIBLE.sub(_escape, text)


def is_visible(text: str) -> bool:
    """Whether every character shows as itself."""
    return _INVISIBLE.search(text) is None


def json_text(text: str) -> str:
    """JSON as it may go to a terminal: what would not show is written as `\\u202e`, which JSON reads back."""
    return _INVISIBLE.sub(lambda found: found[0] if found[0] in "\n" else f"\\u{ord(found[0]):04x}", text)


def shell_word(text: str) -> str:
    """One word for a POSIX shell, to be pasted; the text must be visible. A leading `-` cannot turn it into an option."""
    if text.startswith("-"):
        text = f"./{text}"
    if _PLAIN_WORD.fullmatch(text) and "\\" not in text and not text.startswith("~"):
        return text
    return "'" + text.replace("'", "'\"'\"'") + "'"


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
