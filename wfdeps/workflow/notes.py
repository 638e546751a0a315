"""URLs in notes: hints for the refs whose file name they contain, never requirements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.urls import without_secrets
from wfdeps.patterns import pattern
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.domain.refs import ModelRef

_URL = pattern(r"https?://[^\s\"'<>()\[\]{}|`\\^]{4,2000}")
_LINK = pattern(r"\[([^\]\n]{1,300})\]\((https?://[^\s)]{4,2000})\)")


def with_hints(refs: Iterable[ModelRef], notes: Sequence[str]) -> tuple[ModelRef, ...]:
    """The same refs, those whose file a note links to with that URL."""
    links = _links(notes)
    if not links:
        return tuple(refs)
    return tuple(_hinted(ref, links) for ref in refs)


def _links(notes: Sequence[str]) -> list[tuple[str, str]]:
    """Every URL with the text it may be recognised by: its own, and the words of its Markdown link."""
    found: dict[str, str] = {}
    for note in notes:
        for words, url in _LINK().findall(note):
            found[url] = f"{words}\n{found.get(url, '')}"
        for url in _URL().findall(note):
            found.setdefault(url.rstrip(".,;:!?*"), "")
    return [(url, f"{_readable(url)}\n{words}".lower()) for url, words in found.items()]


def _readable(url: str) -> str:
    if "%" not in url:
        return url
    from urllib.parse import unquote  # most URLs are plain

    return unquote(url)


def _hinted(ref: ModelRef, links: list[tuple[str, str]]) -> ModelRef:
    name = ref.name.replace("\\", "/").rpartition("/")[2].lower()
    if len(name) < 5:
        return ref
    hints = [without_secrets(url) for url, text in links if name in text]
    hints = [url for url in dict.fromkeys((*ref.hints, *hints)) if url not in ref.urls]
    return replace(ref, hints=tuple(hints)) if hints else ref
