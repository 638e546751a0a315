"""The config file → a Config. A key nobody knows, or a value of another type, is an error that names both.

Each key has its rule for what a project's own file may say of it. Imported only where there is such a file. Of the tables whose keys are the person's own, `[folders]` holds texts and
`[nodes]` is checked by `workflow.node_rows`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any

from wfdeps.disk.filesystem import whole_file
from wfdeps.domain.reports import FailOn
from wfdeps.domain.urls import is_http
from wfdeps.errors import ConfigError, UsageError, did_you_mean, os_error_words
from wfdeps.fetch.pace import parse_rate
from wfdeps.match.policy import Auto
from wfdeps.values import dataclass, replace
from wfdeps.wiring import project_rules as rules
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
    project: rules.ProjectRule
    """What a project's own file may say of it."""


def _is_rate(value: object) -> bool:
    try:
        return isinstance(value, str) and parse_rate(value) > 0
    except UsageError:
        return False


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_address(value: object) -> bool:
    return isinstance(value, str) and is_http(value)


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
        "comfyui": Key("comfyui", _TEXT, rules.INSIDE),
        "models": Key("models", _TEXT, rules.INSIDE),
        "extra_model_paths": Key("extra_model_paths", _TEXTS, rules.TRUSTED),
        "target": Key("target", _TEXT, rules.KNOWN_TARGET),
        "store": Key("store", _TEXT, rules.INSIDE),
    },
    "civitai": {"url": Key("civitai_url", _ADDRESS, rules.TRUSTED)},
    "huggingface": {"endpoint": Key("hf_endpoint", _ADDRESS, rules.TRUSTED)},
    "civarchive": {"url": Key("civarchive_url", _ADDRESS, rules.TRUSTED)},
    "catalogue": {"model_list": Key("model_list", _TEXT, rules.TRUSTED)},
    "network": {"plain_http": Key("plain_http", _TEXTS, rules.NEVER)},
    "resolve": {
        "auto": Key("auto", _one_of(Auto), rules.STRICTER_AUTO),
        "allow_pickle": Key("allow_pickle", _SWITCH, rules.FALSE_ONLY),
        "sources": Key("sources", _TEXTS, rules.ASKED_ANYWAY),
        "mirrors": Key("mirrors", _MIRRORS, rules.TRUSTED),
        "name_index": Key("name_index", _SWITCH, rules.ANYTHING),
    },
    "download": {
        "jobs": Key("jobs", _COUNT, rules.NO_MORE_JOBS),
        "connections": Key("connections", _COUNT, rules.NO_MORE_CONNECTIONS),
        "limit_rate": Key("limit_rate", _RATE, rules.ANYTHING),
        "hand_off": Key("hand_off", _SWITCH, rules.ANYTHING),
    },
    "check": {
        "fail_on": Key("fail_on", _list_of(FailOn), rules.NO_LESS_FAILS),
        "policy": Key("policy_file", _TEXT, rules.INSIDE_POLICY),
    },
}
"""Every table with its keys, what each holds, and what a project's file may say of it."""


@dataclass(frozen=True, slots=True)
class OwnTable:
    """A table whose keys a person chooses; a field of Config."""

    kind: Kind | None
    """None: checked by who reads it."""
    project: rules.ProjectRule
    """Asked with each key and its value."""


OWN_TABLES = {"folders": OwnTable(_TEXT, rules.ANYTHING), "nodes": OwnTable(None, rules.NEW_CLASSES)}
_LARGEST = 4 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One key as a file says it."""

    table: str
    word: str
    field: str
    """Its name in Config."""
    value: Any
    """As a Config holds it; in a table of the person's own keys, the value of that key."""

    @property
    def is_own(self) -> bool:
        """Whether the person chose the key's name."""
        return self.table in OWN_TABLES

    def __str__(self) -> str:
        return f"`{self.word}` in [{self.table}]"


def read_config(path: str) -> Config:
    """What that file says. Raises ConfigError, naming the file, the key and what is wanted."""
    return config_of(entries_of(bytes_of(path), path))


def bytes_of(path: str) -> bytes:
    """The bytes of a config file. Raises ConfigError."""
    try:
        return whole_file(path, _LARGEST)
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {os_error_words(error)}") from error


def entries_of(data: bytes, path: str) -> tuple[Entry, ...]:
    """Every key of a config file's bytes. Raises ConfigError, naming the file, the key and what is wanted."""
    try:
        document = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigError(f"cannot read `{path}`: {error}") from error
    entries = []
    for name, table in document.items():
        _check_table(name, table, path)
        for word, value in table.items():
            if name in OWN_TABLES:
                entries.append(Entry(name, word, name, value))
            else:
                key = KEYS[name][word]
                entries.append(Entry(name, word, key.field, key.kind.typed(value)))
    return tuple(entries)


def config_of(entries: Iterable[Entry], below: Config | None = None) -> Config:
    """The Config of these entries, on top of another."""
    below = below or Config()
    fields: dict[str, Any] = {}
    own: dict[str, Any] = {name: dict(getattr(below, name)) for name in OWN_TABLES}
    for entry in entries:
        if entry.is_own:
            own[entry.table][entry.word] = entry.value
        else:
            fields[entry.field] = entry.value
    return replace(below, **fields, **own)


def rule_of(entry: Entry) -> rules.ProjectRule:
    """What a project's file may say there."""
    return OWN_TABLES[entry.table].project if entry.is_own else KEYS[entry.table][entry.word].project


def _check_table(name: str, table: object, path: str) -> None:
    known = (*KEYS, *OWN_TABLES)
    if not isinstance(table, dict):
        homes = [home for home, keys in KEYS.items() if name in keys]
        hint = f"it belongs below [{homes[0]}]" if homes else _nearest(name, known)
        raise ConfigError(f"`{path}`: `{name}` stands in no table", hint=hint)
    if name not in known:
        raise ConfigError(f"`{path}`: no table is called [{name}]", hint=_nearest(name, known))
    for key, value in table.items():
        if name not in OWN_TABLES and key not in KEYS[name]:
            raise ConfigError(f"`{path}`: [{name}] has no key `{key}`", hint=_nearest(key, KEYS[name]))
        kind = OWN_TABLES[name].kind if name in OWN_TABLES else KEYS[name][key].kind
        if kind is not None and not kind.holds(value):
            raise ConfigError(f"`{path}`: `{key}` in [{name}] is not {kind.words}")


def _nearest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    return did_you_mean(word.lower(), known) or f"one of {', '.join(known)}"
