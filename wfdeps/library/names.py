"""How names are folded for looking up: what differs in case, ending or Unicode form only is looked at together."""

from __future__ import annotations

from os.path import splitext


def fold(name: str) -> str:
    """Equal for names that a careless person, or a case-blind file system, takes for one."""
    if name.isascii():
        return name.lower()
    import unicodedata

    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def folded_stem(basename: str) -> str:
    """The folded name without its last ending."""
    return fold(splitext(basename)[0])
