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
from wfdeps.domain.files import base_name, split_ending
from wfdeps.domain.folders import FOLDER_KEYS, MODEL_ENDINGS, canonical_key
from wfdeps.match.causes import cause_of
from wfdeps.values import replace

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
_DIALOG_NODE = re.compile(r"^(?! )(?P<node_class>[^*\n].*?):\s*$")
"""The frontend's dialog: `VAELoader:` and, below it, lines that begin with `- `."""
_LOG_ERROR = re.compile(r"^\s*- (?P<message>[^:]+): (?P<details>.*)$")
# worker-comfyui's handler: one line for each member of a node's error.
_WORKER = re.compile(
    r"Node (?P<node_id>[\w:.-]+) \((?P<member>errors|class_type|dependent_outputs)\): (?P<value>.*)"
)
_TYPES = {
    "value not in list": "value_not_in_list",
    "required input is missing": "required_input_missing",
    "return type mismatch between linked nodes": "return_type_mismatch",
    "custom validation failed for node": "custom_validation_failed",
    "exception when validating inner node": "exception_during_inner_validation",
    "exception when validating node": "exception_during_validation",
    "bad linked input, must be a length-2 list of [node_id, slot_index]": "bad_linked_input",
    "failed to convert an input value to a int value": "invalid_input_type",
    "failed to convert an input value to a float value": "invalid_input_type",
    "failed to convert an input value to a string value": "invalid_input_type",
}
"""ComfyUI's sentences in `validate_inputs`, small, and its words for them."""


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
            yield from _of_exception(value)
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
    received, is_given = extra.get("received_value"), "received_value" in extra
    options = _options(extra.get("input_config"))
    if options is None and printed:
        options = _printed(printed["list"])
    return Rejection(
        type=_text(error.get("type")),
        message=": ".join(part for part in (_text(error.get("message")), details) if part),
        node_id=node_id,
        node_class=node_class,
        input=_text(extra.get("input_name")) or (printed["input"] if printed else ""),
        value=received
        if isinstance(received, str)
        else ""
        if is_given
        else printed["value"]
        if printed
        else "",
        options=options,
        outputs=outputs,
    )


def _of_prompt(error: Mapping[str, object]) -> Rejection:
    """A complaint about the whole prompt: a node class that is not installed, no outputs …"""
    extra = error.get("extra_info")
    extra = extra if isinstance(extra, dict) else {}
    message = _text(error.get("message"))
    no_node = _NO_NODE.search(message)  # ComfyUI before 0.3.51 says the class in its sentence alone
    return Rejection(
        type="missing_node_type" if no_node else _text(error.get("type")),
        message=": ".join(part for part in (message, _text(error.get("details"))) if part),
        node_id=_text(extra.get("node_id")),
        node_class=_text(extra.get("class_type")) or (no_node["node_class"] if no_node else ""),
    )


def _of_exception(error: Mapping[str, object]) -> Iterator[Rejection]:
    """A run that broke, once for each file that its node was given: the message rarely says which."""
    message = _text(error.get("exception_message")).strip()
    kind = _text(error.get("exception_type")) or "exception"
    not_found = _NOT_FOUND.search(message)
    broken = _with_path(
        Rejection(
            type=kind,
            message=message or f"{kind}, without a message",
            node_id=_text(error.get("node_id")),
            node_class=_text(error.get("node_type")),
            value=not_found[2] if not_found else "",
            folder=not_found[1] if not_found else "",
        )
    )
    inputs = error.get("current_inputs")
    files = list(_files_in(inputs)) if isinstance(inputs, dict) and not not_found else []
    if broken.path:
        files = [
            (name, value) for name, value in files if base_name(value) == base_name(broken.path)
        ] or files
    if not files:
        yield broken
    for name, value in files:
        yield replace(broken, input=name, value=value, folder="")


