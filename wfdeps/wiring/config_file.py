"""The config file → a Config. A key nobody knows, or a value of another type, is an error that names both.

Imported only where there is such a file. Of the tables whose keys are the person's own, `[folders]` holds texts and
`[nodes]` is checked by `workflow.node_rows`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from wfdeps.domain.reports import FailOn
from wfdeps.errors import ConfigError, UsageError, did_you_mean, os_error_words
from wfdeps.fetch.pace import parse_rate
from wfdeps.match.policy import Auto
from wfdeps.values import dataclass
from wfdeps.wiring.config import Config


@dataclass(frozen=True, slots=True)
class Kind:
    """One type a value may have."""

    words: str
    """What is wanted, for the message."""
    holds: Callable[[Any], bool]
    typed: Callable[[Any], Any] = lambda value: value
    """TOML's value → the value a Config holds."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the file."""

    field: str
    """Its name in Config."""
    kind: Kind


def _is_rate(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_rate(value) > 0
    except UsageError:
        return False


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _is_mirror(value: object) -> bool:
    return _is_address(value) or (isinstance(value, str) and value.startswith("file://"))


def _one_of(words: type[StrEnum]) -> Kind:
    return Kind(
        f"one of {', '.join(words)}", lambda value: isinstance(value, str) and value in set(words), words
    )


def _list_of(words: type[StrEnum]) -> Kind:
    return Kind(
        f"a list of {', '.join(words)}",
        lambda value: _are_texts(value) and set(value) <= set(words),
        lambda value: tuple(map(words, value)),
    )


_TEXT = Kind("a text in quotes", lambda value: isinstance(value, str))
_TEXTS = Kind('a list of texts, like ["a", "b"]', _are_texts, tuple)
_SWITCH = Kind("true or false", lambda value: isinstance(value, bool))
_COUNT = Kind(
    "a whole number above 0",
    lambda value: isinstance(value, int) and not isinstance(value, bool) and value > 0,
)
_RATE = Kind('a text like "5M" or "800k", in bytes per second', _is_rate)
_ADDRESS = Kind("an address in quotes that begins with http:// or https://", _is_address)
_MIRRORS = Kind(
    "a list of addresses that begin with http://, https:// or file://",
    lambda value: isinstance(value, list) and all(map(_is_mirror, value)),
    tuple,
)

KEYS: dict[str, dict[str, Key]] = {
    "library": {
        "comfyui": Key("comfyui", _TEXT),
        "models": Key("models", _TEXT),
        "extra_model_paths": Key("extra_model_paths", _TEXTS),
        "target": Key("target", _TEXT),
        "store": Key("store", _TEXT),
    },
    "civitai": {"url": Key("civitai_url", _ADDRESS)},
    "huggingface": {"endpoint": Key("hf_endpoint", _ADDRESS)},
    "civarchive": {"url": Key("civarchive_url", _ADDRESS)},
    "catalogue": {"model_list": Key("model_list", _TEXT)},
    "resolve": {
        "auto": Key("auto", _one_of(Auto)),
        "allow_pickle": Key("allow_pickle", _SWITCH),
        "sources": Key("sources", _TEXTS),
        "mirrors": Key("mirrors", _MIRRORS),
        "name_index": Key("name_index", _SWITCH),
    },
    "download": {
        "jobs": Key("jobs", _COUNT),
        "connections": Key("connections", _COUNT),
        "limit_rate": Key("limit_rate", _RATE),
        "hand_off": Key("hand_off", _SWITCH),
    },
    "check": {"fail_on": Key("fail_on", _list_of(FailOn)), "policy": Key("policy_file", _TEXT)},
}
"""Every table with its keys, and what each holds."""

_OWN_KEYS = {"folders": _TEXT, "nodes": None}
"""Tables whose keys a person chooses, each a field of Config; None: checked by who reads it."""


def read_config(path: str) -> Config:
    """What that file says. Raises ConfigError, naming the file, the key and what is wanted."""
    try:
        with open(path, "rb") as file:
            document = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read `{path}`: {error}") from error
    fields: dict[str, Any] = {}
    for name, table in document.items():
        _check_table(name, table, path)
        if name in _OWN_KEYS:
            fields[name] = table
        else:
            keys = ((KEYS[name][word], value) for word, value in table.items())
            fields |= {key.field: key.kind.typed(value) for key, value in keys}
    return Config(**fields)


def _check_table(name: str, table: object, path: str) -> None:
    known = (*KEYS, *_OWN_KEYS)
    if not isinstance(table, dict):
        homes = [home for home, keys in KEYS.items() if name in keys]
        hint = f"it belongs below [{homes[0]}]" if homes else _nearest(name, known)
        raise ConfigError(f"`{path}`: `{name}` stands in no table", hint=hint)
    if name not in known:
        raise ConfigError(f"`{path}`: no table is called [{name}]", hint=_nearest(name, known))
    for key, value in table.items():
        if name not in _OWN_KEYS and key not in KEYS[name]:
            raise ConfigError(f"`{path}`: [{name}] has no key `{key}`", hint=_nearest(key, KEYS[name]))
        kind = _OWN_KEYS[name] if name in _OWN_KEYS else KEYS[name][key].kind
        if kind is not None and not kind.holds(value):
            raise ConfigError(f"`{path}`: `{key}` in [{name}] is not {kind.words}")


def _nearest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    return did_you_mean(word.lower(), known) or f"one of {', '.join(known)}"
