"""A workflow file with other values in it: its JSON, or the PNG or WebP it is embedded in, every other byte as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from wfdeps.errors import WorkflowError
from wfdeps.workflow.containers import png, webp
from wfdeps.workflow.containers.sniff import open_container
from wfdeps.workflow.json_text import decode, parse

Change = Callable[[Any], tuple[Any, int]]
"""A document → the changed one, and how many values were changed."""
_KEYS = ("workflow", "prompt")
"""Where a container keeps its workflow; the first says what a person sees, the second what ran."""


def rewrite_json(data: bytes, change: Change) -> tuple[bytes, int]:
    """The JSON of the workflow in this file, changed, and how many values were. Raises WorkflowError."""
    source = decode(data) if (container := open_container(data)) is None else _embedded(container.texts)
    document, count = change(parse(source))
    indent = 2 if "\n" in source.strip() else None
    return (json.dumps(document, indent=indent, ensure_ascii=False) + "\n").encode(), count


def rewrite_png(data: bytes, change: Change) -> tuple[bytes, int]:
    """The PNG with the workflow and the prompt in it changed, and how many values were. Raises WorkflowError."""
    if not data.startswith(png.SIGNATURE):
        raise WorkflowError("it is no PNG", hint="name a .json file to write the workflow alone")
    return _rewritten(data, png.with_texts, change)


def rewrite_image(data: bytes, change: Change) -> tuple[bytes, int]:
    """A PNG or a WebP as `rewrite_png` does it. Raises WorkflowError."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _rewritten(data, webp.with_texts, change)
    if not data.startswith(png.SIGNATURE):
        raise WorkflowError(
            "it is neither PNG nor WebP", hint="name a .json file to write the workflow alone"
        )
    return _rewritten(data, png.with_texts, change)


def _rewritten(
    data: bytes, with_texts: Callable[[bytes, Callable[[str, str], str]], bytes], change: Change
) -> tuple[bytes, int]:
    total = 0

    def changed(keyword: str, text: str) -> str:
        nonlocal total
        if keyword not in _KEYS:
            return text
        try:
            document, count = change(parse(text))
        except WorkflowError:
            return text  # what is no JSON holds no name
        total += count
        return json.dumps(document) if count else text

    return with_texts(data, changed), total


def _embedded(texts: Any) -> str:
    found = {key: text for key, text in texts if key in _KEYS and isinstance(text, str)}
    for key in _KEYS:
        if key in found:
            return found[key]
    raise WorkflowError("no workflow stands in this file by itself")
