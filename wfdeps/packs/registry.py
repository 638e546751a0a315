"""One pack's modules → the node classes it registers, the folder keys it adds, and its loaders' rows.

ComfyUI takes `NODE_CLASS_MAPPINGS` of the pack's `__init__`, else what `comfy_entrypoint` gives (nodes.py,
`load_custom_node`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.folders import WITHOUT_MODELS
from wfdeps.domain.nodes import NodePack
from wfdeps.packs.evaluate import REGISTRY, Pack
from wfdeps.packs.meanings import (
    UNKNOWN,
    Called,
    Class,
    Files,
    Later,
    ListOf,
    MapOf,
    Module,
    StubFunction,
    Value,
)
from wfdeps.packs.source import Stub

if TYPE_CHECKING:
    from typing import Any

ENTRYPOINT = "comfy_entrypoint"
WORDS = (REGISTRY.encode(), ENTRYPOINT.encode(), b"folder_names_and_paths", b"add_model_folder_path")
"""A module without any of them registers nothing by itself."""
_FOLDER_WORDS = ("add_model_folder_path", "folder_names_and_paths")
_LISTS_FILES = "get_filename_list"
_NODE_ID = re.compile(r"""\bnode_id\s*=\s*(["'])([^"'\n\\]+)\1""")
_MAX_CLASSES = 20_000
_MAX_NAME = 300
_WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"})
_SEEDS = ("seed", "noise_seed")


def read_pack(name: str, files: Mapping[str, bytes], root: str = "__init__.py") -> NodePack:
    """What the pack of these files registers; `root` is the module that ComfyUI imports. Raises nothing."""
    pack = Pack(files, name)
    module = pack.module(root)
    if module is None:
        return NodePack(name)  # ComfyUI cannot import it either
    for path in pack.paths_with(REGISTRY):
        pack.module(path)  # one may fill the register of another
    found = dict(_registered(pack, module))
    for word in _FOLDER_WORDS:
        for path in pack.paths_with(word):
            pack.module(path)
    complete = found.pop("", None) is None and not pack.is_exhausted
    if not complete:
        found = {**dict.fromkeys(_named_anywhere(pack), UNKNOWN), **found}
    classes = [node_class for node_class in found if len(node_class) <= _MAX_NAME][:_MAX_CLASSES]
    return NodePack(name, frozenset(classes), complete, tuple(pack.folder_keys), dict(_rows(pack, found)))


def read_core(files: Mapping[str, bytes]) -> NodePack:
    """What ComfyUI itself registers, from `nodes.py` and the modules of its `comfy_extras` and `comfy_api_nodes`."""
    pack = Pack(files)
    found: dict[str, Value] = {}
    for path in files:
        module = pack.module(path)
        if module is not None:
            found.update(_registered(pack, module))
    # Sources without this class are a stub, or are laid out in a way we do not know: every ComfyUI has had it.
    complete = found.pop("", None) is None and not pack.is_exhausted and "KSampler" in found
    return NodePack("", frozenset(found), complete)


def _registered(pack: Pack, module: Module) -> Iterator[tuple[str, Value]]:
    """Every class that importing the module registers, by name; under the empty name, that there may be more."""
    register = pack.value(module, REGISTRY)
    if module.is_broken or (module.is_open and register is UNKNOWN and ENTRYPOINT not in module.names):
        yield "", UNKNOWN
        return
    if isinstance(register, MapOf):
        for key, value in register.items.items():
            if isinstance(key, str) and key:
                yield key, value
        if register.is_open:
            yield "", UNKNOWN
    elif REGISTRY in module.names:
        yield "", UNKNOWN
    if ENTRYPOINT in module.names:
        yield from _of_extension(pack, pack.call(pack.value(module, ENTRYPOINT), ()))


def _of_extension(pack: Pack, extension: Value) -> Iterator[tuple[str, Value]]:
    """The classes of a V3 `ComfyExtension`."""
    nodes = pack.call(pack.attribute(extension, "get_node_list"), ())
    if not isinstance(nodes, ListOf) or nodes.is_open:
        yield "", UNKNOWN
    for node in nodes.items if isinstance(nodes, ListOf) else ():
        node_id = _node_id(pack, node)
        yield node_id, node


def _node_id(pack: Pack, node: Value) -> str:
    """The id in the class's schema; empty where it cannot be read."""
    if not isinstance(node, Class):
        return ""
    if isinstance(node.stub, Stub) and len(named := _NODE_ID.findall(node.stub.text)) == 1:
        return str(named[0][1])  # most: parsing the class would tell no more
    schema = _schema(pack, node)
    given = schema.named.get("node_id", schema.args[0] if schema.args else UNKNOWN) if schema else UNKNOWN
    return given if isinstance(given, str) else ""


def _schema(pack: Pack, node: Class) -> Called | None:
    answer = pack.call(pack.attribute(node, "define_schema"), ())
    return answer if isinstance(answer, Called) and answer.name.endswith("Schema") else None


def _named_anywhere(pack: Pack) -> Iterator[str]:
    """Names that stand in any register or schema of the pack: of one that cannot be read in full, each counts as there."""
    for module in pack.modules():
        for name in module.names:
            if REGISTRY in name or "CLASS_MAPPINGS" in name:
                register = pack.value(module, name)
                if isinstance(register, MapOf):
                    yield from (key for key in register.items if isinstance(key, str) and key)
    for path in pack.paths_with("define_schema"):
        for _, node_id in _NODE_ID.findall(pack.files[path].decode("utf-8", "replace")):
            yield node_id


# ── rows


def _rows(pack: Pack, found: Mapping[str, Value]) -> Iterator[tuple[str, dict[str, Any]]]:
    if not pack.paths_with(_LISTS_FILES):
        return
    words: dict[str, Sequence[str]] = {}
    for node_class, value in found.items():
        if not isinstance(value, Class):
            continue
        if value.module.path not in words:
            words[value.module.path] = list(_words_for_files(pack, value.module))
        if isinstance(value.stub, Stub) and not any(
            word in value.stub.text for word in words[value.module.path]
        ):
            continue
        row = _row(_inputs_of(pack, value))
        if row and len(node_class) <= _MAX_NAME:
            yield node_class, row


def _words_for_files(pack: Pack, module: Module) -> Iterator[str]:
    """What the text of a class has in it where it may offer model files."""
    yield _LISTS_FILES
    for name, value in module.names.items():
        match value:
            case Files():
                yield name
            case StubFunction(stub=stub) if _LISTS_FILES in stub.text:
                yield name
            case Later(module=source) if _LISTS_FILES.encode() in pack.files.get(source.path, b""):
                yield name
            case Class(stub=Stub(text=text)) if _LISTS_FILES in text:
                yield f"({name})"


_Input = tuple[str, Value, Mapping[str, Value]]
"""An input's name, what it takes (a type's name or its options), and its further settings."""


def _inputs_of(pack: Pack, node: Class) -> Sequence[_Input | None]:
    """The inputs in their order; None for one that cannot be read."""
    schema = _schema(pack, node)
    if schema is not None:
        inputs = schema.named.get("inputs")
        if not isinstance(inputs, ListOf):
            return ()
        return [*map(_schema_input, inputs.items), *([None] if inputs.is_open else [])]
    return list(_input_types(pack.call(pack.attribute(node, "INPUT_TYPES"), ())))


def _input_types(given: Value) -> Iterator[_Input | None]:
    for section in ("required", "optional"):
        inputs = given.items.get(section) if isinstance(given, MapOf) else UNKNOWN
        if inputs is None and isinstance(given, MapOf) and not given.is_open:
            continue
        if not isinstance(inputs, MapOf):
            yield None
            continue
        for name, spec in inputs.items.items():
            if isinstance(spec, ListOf) and spec.items and isinstance(name, str):
                more = spec.items[1] if len(spec.items) > 1 else None
                settings = (
                    {str(key): one for key, one in more.items.items()} if isinstance(more, MapOf) else {}
                )
                yield name, spec.items[0], settings
            elif isinstance(spec, Files) and isinstance(name, str):
                yield name, spec, {}  # `(get_filename_list("key"))`, without its comma, is not a tuple
            else:
                yield None
        if inputs.is_open:
            yield None


def _schema_input(given: Value) -> _Input | None:
    """`io.Combo.Input("name", options=…)` in the shape of INPUT_TYPES."""
    if not isinstance(given, Called) or not given.name.endswith(".Input"):
        return None
    name = given.args[0] if given.args else given.named.get("id")
    if not isinstance(name, str):
        return None
    kind = given.name.split(".")[-2].upper()
    settings = {**given.named, "forceInput": given.named.get("force_input")}
    if kind in ("COMBO", "MULTICOMBO"):
        options = given.named.get("options", given.args[1] if len(given.args) > 1 else UNKNOWN)
        return name, options if isinstance(options, ListOf | Files) else "COMBO", settings
    return (name, kind, settings) if not kind.startswith(("DYNAMIC", "AUTOGROW", "MATCHTYPE")) else None


def _row(inputs: Sequence[_Input | None]) -> dict[str, Any]:
    """The row of a loader; empty where no input offers model files."""
    order = list(_order(inputs)) if None not in inputs else []
    slots = []
    for one in inputs:
        if one is None or not isinstance(one[1], Files):
            continue
        name, files = one[0], one[1]
        keys = [key for key in files.keys if key not in WITHOUT_MODELS]
        if keys:
            slot: dict[str, Any] = {"input": name, "folders": keys}
            if name in order:
                slot["at"] = order.index(name)
            if files.beside:
                slot["none"] = list(dict.fromkeys(files.beside))[:100]
            slots.append(slot)
    if not slots:
        return {}
    return {"slots": slots, "order": order} if order else {"slots": slots}


def _order(inputs: Iterable[_Input | None]) -> Iterator[str]:
    """The names of a node's listed values: its widgets, a seed followed by its control."""
    for one in inputs:
        if one is None:
            continue
        name, kind, settings = one
        is_widget = isinstance(kind, ListOf | Files) or (
            kind in _WIDGETS and settings.get("forceInput") is not True
        )
        if is_widget:
            yield name
            if settings.get("control_after_generate") is True or (kind == "INT" and name in _SEEDS):
                yield "control_after_generate"
