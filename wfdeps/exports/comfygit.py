"""comfygit's `pyproject.toml` (`[tool.comfygit.models]`): its hashes are short ones of its own, so they are not taken."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

from wfdeps.errors import UsageError
from wfdeps.exports.values import ForeignFile, LeftOut, Reader


def _read(text: str) -> tuple[ForeignFile | LeftOut, ...]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"pyproject.toml is no TOML: {error}") from error
    tool = _table(_table(document, "tool"), "comfygit")
    if not tool:
        raise UsageError("pyproject.toml has no `[tool.comfygit]`")
    rows = [*_table(tool, "models").values()]
    for workflow in _table(tool, "workflows").values():
        listed = workflow.get("models") if isinstance(workflow, dict) else None
        rows += [row for row in listed if _adds(row)] if isinstance(listed, list) else []
    known: dict[str, ForeignFile | LeftOut] = {}
    for row in rows:
        file = _model(row)
        known.setdefault(file.path if isinstance(file, ForeignFile) else file.what, file)
    return tuple(known.values())


def _adds(row: object) -> bool:
    """Whether a workflow's row says more than the table of models: those with a hash stand there."""
    return isinstance(row, dict) and not row.get("hash")


def _model(row: object) -> ForeignFile | LeftOut:
    texts = row if isinstance(row, dict) else {}
    name, path, category = (texts.get(key) for key in ("filename", "relative_path", "category"))
    if not isinstance(path, str) or not path:
        if not isinstance(name, str) or not isinstance(category, str):
            return LeftOut(str(name), "it has no `relative_path`, nor `filename` and `category`")
        path = f"{category}/{name}"
    sources, size = texts.get("sources"), texts.get("size")
    urls = tuple(url for url in sources if isinstance(url, str)) if isinstance(sources, list) else ()
    known_size = isinstance(size, int) and not isinstance(size, bool) and size >= 0
    return ForeignFile(f"models/{path}", urls, None, size if known_size else None)


def _table(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    table = document.get(key)
    return table if isinstance(table, dict) else {}


READER = Reader("comfygit's pyproject.toml", lambda name, text: "[tool.comfygit" in text, _read)
