"""The custom packs below `custom_nodes`: which modules each has, and what it registers, remembered by file.

A pack is read again when one of its folders or of the modules that were read has another stamp. A module that had no
word of registering may be changed in place unseen; so before a class is called missing, `thorough` looks at each file.
No link is followed out of `custom_nodes`: what lies behind one is not read, and said to be unknown.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from json import dumps, loads

from wfdeps import TYPE_CHECKING
from wfdeps.domain.nodes import Installed, NodePack
from wfdeps.library.index import is_settled, stamp_of
from wfdeps.values import NamedTuple

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.library.index import Index

KEY = "custom_nodes"
MAX_FILES = 4_000
MAX_DEPTH = 12
MAX_FILE_BYTES = 4_000_000
MAX_PACK_BYTES = 60_000_000
_FACT = "node_pack/1"
"""What is remembered of a pack; the number rises whenever packs are read otherwise than before."""
_MODULES_FACT = "node_pack_modules/1"
_SKIPPED = frozenset({"__pycache__", "node_modules", "site-packages"})


class Tree(NamedTuple):
    """The folders and modules of one pack with their stamps, by path below it; `""` is the pack's own folder."""

    folders: dict[str, str]
    modules: dict[str, str]
    is_whole: bool
    """False where there was more than is looked at, or a link that was not followed."""


def installed_in(
    base: str, folders: Sequence[str], index: Index, *, thorough: bool = False
) -> Installed | None:
    """The node classes of the ComfyUI in `base`, with the packs of these folders; None where there is neither."""
    core = read_sources(base, index)
    if core is None and not any(map(os.path.isdir, folders)):
        return None
    return Installed(core, read_packs(folders, index, thorough=thorough))


def read_packs(folders: Sequence[str], index: Index, *, thorough: bool = False) -> tuple[NodePack, ...]:
    """What each pack in these `custom_nodes` folders registers, sorted by name. A folder that is not there has none.

    `thorough`: each file is looked at, not only those that had something to say when they were read.
    """
    found: dict[str, NodePack] = {}
    for top in folders:
        remembered = index.facts_below(top, _FACT)
        for entry in _entries(top):
            if entry.name not in found:
                found[entry.name] = _read(
                    entry, top, remembered.get(entry.path, ""), index, thorough=thorough
                )
    return tuple(found[name] for name in sorted(found))


def read_sources(base: str, index: Index) -> NodePack | None:
    """What the ComfyUI whose code lies in `base` registers itself; None where no code lies there."""
    files = dict(_core_files(base))
    if "nodes.py" not in files:
        return None
    stamps = {path: stamp_of(found) for path, found in files.items()}
    main = os.path.join(base, "nodes.py")
    remembered = index.facts_below(main, _FACT, itself=True).get(main, "")
    known: dict[str, Any] = loads(remembered) if remembered else {}
    if known.get("settled") and known.get("modules") == stamps:
        return _from_fields("", known["pack"])
    from wfdeps.packs.registry import read_core

    pack = read_core({path: _bytes_of(os.path.join(base, path)) for path in files})
    settled = all(is_settled(stamp, index.now()) for stamp in stamps.values())
    value = {"settled": settled, "modules": stamps, "pack": _fields(pack)}
    index.remember(main, files["nodes.py"], {_FACT: dumps(value)})
    return pack


def _core_files(base: str) -> Iterator[tuple[str, os.stat_result]]:
    """`nodes.py`, and of the folders beside it each module or package whose name says that it holds nodes."""
    names = ["nodes.py"]
    for folder in ("comfy_extras", "comfy_api_nodes"):
        try:
            with os.scandir(os.path.join(base, folder)) as entries:
                inner = sorted(entry.name for entry in entries if entry.name.startswith("nodes_"))
        except OSError:
            continue
        names += [
            f"{folder}/{name}" if name.endswith(".py") else f"{folder}/{name}/__init__.py" for name in inner
        ]
    for name in names:
        try:
            yield name, os.stat(os.path.join(base, name))
        except OSError:
            continue


def _entries(top: str) -> Iterator[os.DirEntry[str]]:
    """What ComfyUI imports from a `custom_nodes` folder (nodes.py, `init_external_custom_nodes`)."""
    try:
        with os.scandir(top) as found:
            entries = list(found)
    except OSError:
        return
    for entry in entries:
        name = entry.name
        if name.startswith(".") or name in _SKIPPED or name.endswith(".disabled"):
            continue
        if name.endswith(".py") or "." not in name or entry.is_dir():
            yield entry


