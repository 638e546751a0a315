"""A ComfyUI's `/object_info` → rows for the loader table: every class installed there, exactly.

A combo that offers files names models. Their folder is that of our own table, else that of the `/models/{folder}` list
whose files it offers, else the one that the input's name suggests. Source: ComfyUI server.py `node_info`, `_io.Combo.as_dict`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wfdeps.domain.folders import FOLDER_KEYS, canonical_key
from wfdeps.errors import UsageError, WorkflowError
from wfdeps.workflow.guess import folder_by_words, folder_of_input
from wfdeps.workflow.json_text import parse
from wfdeps.workflow.loaders import LoaderTable
from wfdeps.workflow.names import NO_FILE, has_model_ending


def parse_object_info(
    data: bytes, path: str = "this object_info"
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """A saved `/object_info`, and the `/models/{folder}` lists where they were saved with it; `path` names it in errors.

    The file is ComfyUI's answer itself, or `{"object_info": …, "models": {folder: [names]}}`. Raises UsageError
    for anything else.
    """
    try:
        value = parse(data)
    except WorkflowError as error:
        raise UsageError(f"`{path}` is {error.message}") from error
    models: object = {}
    if isinstance(value, dict) and isinstance(value.get("object_info"), dict):
        value, models = value["object_info"], value.get("models")
    if not isinstance(value, dict) or not any(
        isinstance(node, dict) and "input" in node for node in value.values()
    ):
        raise UsageError(
            f"`{path}` is not an object_info",
            hint="save the answer of http://127.0.0.1:8188/object_info to a file",
        )
    return value, models if isinstance(models, dict) else {}


def options_of(info: Mapping[str, Any], node_class: str, name: str) -> list[str] | None:
    """The options of one input of a class; None where it is no combo, or not there."""
    node = info.get(node_class)
    if not isinstance(node, dict):
        return None
    return next((_options(spec) for given, spec in _inputs(node) if given == name), None)


def rows_of(
    info: Mapping[str, Any], model_lists: Mapping[str, Any], table: LoaderTable
) -> tuple[dict[str, Any], list[str]]:
    """Rows for the classes our table does not list, and the names of all output classes."""
    lists = {key: frozenset(_strings(files)) for key, files in model_lists.items()}
    rows: dict[str, Any] = {}
    outputs = []
    for node_class, node in info.items():
        if not isinstance(node, dict):
            continue
        if node.get("output_node"):
            outputs.append(node_class)
        raw = table.raw(node_class, str(node.get("python_module", "")).rpartition(".")[2])
        if raw is not None:
            rows[node_class] = _replaced(raw, list(_order(node)))
        elif table.row(node_class) is None:
            rows[node_class] = {"slots": list(_slots(node, lists)), "order": list(_order(node))}
    return rows, outputs


def _replaced(raw: Mapping[str, Any], order: list[str]) -> dict[str, Any]:
    """Our row with the places of the version that is installed."""
    slots = [
        {**slot, "at": order.index(slot["input"])}
        if slot["input"] in order and "repeat" not in slot
        else slot
        for slot in raw.get("slots", ())
    ]
    return {**raw, "slots": slots, "order": order}


def _slots(node: Mapping[str, Any], lists: Mapping[str, frozenset[str]]) -> Iterator[dict[str, Any]]:
    order = list(_order(node))
    for name, spec in _inputs(node):
        options = _options(spec)
        if options is None:
            continue
        folders = _folders(frozenset(options), lists)
        files = [option for option in options if has_model_ending(option)]
        node_class = str(node.get("name", ""))
        guessed = folder_of_input(name, node_class)
        # A combo without options lists an empty folder, if its name says which.
        is_empty = not _real(options) and guessed and (folder_by_words(name) or "load" in node_class.lower())
        if not (folders or files or is_empty):
            continue
        none = [option for option in options if not has_model_ending(option)] if files else []
        yield {
            "input": name,
            "folders": list(folders or ((guessed,) if guessed else ())),
            "at": order.index(name),
            "none": none[:100],
        }


def _folders(options: frozenset[str], lists: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The folders whose files the combo offers: all of one list, and nothing but lists and sentinels."""
    real = set(_real(options))
    inside = {canonical_key(key): files for key, files in lists.items() if files and files <= real}
    covered = frozenset().union(*inside.values()) if inside else frozenset()
    if not real or len(real - covered) > max(2, len(real) // 10):
        return ()
    known = [key for key in FOLDER_KEYS if key in inside]
    return (*known, *(key for key in inside if key not in FOLDER_KEYS))


def _real(options: Iterable[str]) -> list[str]:
    return [option for option in options if option.lower() not in NO_FILE]


def _options(spec: object) -> list[str] | None:
    """The options of a combo, `[[…], {…}]` or `["COMBO", {"options": […]}]`; None where it is none."""
    if not isinstance(spec, list) or not spec:
        return None
    if isinstance(spec[0], list):
        return _strings(spec[0])
    more = spec[1] if len(spec) > 1 and isinstance(spec[1], dict) else {}
    return _strings(more.get("options")) if spec[0] == "COMBO" else None


def _inputs(node: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    given = node.get("input")
    for section in ("required", "optional"):
        inputs = given.get(section) if isinstance(given, dict) else None
        yield from inputs.items() if isinstance(inputs, dict) else ()


_WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})


def _order(node: Mapping[str, Any]) -> Iterator[str]:
    """The names of a node's listed values: its widgets, a seed followed by its control."""
    for name, spec in _inputs(node):
        kind = spec[0] if isinstance(spec, list) and spec else None
        more = spec[1] if isinstance(spec, list) and len(spec) > 1 and isinstance(spec[1], dict) else {}
        if isinstance(kind, list) or (kind in _WIDGETS and not more.get("forceInput")):
            yield name
            if more.get("control_after_generate") or (kind == "INT" and name in ("seed", "noise_seed")):
                yield "control_after_generate"


def _strings(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
