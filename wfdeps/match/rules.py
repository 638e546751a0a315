"""What a studio allows: licences, formats, sources, sizes. Decides on what is known of a file; says why not.

[licences]
allow = ["apache-2.0", "commercial use: image"]   # one of these is said of the file …
deny = ["no derivatives"]                         # … and none of these
unknown = "refuse"                                # or "allow": where nobody says anything
[formats]
allow = ["safetensors", "gguf"]
[sources]
allow = ["civitai", "huggingface"]
unknown = "allow"
[sizes]
file = "12 GB"
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wfdeps.errors import ConfigError, did_you_mean
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """Which words are allowed and which are not. An empty `allow` allows all."""

    allow: frozenset[str] = frozenset()
    deny: frozenset[str] = frozenset()
    refuse_unknown: bool = True
    """Counts only where something is allowed or denied at all."""

    def objection(self, values: Iterable[str]) -> str:
        """What speaks against these words; empty where nothing does."""
        words = frozenset(values)
        if not (self.allow or self.deny):
            return ""
        if not words:
            return "unknown" if self.refuse_unknown else ""
        if denied := words & self.deny:
            return f"`{min(denied)}`"
        return (
            "" if not self.allow or words & self.allow else ", ".join(f"`{word}`" for word in sorted(words))
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """All that is allowed."""

    licences: Words = Words()
    formats: Words = Words()
    sources: Words = Words()
    largest: int | None = None
    """Bytes of one file."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one file, here or elsewhere."""

    name: str
    size: int | None = None
    licence: tuple[str, ...] = ()
    source: str = ""
    is_found: bool = True
    """False where only the workflow's name for it is known: then its format alone is judged."""


def objection(facts: Facts, rules: Rules) -> str:
    """Why the policy refuses this file, in one clause; empty where it does not."""
    ending = facts.name.rpartition(".")[2].lower() if "." in facts.name else ""
    if why := rules.formats.objection([ending] if ending else []):
        return f"the policy does not allow the format {why}"
    if not facts.is_found:
        return ""
    if why := rules.licences.objection(licence_words(facts.licence)):
        return f"the policy does not allow the licence {why}"
    if why := rules.sources.objection([facts.source] if facts.source else []):
        return f"the policy does not allow the source {why}"
    if rules.largest is not None and facts.size is not None and facts.size > rules.largest:
        return f"the policy allows files of {rules.largest:,} bytes, and this one has {facts.size:,}"
    return ""


def licence_words(statements: Iterable[str]) -> Iterator[str]:
    """Each single statement, folded: `commercial use: Image, Sell` is two.

    >>> list(licence_words(["commercial use: Image, Sell", "credit required"]))
    ['commercial use: image', 'commercial use: sell', 'credit required']
    """
    for statement in statements:
        head, colon, tail = statement.lower().partition(":")
        if colon:
            yield from (f"{head.strip()}: {word.strip()}" for word in tail.split(",") if word.strip())
        else:
            yield head.strip()


def rules_of(document: Mapping[str, Any]) -> Rules:
    """The rules a policy file holds. Raises ConfigError, naming the place, for what is not understood."""
    _only(document, ("licences", "formats", "sources", "sizes"), "the policy")
    sizes = _table(document, "sizes")
    _only(sizes, ("file",), "sizes")
    return Rules(
        licences=_words(document, "licences", statements=True),
        formats=_words(document, "formats"),
        sources=_words(document, "sources"),
        largest=_size(sizes["file"]) if "file" in sizes else None,
    )


def _words(document: Mapping[str, Any], name: str, *, statements: bool = False) -> Words:
    table = _table(document, name)
    _only(table, ("allow", "deny", "unknown"), name)
    if table.get("unknown", "refuse") not in ("refuse", "allow"):
        raise ConfigError(f'`unknown` in [{name}] is neither "refuse" nor "allow"')
    allow, deny = (_list(table, key, name) for key in ("allow", "deny"))
    fold = licence_words if statements else _endings
    return Words(frozenset(fold(allow)), frozenset(fold(deny)), table.get("unknown", "refuse") == "refuse")


def _endings(words: Iterable[str]) -> Iterator[str]:
    return (word.lower().strip().removeprefix(".") for word in words)


def _list(table: Mapping[str, Any], key: str, name: str) -> Sequence[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ConfigError(f'`{key}` in [{name}] is not a list of texts, like ["a", "b"]')
    return value


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name, {})
    if not isinstance(value, dict):
        raise ConfigError(f"`{name}` is no table", hint=f"write it as [{name}]")
    return value


def _only(table: Mapping[str, Any], known: Sequence[str], place: str) -> None:
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known) or f"one of {', '.join(known)}"
            raise ConfigError(f"`{key}` in {place} is not known", hint=hint)


_SIZE = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)[bB]?\s*$")


def _size(value: object) -> int:
    """`12 GB`, `512MiB`, `100000`."""
    size = _SIZE.match(str(value)) if isinstance(value, str | int) and not isinstance(value, bool) else None
    if size is None:
        raise ConfigError(
            f"`file` in [sizes] is no size: `{value}`", hint='"12 GB", "512 MiB", or a number of bytes'
        )
    step = 1024 if size[3] else 1000
    return int(float(size[1]) * step ** " kmgt".index(size[2].lower() or " "))