def _read(entry: os.DirEntry[str], top: str, remembered: str, index: Index, *, thorough: bool) -> NodePack:
    path = entry.path
    if entry.is_symlink():
        path = os.path.realpath(path)
        if not path.startswith(os.path.realpath(top) + os.sep):
            return NodePack(entry.name, complete=False)
    known: dict[str, Any] = loads(remembered) if remembered else {}
    if known.get("settled") and not thorough and _stands(path, known):
        return _from_fields(entry.name, known["pack"])
    tree = _tree_of(path)
    modules = index.facts_below(path, _MODULES_FACT, itself=True).get(path, "{}") if known else "{}"
    if known.get("settled") and loads(modules) == tree.modules:
        pack = _from_fields(entry.name, known["pack"])
        if not _stands(path, known):  # something else was put into a folder: nothing is read again for it
            _remember(path, tree, pack, set(known["looked_at"]), index)
        return pack
    pack, loud = _registered(entry.name, path, tree)
    _remember(path, tree, pack, loud, index)
    return pack


def _stands(path: str, known: dict[str, Any]) -> bool:
    """Whether the folders and the modules that were read are as they were."""
    try:
        return bool(
            known["stamps"]
            == " ".join(
                [
                    stamp_of(os.stat(f"{path}{os.sep}{inner}" if inner else path))
                    for inner in known["looked_at"]
                ]
            )
        )
    except OSError:
        return False


def _registered(name: str, path: str, tree: Tree) -> tuple[NodePack, set[str]]:
    """What the pack registers, and the modules that had a word in it."""
    from wfdeps.packs.registry import WORDS, read_pack  # parsing is for packs that changed

    files = {}
    total = 0
    is_whole = tree.is_whole
    for inner in sorted(tree.modules):
        data = _bytes_of(os.path.join(path, inner) if inner else path)
        total += len(data)
        if total > MAX_PACK_BYTES:
            is_whole = False
            break
        files[inner.replace(os.sep, "/") or os.path.basename(path)] = data
    root = os.path.basename(path) if "" in tree.modules else "__init__.py"
    pack = read_pack(name, files, root)
    if not is_whole and root in files:
        pack = NodePack(name, pack.classes, False, pack.folder_keys, pack.rows)
    loud = {
        inner
        for inner in tree.modules
        if any(word in files.get(inner.replace(os.sep, "/"), b"NODE_CLASS_MAPPINGS") for word in WORDS)
    }
    return pack, loud


def _remember(path: str, tree: Tree, pack: NodePack, loud: set[str], index: Index) -> None:
    now = index.now()
    looked_at = {**tree.folders, **{inner: stamp for inner, stamp in tree.modules.items() if inner in loud}}
    stamps = (*tree.folders.values(), *tree.modules.values())
    value = {
        "settled": all(is_settled(stamp, now) for stamp in stamps),
        "looked_at": list(looked_at),
        "stamps": " ".join(looked_at.values()),
        "pack": _fields(pack),
    }
    try:
        index.remember(path, os.stat(path), {_FACT: dumps(value), _MODULES_FACT: dumps(tree.modules)})
    except OSError:
        return  # it went away meanwhile


def _tree_of(path: str) -> Tree:
    folders: dict[str, str] = {}
    modules: dict[str, str] = {}
    tree = Tree(folders, modules, True)
    try:
        found = os.stat(path)
        if not os.path.isdir(path):
            return Tree({}, {"": stamp_of(found)}, True)
        folders[""] = stamp_of(found)
    except OSError:
        return Tree({}, {}, False)
    todo = [("", 0)]
    is_whole = True
    while todo:
        inner, depth = todo.pop()
        try:
            with os.scandir(os.path.join(path, inner) if inner else path) as entries:
                for entry in entries:
                    name = f"{inner}{os.sep}{entry.name}" if inner else entry.name
                    if entry.name.endswith(".py") and entry.is_file(follow_symlinks=False):
                        found = entry.stat(follow_symlinks=False)
                        if found.st_size <= MAX_FILE_BYTES and len(modules) < MAX_FILES:
                            modules[name] = stamp_of(found)
                        else:
                            is_whole = False
                    elif entry.name.startswith(".") or entry.name in _SKIPPED:
                        continue
                    elif entry.is_dir(follow_symlinks=False):
                        if depth < MAX_DEPTH and len(folders) < MAX_FILES:
                            folders[name] = stamp_of(entry.stat(follow_symlinks=False))
                            todo.append((name, depth + 1))
                        else:
                            is_whole = False
        except OSError:
            is_whole = False
    return tree._replace(is_whole=is_whole)


def _bytes_of(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(MAX_FILE_BYTES)
    except OSError:
        return b"("  # no Python: what cannot be read is said to be unknown


def _fields(pack: NodePack) -> list[Any]:
    return [
        sorted(pack.classes),
        pack.complete,
        list(pack.folder_keys),
        # The loader table takes a row as JSON too: few of them are ever asked for.
        {node_class: row if isinstance(row, str) else dumps(row) for node_class, row in pack.rows.items()},
    ]


def _from_fields(name: str, fields: list[Any]) -> NodePack:
    classes, complete, folder_keys, rows = fields
    return NodePack(name, frozenset(classes), complete, tuple(folder_keys), rows)
