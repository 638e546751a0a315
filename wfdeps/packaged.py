"""The folders that come with wfdeps and stand at the top of the repository: `schemas/` and `sample_workflows/`.

A wheel holds them inside the package (`force-include` in pyproject.toml); an editable install finds them beside it.
"""

from __future__ import annotations

import os

_PACKAGE = os.path.dirname(os.path.abspath(__file__))


def sample_path(name: str) -> str:
    """The path of one sample workflow. Raises LookupError if there is none of that name."""
    return _path("sample_workflows", name)


def schema_path(name: str) -> str:
    """The path of one JSON Schema (`refs-1`, `report-1` …). Raises LookupError if there is none of that name."""
    return _path("schemas", f"{name}.schema.json")


def _path(folder: str, name: str) -> str:
    for parent in (_PACKAGE, os.path.dirname(_PACKAGE)):
        path = os.path.join(parent, folder, name)
        if os.path.isfile(path):
            return path
    raise LookupError(f"no file `{name}` in {folder}")
