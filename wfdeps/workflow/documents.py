"""JSON value → the workflows in it: UI or API, alone, wrapped, bundled, or as JSON inside a string."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.values import NamedTuple
from wfdeps.workflow.api_format import is_prompt
from wfdeps.workflow.json_text import parse_or_none
from wfdeps.workflow.limits import MAX_DOCUMENTS, MAX_SEARCH_DEPTH, MAX_SEARCHED
from wfdeps.workflow.ui_format import is_workflow

_API_KEYS = ("prompt", "workflow_api", "output")
"""Where the same workflow stands in API format beside `workflow`: images and requests, comfy-deploy, `graphToPrompt`."""


class Document(NamedTuple):
    """One workflow as JSON, and where in its file it stood."""

    value: dict[str, object]
    format: str
    """`ui` or `api`."""
    key: str = ""
    """`a.b.0` within a bundle; empty for the file itself."""
    twin: dict[str, object] | None = None
    """The workflow in API format, stored beside the UI format."""


def documents_in(value: object) -> list[Document]:
    """Every workflow in a JSON value, in the file's order; empty where there is none."""
    found = []
    for document in _search(value, "", iter(range(MAX_SEARCHED)), 0):
        found.append(document)
        if len(found) >= MAX_DOCUMENTS:
            break
    return [found[0]._replace(key="")] if len(found) == 1 else found


def _search(value: object, key: str, left: Iterator[int], depth: int) -> Iterator[Document]:
    if depth > MAX_SEARCH_DEPTH or next(left, None) is None:
        return
    if isinstance(value, str):
        if may_hold(value):
            yield from _search(parse_or_none(value), key, left, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list | str):
                yield from _search(item, _below(key, index), left, depth + 1)
    elif isinstance(value, dict):
        if is_workflow(value):
            yield Document(value, "ui", key)
        elif is_prompt(value):
            yield Document(value, "api", key)
        else:
            yield from _search_wrapper(value, key, left, depth)


def _search_wrapper(
    value: dict[str, object], key: str, left: Iterator[int], depth: int
) -> Iterator[Document]:
    """A request body's `prompt` is what runs; elsewhere `workflow` wins over its API format, which only checks it."""
    is_request = isinstance(value.get("extra_data"), dict) and "prompt" in value
    second = next((key for key in _API_KEYS if key in value), "prompt")
    first, second = ("prompt", "extra_data") if is_request else ("workflow", second)
    first_found = (
        list(_search(value.get(first), _below(key, first), left, depth + 1)) if first in value else []
    )
    second_found = (
        list(_search(value.get(second), _below(key, second), left, depth + 1)) if second in value else []
    )
    if first_found:
        if len(first_found) == 1 and len(second_found) == 1:
            first_found = [paired(first_found[0], second_found[0])]
        yield from first_found
    else:
        yield from second_found
    for name, inner in value.items():
        if name not in (first, second) and isinstance(inner, dict | list | str):
            if (is_request and name == "extra_data") or (isinstance(inner, str) and not may_hold(inner)):
                continue
            yield from _search(inner, _below(key, name), left, depth + 1)


def paired(document: Document, other: Document) -> Document:
    """One document of two that stand side by side; the API format of the pair is kept to compare."""
    if document.format == "ui" and other.format == "api":
        return document._replace(twin=other.value)
    return document


def may_hold(text: str) -> bool:
    """Whether a text can be the JSON of a workflow at all."""
    return ('nodes"' in text or "class_type" in text or "nodes\\" in text) and text.lstrip()[:1] in (
        "{",
        "[",
        '"',
    )


def _below(key: str, name: object) -> str:
    return f"{key}.{name}" if key else str(name)
