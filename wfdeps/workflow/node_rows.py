"""What a row for a node class may say, and the check of it: for our tables and for `[nodes]` of `wfdeps.toml` alike.

[nodes]
"My Loader" = { model_name = "loras", extra = ["vae", "vae_approx"] }

[nodes."Another Loader"]
slots = [{ input = "file", at = 2, folders = ["checkpoints"], none = ["off"] }]
order = ["mode", "strength", "file"]

A new option of a slot is a line in SLOT_OPTIONS, a field of `loaders.LoaderSlot`, and a line in the README's table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wfdeps.domain.refs import Lookup
from wfdeps.errors import ConfigError

KINDS = ("file", "directory", "auto", "objects", "preset", "picker")
_HINT = 'write it as `"Class" = { input_name = "folder" }`'


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_bool(value: object) -> bool:
    return isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))


def _are_conditions(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, list)
        and len(each) == 3
        and _are_texts(each[0])
        and each[1] in ("is", "not", "least")
        for each in value
    )


def _are_prefixes(value: object) -> bool:
    return isinstance(value, Mapping) and _are_texts([*value.values()])


_TEXT = "a text", _is_text
_TEXTS = "a list of texts", _are_texts
_SWITCH = "true or false", _is_bool
_CONDITIONS = 'a list of conditions such as [["switch"], "is", "On"]', _are_conditions
_PREFIXES = "a table of beginnings and their folder keys", _are_prefixes

SLOT_OPTIONS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "input": _TEXT,
    "folders": ("a folder key or a list of them", _are_texts),
    "at": ("a whole number", _is_number),
    "kind": (f"one of {', '.join(KINDS)}", KINDS.__contains__),
    "none": _TEXTS,
    "repeat": ("three whole numbers: first, last, step", _is_count),
    "when": _CONDITIONS,
    "key": _TEXT,
    "on": _TEXT,
    "zero": _TEXTS,
    "prefixes": _PREFIXES,
    "approximate_vaes": _SWITCH,
    "split": _TEXT,
    "lookup": (f"one of {', '.join(Lookup)}", lambda value: value in set(Lookup)),
    "exact": _SWITCH,
}
"""Every option of a slot: what it holds, in words and as a check. `loaders.LoaderSlot` says what each means."""
_ROW_OPTIONS: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "slots": ("a list of slots", lambda value: isinstance(value, list)),
    "order": _TEXTS,
    "auto": _SWITCH,
    "fetches": _TEXT,
    "into": _TEXT,
    "by_hand": _TEXT,
}


def own_rows(table: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the config's `[nodes]`, shaped as those of `loaders.json`.

    Raises ConfigError, naming the class, for a row that cannot be read or has a slot without a folder.
    """
    rows = {node_class: checked_row(node_class, given, "[nodes]") for node_class, given in table.items()}
    for node_class, row in rows.items():
        for slot in row["slots"]:
            if not slot.get("folders"):
                raise ConfigError(f"`{node_class}` in [nodes]: `{slot['input']}` says no folder", hint=_HINT)
    return rows


def checked_row(node_class: str, given: object, place: str) -> dict[str, Any]:
    """One row as `loaders.json` has it, written in full or as `{input: folder}`; `place` is where it stands.

    Raises ConfigError for what is no row, an option there is none of, and a value that cannot be read.
    """
    where = f"`{node_class}` in {place}"
    if not isinstance(given, Mapping):
        raise ConfigError(f"{where} is no table", hint=_HINT)
    if "slots" not in given:
        given = {"slots": [{"input": name, "folders": folders} for name, folders in given.items()]}
    _check(where, given, _ROW_OPTIONS)
    return {**given, "slots": [_checked_slot(where, slot) for slot in given["slots"]]}


def _checked_slot(where: str, given: object) -> dict[str, Any]:
    if not isinstance(given, Mapping) or not _is_text(given.get("input")):
        raise ConfigError(f"{where}: a slot without an `input`", hint=_HINT)
    slot = dict(given)
    if _is_text(slot.get("folders")):
        slot["folders"] = [slot["folders"]]
    _check(f"{where}: `{slot['input']}`", slot, SLOT_OPTIONS)
    return slot


def _check(
    where: str, given: Mapping[str, Any], options: Mapping[str, tuple[str, Callable[[object], bool]]]
) -> None:
    for name, value in given.items():
        if name not in options:
            raise ConfigError(
                f"{where}: there is no option `{name}`", hint=f"it may have {', '.join(options)}"
            )
        words, holds = options[name]
        if not holds(value):
            raise ConfigError(f"{where}: `{name}` cannot be `{value}`", hint=f"it is {words}")
