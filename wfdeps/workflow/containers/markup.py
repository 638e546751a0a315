"""SVG `<metadata>` and XMP packets: JSON inside XML, found without an XML parser (no entity ever expands)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape

from wfdeps.workflow.limits import MAX_JSON_BYTES, Budget


def svg_texts(data: bytes) -> Iterator[tuple[str, str]]:
    """The `<metadata>` of an SVG, which holds JSON as an XMP packet does."""
    text = data[:MAX_JSON_BYTES].decode("utf-8", "replace")
    _, opening, rest = text.partition("<metadata")
    if opening:
        yield "xmp", rest.partition("</metadata")[0]


def json_objects(text: str, budget: Budget) -> Iterator[tuple[str, object]]:
    """The members of every JSON object inside a text, whether its quotes are written out or as entities."""
    if "&quot;" in text or "&#34;" in text:
        text = unescape(text)
    decoder, at = json.JSONDecoder(), text.find("{")
    while at >= 0:
        try:
            found, end = decoder.raw_decode(text, at)
        except RecursionError:
            found, end = None, at + 1
        except ValueError as error:
            # What was read in vain counts, so that a text of nothing but `{"":` is not read once for each of them.
            read = error.pos - at if isinstance(error, json.JSONDecodeError) else len(text) - at
            if not budget.take_json(read):
                return
            at = text.find("{", at + 1)
            continue
        if not budget.take_json(end - at):
            return
        if isinstance(found, dict):
            yield from (
                found.items()
                if found.keys() & {"workflow", "prompt", "parameters"}
                else (("workflow", found),)
            )
        at = text.find("{", end)
