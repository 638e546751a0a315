"""The rules of `rules.json`: which keys and shapes mean which model.

A row says what must hold and what it then is:

| field | means |
|---|---|
| `all`, `any`, `none` | names, or expressions after `re:`; in `all`, `raw:` looks at the whole header, prefix and all |
| `shape` | `[pattern, dimension or "ndim", eq, ge or in, value]`; an unknown shape holds nothing |
| `max` | no more tensors than that |
| `meta` | `{name: [values]}` of the header's own words (GGUF's `general.architecture`) |
| `code` | what a pickle imports, an expression |
| `tree` | spandrel's own condition: `all_of`, `any_of`, names |
| `type`, `arch`, `folder`, `variant` | the answer; `arch` is `a|b` for a set, `by:…` for one of the ways in identify.py, empty for a family nobody listed; no `folder` is the type's own, an empty one is none of ComfyUI's |
| `sure` | `likely` or `guess` where the keys alone do not settle it |
| `source` | who says so: a key of `sources`, or in words |

Gates are tried in order, rows inside a gate too; the first that holds wins. The file is edited by hand, one
row a line; `tests/detect/import_signatures.py` wrote its first state and shows facts it lacks.
"""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from wfdeps.detect.scopes import Scope
from wfdeps.detect.tensors import Header
from wfdeps.values import dataclass

GATES: Final = ("code", "special", "core", "vae", "encoders", "upscalers", "others")
"""In the order they are tried; `lora_arch` is asked only about adapters."""

Shape = tuple[str, int | str, str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row."""

    id: str
    model_type: str
    arch: str
    folder: str | None
    source: str
    all: tuple[str, ...] = ()
    raw_all: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    shape: tuple[Shape, ...] = ()
    max_tensors: int | None = None
    meta: tuple[tuple[str, tuple[str, ...]], ...] = ()
    code: str = ""
    tree: Any = None
    variant: str | None = None
    sure: str = "certain"


def first_rule(gate: str, header: Header, scope: Scope, raw: Scope) -> Rule | None:
    """The first row of the gate that holds; None where none does."""
    return next((rule for rule in rules_of(gate) if holds(rule, header, scope, raw)), None)


def holds(rule: Rule, header: Header, scope: Scope, raw: Scope) -> bool:
    """Whether all that a row asks for is there; what fails soonest is asked first."""
    for pattern in rule.all:
        if scope.find(pattern) is None:
            return False
    for pattern in rule.raw_all:
        if raw.find(pattern) is None:
            return False
    return (
        (rule.max_tensors is None or len(header.tensors) <= rule.max_tensors)
        and (rule.tree is None or _tree_holds(rule.tree, scope))
        and (not rule.any or any(map(scope.has, rule.any)))
        and not any(map(scope.has, rule.none))
        and all(_shape_holds(scope.shape(test[0]), test) for test in rule.shape)
        and all(header.metadata.get(name) in values for name, values in rule.meta)
        and (not rule.code or any(re.search(rule.code, name) for name in header.code))
    )


@cache
def rules_of(gate: str) -> tuple[Rule, ...]:
    """The rows of one gate, in order."""
    return tuple(map(_rule, _document()[gate]))


def source_of(rule: Rule) -> str:
    """Who says so, spelled out."""
    return str(_document()["sources"].get(rule.source, rule.source))


def rules_text() -> bytes:
    """The table as it lies on disk."""
    return pkgutil.get_data("wfdeps.detect", "rules.json") or b"{}"


@cache
def _document() -> dict[str, Any]:
    return dict(json.loads(rules_text()))


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        model_type=row["type"],
        arch=row["arch"],
        folder=row.get("folder"),
        source=row["source"],
        all=tuple(one for one in row.get("all", ()) if not one.startswith("raw:")),
        raw_all=tuple(one[4:] for one in row.get("all", ()) if one.startswith("raw:")),
        any=tuple(row.get("any", ())),
        none=tuple(row.get("none", ())),
        shape=tuple((key, dim, op, value) for key, dim, op, value in row.get("shape", ())),
        max_tensors=row.get("max"),
        meta=tuple((name, tuple(values)) for name, values in row.get("meta", {}).items()),
        code=row.get("code", ""),
        tree=row.get("tree"),
        variant=row.get("variant"),
        sure=row.get("sure", "certain"),
    )


def shape_test(actual: int, op: str, value: Any) -> bool:
    """Whether a length passes `eq`, `ge` or `in`."""
    match op:
        case "eq":
            return bool(actual == value)
        case "ge":
            return bool(actual >= value)
        case _:
            return actual in value


def _shape_holds(shape: tuple[int, ...] | None, test: Shape) -> bool:
    _, dimension, op, value = test
    dimension = _SIDES.get(dimension, dimension)
    if shape is None:
        return False
    if dimension == "ndim":
        return shape_test(len(shape), op, value)
    return (
        isinstance(dimension, int)
        and -len(shape) <= dimension < len(shape)
        and shape_test(shape[dimension], op, value)
    )


_SIDES: Final[dict[int | str, int]] = {"in": 0, "out": 1}
"""An adapter's module stands in its scope as (inner, outer)."""


def _tree_holds(tree: Any, scope: Scope) -> bool:
    if isinstance(tree, str):
        return scope.has(tree)
    if "all_of" in tree:
        return all(_tree_holds(part, scope) for part in tree["all_of"])
    return any(_tree_holds(part, scope) for part in tree["any_of"])
