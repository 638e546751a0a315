"""Text from outside for JSON on a terminal and for a shell; `visible` is the domain's."""

from __future__ import annotations

from wfdeps.domain.visible import INVISIBLE, is_visible, visible
from wfdeps.patterns import pattern

__all__ = ["is_visible", "json_text", "shell_word", "visible"]

_PLAIN_WORD = pattern(r"[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./~-]*")


def json_text(text: str) -> str:
    """JSON as it may go to a terminal: what would not show is written as `\\u202e`, which JSON reads back."""
    return INVISIBLE().sub(lambda found: found[0] if found[0] == "\n" else f"\\u{ord(found[0]):04x}", text)


def shell_word(text: str) -> str:
    """One visible text as one word for a POSIX shell, to be pasted; a leading `-` does not make it an option."""
    if text.startswith("-"):
        text = f"./{text}"
    return text if _PLAIN_WORD().fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"
