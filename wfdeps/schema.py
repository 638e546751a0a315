"""The JSON Schemas of `schemas/`, and whether a document keeps one."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, cast

from wfdeps.packaged import schema_path


@cache
def load_schema(name: str) -> dict[str, Any]:
    """The schema of that name (`refs-1`, `report-1`, `lock-1` …). Raises LookupError if there is none."""
    with open(schema_path(name), encoding="utf-8") as file:
        return cast("dict[str, Any]", json.load(file))


def problems(document: object, name: str) -> tuple[str, ...]:
    """What is wrong with a document, each as `where: what`; empty when it keeps its schema."""
    from jsonschema import Draft202012Validator  # 133 ms to import: only for those who check a document

    validator = Draft202012Validator(load_schema(name))
    found = sorted(validator.iter_errors(document), key=lambda error: list(map(str, error.absolute_path)))
    return tuple(f"{'/'.join(map(str, error.absolute_path)) or '(top)'}: {error.message}" for error in found)
