"""A person's own rows for the loader table, as they stand in `wfdeps.toml`.

[nodes]
"My Loader" = { model_name = "loras", extra = ["vae", "vae_approx"] }

[nodes."Another Loader"]
slots = [{ input = "file", at = 2, folders = ["checkpoints"], none = ["off"] }]
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wfdeps.errors import ConfigError

_HINT = 'write it as `"Class" = { input_name = "folder" }`'
_KINDS = ("file", "directory", "auto", "picker", "objects")


def own_rows(table: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the config's `[nodes]` table, shaped as those of `loaders.json`.

    Raises ConfigError, naming the class, for a row that says no input and folder.
    """
    return {node_class: _row(node_class, given) for node_class, given in table.items()}


def _row(node_class: str, given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping):
        raise ConfigError(f"`{node_class}` in [nodes] is no table", hint=_HINT)
    if "slots" not in given:
        return {
            "slots": [
                _slot(node_class, {"input": name, "folders": folders}) for name, folders in given.items()
            ]
        }
    slots, order = given["slots"], given.get("order", [])
    if not isinstance(slots, list) or not _are_strings(order):
        raise ConfigError(f"`{node_class}` in [nodes]: `slots` and `order` are lists", hint=_HINT)
    return {"slots": [_slot(node_class, slot) for slot in slots], "order": order}


def _slot(node_class: str, given: object) -> dict[str, Any]:
    where = f"`{node_class}` in [nodes]"
    if not isinstance(given, Mapping) or not isinstance(given.get("input"), str):
        raise ConfigError(f"{where}: a slot without an `input`", hint=_HINT)
    folders = given.get("folders")
    folders = [folders] if isinstance(folders, str) else folders
    if not _are_strings(folders) or not folders:
        raise ConfigError(f"{where}: `{given['input']}` says no folder", hint=_HINT)
    at, none, kind, key = (
        given.get("at"),
        given.get("none", []),
        given.get("kind", "file"),
        given.get("key", ""),
    )
    if (
        not (at is None or isinstance(at, int))
        or not _are_strings(none)
        or kind not in _KINDS
        or not isinstance(key, str)
    ):
        raise ConfigError(f"{where}: `{given['input']}` has an odd `at`, `none`, `kind` or `key`", hint=_HINT)
    return {"input": given["input"], "folders": folders, "at": at, "none": none, "kind": kind, "key": key}


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)
