"""The JSON Schemas: where they are, and whether a document keeps one.

They stand in `schemas/` at the top of the repository and in `wfdeps/schemas/` in a wheel.
"""

from __future__ import annotations

import json
import os
from functools import cache
from typing import Any, cast

_HERE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (os.path.join(_HERE, "schemas"), os.path.join(os.path.dirname(_HERE), "schemas"))


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema of that name (`refs-1`, `report-1`, `lock-1` …). Raises LookupError if there is none."""
    for place in _PLACES:
        path = os.path.join(place, f"{name}.schema.json")
        if os.path.isfile(path):
            with open(path, encoding="utf-8") as file:
                return cast("dict[str, Any]", json.load(file))
    raise LookupError(f"no schema named `{name}`")


def problems(document: object, name: str) -> tuple[str, ...]:
    """What is wrong with a document, each as `where: what`; empty when it keeps its schema."""
    from jsonschema import Draft202012Validator  # 133 ms to import: only for those who check a document

    validator = Draft202012Validator(load_schema(name))
    found = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    return tuple(f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message}" for error in found)
