"""Which pack has a node class, for classes that are not here: a table of 40,000, searched as text.

`class_packs.txt` has one pack a line, ComfyUI itself first: its name and its classes, each followed by a tab. It is written by
`.github/scripts/build_class_packs.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

CORE = "comfy-core"
"""What the registry calls ComfyUI itself."""


def packs_of(node_class: str) -> tuple[str, ...]:
    """The packs that have the class, as `owner/repository` or registry id, the best known first; empty where nobody lists it."""
    return tuple(_lines_with(f"\t{node_class}\t")) if _is_plain(node_class) else ()


def is_core(node_class: str) -> bool:
    """Whether some version of ComfyUI itself has the class."""
    return node_class in _core()


def is_listed(name: str) -> bool:
    """Whether a pack's folder of this name is one the table knows all classes of, letter case aside."""
    return _is_plain(name) and any(f"{before}{name.lower()}\t" in _lower() for before in "/\n")


def _lines_with(text: str) -> Iterator[str]:
    table = _table()
    start = table.find(text)
    while start >= 0:
        line = table.rfind("\n", 0, start) + 1
        yield table[line : table.index("\t", line)]
        start = table.find(text, table.find("\n", start))


def _is_plain(text: str) -> bool:
    return bool(text) and not {"\t", "\n", "\r"} & {*text}


@cache
def _data() -> bytes:
    assert __spec__ is not None and __spec__.loader is not None
    loader: Any = __spec__.loader  # data beside a module: works from a zip too
    data: bytes = loader.get_data(__file__.rpartition("class_packs.py")[0] + "class_packs.txt")
    return data


@cache
def _core() -> frozenset[str]:
    """The classes of the first line: most questions are about these, and decoding all of the table takes longer."""
    return frozenset(_data().partition(b"\n")[0].decode().split("\t")[1:-1])


@cache
def _table() -> str:
    return _data().decode()


@cache
def _lower() -> str:
    return _table().lower()
