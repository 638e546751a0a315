"""Writes wfdeps/packs/class_packs.txt: which pack has which node classes, one pack a line.

    python .github/scripts/build_class_packs.py ../shared/data

Read: `workflows/class_packs.json` (from ComfyUI-Manager's extension-node-map), `workflows/node_packs.json` (packs' sources)
and our own loader table for what these lack, and the class lists of several ComfyUI versions, which make the first line,
`comfy-core`. A line is the pack, then its classes, each followed
by a tab; lines and classes are sorted. A class of several packs
stands with the one that has the most stars, and once more with the second, in a line after all of these.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TARGET = Path(__file__).resolve().parents[2] / "wfdeps" / "packs" / "class_packs.txt"
TABLES = TARGET.parents[1] / "workflow" / "tables"
CORE = "comfy-core"
_CORE_FILES = ("workflows/object_info_comfyui_0.8.0.json", "comfyui_033/object_info.json")


def written(data: Path) -> str:
    """The text of the table, made from the files below `data`."""
    core = set(_load(data / "workflows/core_node_ids_v0.26.json"))
    for name in _CORE_FILES:
        core |= {
            node_class
            for node_class, node in _load(data / name).items()
            if not str(node.get("python_module", "")).startswith("custom_nodes")
        }
    first: dict[str, list[str]] = {}
    second: dict[str, list[str]] = {}
    listed: set[str] = set()
    for node_class, names in _load(data / "workflows/class_packs.json")["classes"].items():
        if node_class not in core and node_class.strip() and not {"\t", "\n", "\r"} & {*node_class}:
            listed.add(node_class)
            for name, packs in zip(names, (first, second), strict=False):
                packs.setdefault(name, []).append(node_class)
    for node_class, name in (*_mined(data), *_of_loader_table()):
        if not any(node_class in some for some in (core, listed)):
            listed.add(node_class)
            first.setdefault(name, []).append(node_class)
    lines = (
        "\t".join((name, *sorted(packs[name]), "")) for packs in (first, second) for name in sorted(packs)
    )
    return "\n".join(("\t".join((CORE, *sorted(core), "")), *lines)) + "\n"


def _mined(data: Path) -> Iterator[tuple[str, str]]:
    """Classes that were found in packs' own sources, where the first list lacks them."""
    for pack in _load(data / "workflows/node_packs.json")["packs"]:
        yield from (
            (node_class, pack["repo"]) for node_class in [*pack["nodes"], *pack.get("unresolved", ())]
        )


def _of_loader_table() -> Iterator[tuple[str, str]]:
    """Classes of our own loader table: a file of it is called as the registry calls the pack."""
    for path in sorted(TABLES.glob("*.yaml")):
        if path.stem not in (CORE, "shared-names"):
            classes = yaml.safe_load(path.read_text(encoding="utf-8"))
            yield from ((str(node_class).partition("@")[0], path.stem) for node_class in classes)


def _load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    TARGET.write_text(written(Path(sys.argv[1])), encoding="utf-8")
