"""Writes wfdeps/workflow/loaders.json, which the program loads, from wfdeps/workflow/tables/, which people edit.

    python .github/scripts/build_loaders.py [--check]

`--check` writes nothing and exits 1 where loaders.json is not what the tables say. A file of `tables/` holds the node
classes of one pack, sorted by name; `tables/lists/` the names of the classes a run starts from and of ComfyUI's own
classes that name no model. What a row may say is decided and checked in `wfdeps/workflow/node_rows.py`.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from wfdeps.domain.refs import Lookup
from wfdeps.errors import ConfigError
from wfdeps.workflow.node_rows import checked_row

TARGET = Path(__file__).resolve().parents[2] / "wfdeps" / "workflow" / "loaders.json"
TABLES = TARGET.parent / "tables"
_BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """YAML 1.2's booleans only: `on`, `off`, `yes` and `no` are inputs' names and values here."""


_Loader.yaml_implicit_resolvers = {
    letter: [rule for rule in rules if rule[0] != _BOOL]
    for letter, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile(r"^(?:true|false)$"), list("tf"))


def compiled() -> str:
    """The text of loaders.json, one class a line. Raises SystemExit, naming file and class, for a wrong row."""
    classes: dict[str, Any] = {}
    for path in sorted(TABLES.glob("*.yaml")):
        rows = _load(path)
        for node_class in _sorted(path, list(rows)):
            if node_class in classes:
                raise SystemExit(
                    f"{path.name}: `{node_class}` is in another file too; say whose as `Class@pack`"
                )
            try:
                classes[node_class] = checked_row(node_class, rows[node_class], path.name)
            except ConfigError as error:
                raise SystemExit(str(error)) from error
    outputs, known = (_sorted(path, _load(path)) for path in (_list("outputs"), _list("known")))
    if both := sorted({*known} & {*outputs, *classes}):
        raise SystemExit(f"known.yaml: {both[0]} is an output class or has a row")
    readers = [_checked_reader(entry) for entry in _load(_list("tag_readers"))]
    lines = ",\n".join(f"{_json(name)}:{_json(classes[name])}" for name in sorted(classes))
    return f'{{"classes":{{\n{lines}\n}},\n"outputs":{_json(outputs)},\n"known":{_json(known)},\n"tag_readers":{_json(readers)}}}\n'


def _checked_reader(entry: dict[str, str]) -> tuple[str, str]:
    """One row of tag_readers.yaml. Raises SystemExit for a pattern or a rule that there is none of."""
    try:
        return re.compile(entry["classes"]).pattern, Lookup(entry["lookup"])
    except (KeyError, ValueError, re.error) as error:
        raise SystemExit(f"tag_readers.yaml: {entry}: {error}") from error


def _list(name: str) -> Path:
    return TABLES / "lists" / f"{name}.yaml"


def _load(path: Path) -> Any:
    return yaml.load(path.read_text("utf-8"), Loader=_Loader)  # noqa: S506  a SafeLoader


def _sorted(path: Path, names: list[str]) -> list[str]:
    for before, after in itertools.pairwise(names):
        if before >= after:
            raise SystemExit(f"{path.name}: `{after}` belongs before `{before}`")
    return names


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    text = compiled()
    if "--check" not in sys.argv:
        TARGET.write_text(text, "utf-8")
    elif TARGET.read_text("utf-8") != text:
        raise SystemExit("loaders.json is stale; `python .github/scripts/build_loaders.py` renews it")


if __name__ == "__main__":
    main()
