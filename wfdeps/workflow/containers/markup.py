"""SVG `<metadata>` and XMP packets: JSON inside XML, found without an XML parser (no entity ever expands)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape

from wfdeps.workflow.limits import MAX_JSON_BYTES

_TRIES = 64


def svg_texts(data: bytes) -> Iterator[tuple[str, object]]:
    """The members of every JSON object in the `<metadata>` of an SVG."""
    text = data[:MAX_JSON_BYTES].decode("utf-8", "replace")
    _, opening, rest = text.partition("<metadata")
    if opening:
        yield from json_objects(rest.partition("</metadata")[0])


def json_objects(text: str) -> Iterator[tuple[str, object]]:
    """The members of every JSON object inside a text, whether its quotes are written out or as entities."""
    if "&quot;" in text or "&#34;" in text:
        text = unescape(text)
    decoder, at = json.JSONDecoder(), 0
    for _ in range(_TRIES):
        at = text.find("{", at)
        if at < 0:
            return
        try:
            found, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
            continue
        if isinstance(found, dict):
            yield from (
                found.items()
                if found.keys() & {"workflow", "prompt", "parameters"}
                else (("workflow", found),)
            )
        at = end