def _files_in(inputs: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(input, file name) for each value that names a model file; ComfyUI gives every input as a list."""
    for name, given in inputs.items():
        for value in given if isinstance(given, list) else [given]:
            if isinstance(value, str) and _is_model(value):
                yield str(name), value


def _is_model(value: str) -> bool:
    return len(value) < 500 and split_ending(value.replace("\\", "/"))[1].lower() in MODEL_ENDINGS


_PATH = re.compile(r"(?:File path: |model type of: )(?P<path>[^\n]+)")


def _with_path(broken: Rejection) -> Rejection:
    """The rejection with the file that its message names by a path: below a folder of a known key it has its name."""
    named = _PATH.search(broken.message)
    if named is None:
        return broken
    path = named["path"].strip()
    parts = path.replace("\\", "/").split("/")
    for number in range(len(parts) - 2, -1, -1):
        if canonical_key(parts[number]) in FOLDER_KEYS:
            name = "/".join(parts[number + 1 :])
            return replace(broken, path=path, value=broken.value or name, folder=canonical_key(parts[number]))
    return replace(broken, path=path, value=broken.value or parts[-1])


def _of_text(text: str) -> Iterator[Rejection]:
    found = [*_of_log(text), *_of_worker(text), *_of_report(text)]
    for line in _NOT_FOUND.finditer(text):
        found.append(Rejection("FileNotFoundError", line[0], value=line[2], folder=line[1]))
    found += _embeddings(text)
    found += _not_installed(text)
    yield from found
    if not found:
        yield from _of_console(text)


_IGNORED_EMBEDDING = re.compile(r"warning, embedding:(?P<name>.+?),? does not exist, ignoring")
_NO_NODE = re.compile(
    r"(?:Cannot execute because node |Node ')(?P<node_class>[^'\n]+?)(?:'(?= not found)| does not exist)"
)
_REPORT = re.compile(
    r"\*\*(?P<key>Node ID|Node Type|Exception Type|Exception Message):\*\* ?(?P<value>[^\n]*)"
)
_GATED = re.compile(r"Cannot access gated repo for url (?P<url>\S+?)\.?(?=\s|$)")


def _embeddings(text: str) -> Iterator[Rejection]:
    """What `sd1_clip` prints for an embedding it did not find; `embedding:a,embedding:b` is one name to it."""
    for line in _IGNORED_EMBEDDING.finditer(text):
        names = [name.strip(" ,") for name in line["name"].split("embedding:")]
        kind = "embedding_glued" if len(names) > 1 else "embedding_not_found"
        for name in filter(None, names):
            yield Rejection(kind, line[0], value=name, folder="embeddings")


def _not_installed(text: str) -> Iterator[Rejection]:
    for line in _NO_NODE.finditer(text):
        yield Rejection("missing_node_type", line[0], node_class=line["node_class"])


def _of_report(text: str) -> Iterator[Rejection]:
    """The frontend's error report: `- **Node ID:** 4` and so on, in Markdown."""
    rows = {line["key"]: line["value"].strip() for line in _REPORT.finditer(text)}
    if "Exception Type" in rows:
        message = rows.get("Exception Message", "")
        if (named := _PATH.search(text)) and named[0] not in message:
            message = f"{message}\n{named[0]}"
        yield from _of_exception(
            {
                "node_id": rows.get("Node ID", ""),
                "node_type": rows.get("Node Type", ""),
                "exception_type": rows["Exception Type"],
                "exception_message": message,
            }
        )


def _of_console(text: str) -> Iterator[Rejection]:
    """Lines of a console that say why a file could not be loaded, each cause once; a path may stand some lines below."""
    known = set()
    for line in text.splitlines():
        message = line.strip().removeprefix("!!! Exception during processing !!!").strip()
        cause = cause_of("", message)
        if cause is None or cause in known:
            continue
        known.add(cause)
        if gated := _GATED.search(text):
            yield Rejection("gated", gated[0], value=gated["url"])
            return
        if named := _PATH.search(text):
            message = f"{message}\n{named[0]}" if named[0] not in message else message
        yield _with_path(Rejection("exception", message))


def _of_log(text: str) -> Iterator[Rejection]:
    """`* CheckpointLoaderSimple 4:` and below it `- Value not in list: ckpt_name: 'x' not in [...]`.

    In the frontend's dialog, `CheckpointLoaderSimple:`; there only ComfyUI's own sentences are errors.
    """
    node_id = node_class = ""
    in_dialog = False
    for line in text.splitlines():
        if node := _LOG_NODE.match(line):
            node_class, node_id, in_dialog = node["node_class"], node["node_id"], False
        elif node := _DIALOG_NODE.match(line):
            node_class, node_id, in_dialog = node["node_class"], "", True
        elif node_class and (error := _LOG_ERROR.match(line)):
            message = error["message"].lower()
            if in_dialog and message not in _TYPES:
                continue
            kind = _TYPES.get(message, message.replace(" ", "_"))
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
