"""The config file: what it may hold. A key nobody knows, or a value of another type, is an error that names both.

Imported only where there is such a file. Of the tables whose keys are the person's own, `[folders]` holds texts and
`[nodes]` is checked where rows are read.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from wfdeps.errors import ConfigError
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class _Kind:
    """One type a value may have."""

    words: str
    """What is wanted, for the message."""
    holds: Callable[[object], bool]


_TEXT = _Kind("a text in quotes", lambda value: isinstance(value, str))
_TEXTS = _Kind(
    'a list of texts, like ["a", "b"]',
    lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
)
_SWITCH = _Kind("true or false", lambda value: isinstance(value, bool))
_COUNT = _Kind(
    "a whole number above 0",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
)
_ADDRESS = _Kind(
    "an address in quotes that begins with http:// or https://",
    lambda value: isinstance(value, str) and value.startswith(("http://", "https://")),
)
_MIRRORS = _Kind(
    "a list of addresses that begin with http://, https:// or file://",
    lambda value: (
        isinstance(value, list)
        and all(_ADDRESS.holds(one) or (isinstance(one, str) and one.startswith("file://")) for one in value)
    ),
)

KEYS: dict[str, dict[str, _Kind]] = {
    "library": {
        "comfyui": _TEXT,
        "models": _TEXT,
        "extra_model_paths": _TEXTS,
        "target": _TEXT,
        "store": _TEXT,
    },
    "civitai": {"url": _ADDRESS},
    "huggingface": {"endpoint": _ADDRESS},
    "civarchive": {"url": _ADDRESS},
    "catalogue": {"model_list": _TEXT},
    "resolve": {
        "auto": _TEXT,
        "allow_pickle": _SWITCH,
        "sources": _TEXTS,
        "mirrors": _MIRRORS,
        "name_index": _SWITCH,
    },
    "download": {"jobs": _COUNT, "connections": _COUNT, "limit_rate": _TEXT, "hand_off": _SWITCH},
    "check": {"fail_on": _TEXTS, "policy": _TEXT},
}
"""Every table with its keys, and what each holds."""

_OWN_KEYS = {"folders": _TEXT, "nodes": None}
"""Tables whose keys a person chooses; None: checked by who reads it."""


def read_config(path: str) -> Mapping[str, Any]:
    """The tables of that file. Raises ConfigError, naming the file, the key and what is wanted."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read `{path}`: {error}") from error
    for name, table in document.items():
        _check_table(name, table, path)
    return document


def _check_table(name: str, table: object, path: str) -> None:
    known = (*KEYS, *_OWN_KEYS)
    if not isinstance(table, dict):
        homes = [home for home, keys in KEYS.items() if name in keys]
        hint = f"it belongs below [{homes[0]}]" if homes else _nearest(name, known)
        raise ConfigError(f"`{path}`: `{name}` stands in no table", hint=hint)
    if name not in known:
        raise ConfigError(f"`{path}`: no table is called [{name}]", hint=_nearest(name, known))
    for key, value in table.items():
        kind = _OWN_KEYS[name] if name in _OWN_KEYS else KEYS[name].get(key)
        if kind is None and name not in _OWN_KEYS:
            raise ConfigError(f"`{path}`: [{name}] has no key `{key}`", hint=_nearest(key, KEYS[name]))
        if kind is not None and not kind.holds(value):
            raise ConfigError(f"`{path}`: `{key}` in [{name}] is not {kind.words}")


def _nearest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = get_close_matches(word.lower(), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"one of {', '.join(known)}"
