"""ComfyUI's errors → Rejections: the body of a refused prompt, an execution error, or its log.

Shapes: `validate_prompt` and `validate_inputs` in ComfyUI's execution.py; a combo of more than twenty options is
told as `(list of length N)` with no `input_config`. Serverless workers hand the same on as text.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches

from wfdeps.domain.explanations import Rejection
from wfdeps.domain.files import base_name

MAX_DEPTH = 12
_LITERAL = 200_000
"""Characters; a longer printed list is not read."""

# `folder_paths.get_full_path_or_raise`
_NOT_FOUND = re.compile(r"Model in folder '([^']*)' with filename '(.*)' not found")
_DETAILS = re.compile(
    r"^(?P<input>[^:\n]+): (?P<quote>['\"]?)(?P<value>.*?)(?P=quote) not in (?P<list>\[.*\]|\(list of length \d+\))$",
    re.S,
)
_LOG_NODE = re.compile(r"^\s*\* (?P<node_class>.+) (?P<node_id>[\w:.-]+):\s*$")
_LOG_ERROR = re.compile(r"^\s*- (?P<message>[^:]+): (?P<details>.*)$")
# worker-comfyui's handler: one line for each member of a node's error.
_WORKER = re.compile(
    r"Node (?P<node_id>[\w:.-]+) \((?P<member>errors|class_type|dependent_outputs)\): (?P<value>.*)"
)
_TYPES = {"value not in list": "value_not_in_list", "required input is missing": "required_input_missing"}


def rejections_in(text: str) -> tuple[Rejection, ...]:
    """Every complaint in an error body, a saved message or a piece of log; empty where there is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return _distinct(_of_text(text))
    return _distinct(_search(document, 0))


def alike(value: str, options: Sequence[str]) -> tuple[str, ...]:
    """Of the options, those that may be meant: same file in another folder or spelling first, then close names."""
    same = same_file(value, options)
    close = get_close_matches(_base(value), [_base(option) for option in options], n=3, cutoff=0.8)
    return tuple(
        dict.fromkeys((*same, *(option for name in close for option in options if _base(option) == name)))
    )


def same_file(value: str, options: Sequence[str]) -> tuple[str, ...]:
    """Those of the same file name, subfolders, separators and letter case aside."""
    return tuple(option for option in options if _base(option) == _base(value))


def _search(value: object, depth: int) -> Iterator[Rejection]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        node_errors = value.get("node_errors")
        if isinstance(node_errors, dict) and node_errors:
            for node_id, error in node_errors.items():
                yield from _of_node(str(node_id), error)
            return
        if "exception_message" in value:
            yield _of_exception(value)
            return
        if (
            isinstance(value.get("type"), str)
            and isinstance(value.get("message"), str)
            and "details" in value
        ):
            yield _of_prompt(value)
            return
        for inner in value.values():
            yield from _search(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _search(inner, depth + 1)
    elif isinstance(value, str):
        yield from _of_string(value, depth)


def _of_string(text: str, depth: int) -> Iterator[Rejection]:
    """JSON inside a string, as queues and workers wrap it, or log text."""
    if text.lstrip().startswith(("{", "[")):
        try:
            yield from _search(json.loads(text), depth + 1)
            return
        except (ValueError, RecursionError):
            pass
    yield from _of_text(text)


def _of_node(node_id: str, error: object) -> Iterator[Rejection]:
    if not isinstance(error, dict):
        return
    outputs = tuple(str(output) for output in _list(error.get("dependent_outputs")))
    for row in _list(error.get("errors")):
        if isinstance(row, dict):
            yield _of_error(row, node_id, _text(error.get("class_type")), outputs)


def _of_error(
    error: Mapping[str, object], node_id: str, node_class: str, outputs: tuple[str, ...]
) -> Rejection:
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    details = _text(error.get("details"))
    printed = _DETAILS.match(details)
    received = extra.get("received_value")
    options = _options(extra.get("input_config"))
    if options is None and printed:
        options = _printed(printed["list"])
    return Rejection(
        type=_text(error.get("type")),
        message=": ".join(part for part in (_text(error.get("message")), details) if part),
        node_id=node_id,
        node_class=node_class,
        input=_text(extra.get("input_name")) or (printed["input"] if printed else ""),
        value=received if isinstance(received, str) else printed["value"] if printed else "",
        options=options,
        outputs=outputs,
    )


def _of_prompt(error: Mapping[str, object]) -> Rejection:
    """A complaint about the whole prompt: a node class that is not installed, no outputs …"""
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    return Rejection(
        type=_text(error.get("type")),
        message=": ".join(
            part for part in (_text(error.get("message")), _text(error.get("details"))) if part
        ),
        node_id=_text(extra.get("node_id")),
        node_class=_text(extra.get("class_type")),
    )


def _of_exception(error: Mapping[str, object]) -> Rejection:
    """A run that broke: the file was there when the prompt was checked, or nobody checks that input."""
    message = _text(error.get("exception_message")).strip()
    missing = _NOT_FOUND.search(message)
    return Rejection(
        type=_text(error.get("exception_type")) or "exception",
        message=message,
        node_id=_text(error.get("node_id")),
        node_class=_text(error.get("node_type")),
        value=missing[2] if missing else "",
        folder=missing[1] if missing else "",
    )


def _of_text(text: str) -> Iterator[Rejection]:
    yield from _of_log(text)
    yield from _of_worker(text)
    for missing in _NOT_FOUND.finditer(text):
        yield Rejection("FileNotFoundError", missing[0], value=missing[2], folder=missing[1])


def _of_log(text: str) -> Iterator[Rejection]:
    """`* CheckpointLoaderSimple 4:` and below it `- Value not in list: ckpt_name: 'x' not in [...]`."""
    node_id = node_class = ""
    for line in text.splitlines():
        if node := _LOG_NODE.match(line):
            node_class, node_id = node["node_class"], node["node_id"]
        elif node_class and (error := _LOG_ERROR.match(line)):
            kind = _TYPES.get(error["message"].lower(), error["message"].lower().replace(" ", "_"))
            row = {"type": kind, "message": error["message"], "details": error["details"]}
            yield _of_error(row, node_id, node_class, ())


def _of_worker(text: str) -> Iterator[Rejection]:
    nodes: dict[str, dict[str, object]] = {}
    for line in _WORKER.finditer(text):
        value = line["value"].strip()
        literal = _literal(value) if line["member"] != "class_type" else value
        nodes.setdefault(line["node_id"], {})[line["member"]] = literal
    for node_id, error in nodes.items():
        yield from _of_node(node_id, error)


def _options(config: object) -> tuple[str, ...] | None:
    """The choices of an input's declaration: `[[a, b], {…}]`, or `["COMBO", {"options": [a, b]}]`."""
    if not isinstance(config, list) or not config:
        return None
    first, second = config[0], config[1] if len(config) > 1 else None
    if isinstance(first, list):
        return tuple(map(str, first))
    if isinstance(second, dict) and isinstance(second.get("options"), list):
        return tuple(map(str, second["options"]))
    return None


def _printed(text: str) -> tuple[str, ...] | None:
    values = _literal(text)
    return tuple(map(str, values)) if isinstance(values, list) else None


def _literal(text: str) -> object:
    """A printed Python value; None where it is none."""
    if len(text) > _LITERAL:
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _distinct(rejections: Iterator[Rejection]) -> tuple[Rejection, ...]:
    return tuple(dict.fromkeys(rejections))


def _base(name: str) -> str:
    return base_name(name).casefold()


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""
