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


def with_replacements(info: Mapping[str, Any], replacements: object) -> Mapping[str, Any]:
    """The classes, with those that the server exchanges for another before it runs a workflow, under their old names.

    `replacements` is the answer of `/node_replacements`: old class → what stands in for it. ComfyUI takes the first,
    and only if it has that class and not the old one (app/node_replace_manager.py, `apply_replacements`).
    """
    if not isinstance(replacements, dict):
        return info
    added: dict[str, Any] = {}
    for old, options in replacements.items():
        first = options[0] if isinstance(options, list) and options else None
        node = info.get(str(first.get("new_node_id"))) if isinstance(first, dict) else None
        if old not in info and isinstance(first, dict) and isinstance(node, dict):
            added[old] = node | {"input": {"required": _old_inputs(node, first.get("input_mapping"))}}
    return {**info, **added}


def _old_inputs(node: Mapping[str, Any], mapping: object) -> dict[str, Any]:
    """The inputs that carry over, by their old names, as the new class declares them."""
    declared: dict[str, Any] = {}
    for group in dict(node.get("input") or {}).values():
        declared |= group if isinstance(group, dict) else {}
    pairs = [row for row in mapping if isinstance(row, dict)] if isinstance(mapping, list) else []
    return {
        row["old_id"]: declared[row["new_id"]]
        for row in pairs
        if isinstance(row.get("old_id"), str) and row.get("new_id") in declared
    }


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
            rows[node_class] = {
                "slots": list(_slots(node, lists)),
                "order": list(_order(node)),
                **_nested(node),
            }
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
    places = _fixed_places(node)
    found: dict[str, dict[str, Any]] = {}
    for name, spec in _inputs(node):
        options = _options(spec)
        slot = None if options is None else _slot(name, options, str(node.get("name", "")), lists)
        if slot is None:
            continue
        if name in places:
            slot["at"] = places[name]
        if before := found.get(name):  # two options of a dynamic combo may bring an input of the same name
            slot["folders"] = list(dict.fromkeys([*before["folders"], *slot["folders"]]))
            slot["none"] = list(dict.fromkeys([*before["none"], *slot["none"]]))
        found[name] = slot
    yield from found.values()


def _slot(
    name: str, options: list[str], node_class: str, lists: Mapping[str, frozenset[str]]
) -> dict[str, Any] | None:
    """The slot of one combo; None where it offers no files."""
    folders = _folders(frozenset(options), lists)
    files = [option for option in options if has_model_ending(option)]
    own_name = name.rpartition(".")[2]
    guessed = folder_of_input(own_name, node_class)
    # A combo without options lists an empty folder, if its name says which.
    is_empty = not _real(options) and guessed and (folder_by_words(own_name) or "load" in node_class.lower())
    if not (folders or files or is_empty):
        return None
    none = [option for option in options if not has_model_ending(option)] if files else []
    return {"input": name, "folders": list(folders or ((guessed,) if guessed else ())), "none": none[:100]}


def _fixed_places(node: Mapping[str, Any]) -> dict[str, int]:
    """The place of each widget among listed values, up to the first whose value adds widgets."""
    nested = _nested(node)
    places: dict[str, int] = {}
    for place, name in enumerate(_order(node)):
        if name not in nested.get("grows", {}):
            places[name] = place
        if any(name in names for names in nested.values()):
            break
    return places


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
    """Every input of a class by its full name, those inside dynamic ones too: `kind.file`, `stack.item_0`."""
    yield from _flat(_own_inputs(node.get("input")))


def _own_inputs(given: object) -> Iterator[tuple[str, object]]:
    for section in ("required", "optional"):
        inputs = given.get(section) if isinstance(given, dict) else None
        yield from inputs.items() if isinstance(inputs, dict) else ()


def _flat(inputs: Iterable[tuple[str, object]], depth: int = 0) -> Iterator[tuple[str, object]]:
    for name, spec in inputs if depth < _DEEPEST else ():
        yield name, spec
        nested = [inner for choice in _choices(name, spec).values() for inner in choice]
        yield from _flat([*nested, *_grown(name, spec)], depth + 1)


def _choices(name: str, spec: object) -> dict[str, list[tuple[str, object]]]:
    """Of a combo that brings inputs of its own with each option: those inputs. Source: `_io.DynamicCombo`."""
    if _kind(spec) != "COMFY_DYNAMICCOMBO_V3":
        return {}
    options = _more(spec).get("options")
    return {
        str(option.get("key")): [(f"{name}.{inner}", own) for inner, own in _own_inputs(option.get("inputs"))]
        for option in (options if isinstance(options, list) else ())[:_MOST]
        if isinstance(option, dict)
    }


def _grown(name: str, spec: object) -> list[tuple[str, object]]:
    """Of an input that grows: as many as there may be. Source: `_io.Autogrow`, by a list of names or by a prefix."""
    template = _more(spec).get("template")
    if _kind(spec) != "COMFY_AUTOGROW_V3" or not isinstance(template, dict):
        return []
    most = template.get("max")
    names = _strings(template.get("names")) or [
        f"{template.get('prefix', '')}{number}" for number in range(most if isinstance(most, int) else 0)
    ]
    inner = next((own for _, own in _own_inputs(template.get("input"))), None)
    return [(f"{name}.{each}", inner) for each in names[:_MOST]]


def _kind(spec: object) -> object:
    return spec[0] if isinstance(spec, list) and spec else None


def _more(spec: object) -> Mapping[str, Any]:
    return spec[1] if isinstance(spec, list) and len(spec) > 1 and isinstance(spec[1], dict) else {}


_WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO", "COMFY_DYNAMICCOMBO_V3"})
_DEEPEST, _MOST = 6, 100
"""Levels of inputs in inputs, and options or grown inputs of one."""


def _order(node: Mapping[str, Any]) -> Iterator[str]:
    """The names of a node's listed values: its widgets, a seed followed by its control; nested ones left out."""
    for name, spec in _own_inputs(node.get("input")):
        yield from _widgets(name, spec)


def _widgets(name: str, spec: object) -> Iterator[str]:
    kind, more = _kind(spec), _more(spec)
    if isinstance(kind, list) or (kind in _WIDGETS and not more.get("forceInput")):
        yield name
        if more.get("control_after_generate") or (kind == "INT" and name in ("seed", "noise_seed")):
            yield "control_after_generate"
    elif any(True for grown, own in _grown(name, spec) for _ in _widgets(grown, own)):
        yield name


def _nested(node: Mapping[str, Any]) -> dict[str, Any]:
    """The row's options for what a value brings with it: `branches` and `grows`."""
    branches: dict[str, dict[str, list[str]]] = {}
    grows: dict[str, list[str]] = {}
    for name, spec in _inputs(node):
        if choices := _choices(name, spec):
            branches[name] = {
                key: [widget for each in inner for widget in _widgets(*each)]
                for key, inner in choices.items()
            }
        if grown := [widget for each in _grown(name, spec) for widget in _widgets(*each)]:
            grows[name] = grown
    return {**({"branches": branches} if branches else {}), **({"grows": grows} if grows else {})}


def _strings(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
