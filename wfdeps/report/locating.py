"""Where in a workflow's JSON text a value stands: the line of a widget, for annotations."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from wfdeps.values import dataclass, field

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_MOST = 32_000_000
"""Characters; a longer text is not searched."""


@dataclass(frozen=True, slots=True)
class Region:
    """Lines and columns, from 1; columns count code points, and `end_column` is one past the last."""

    start_line: int
    start_column: int
    end_line: int
    end_column: int


@dataclass(slots=True)
class _Frame:
    """An object or array around the place being read."""

    parent: _Frame | None
    key: str
    is_object: bool
    wants_key: bool
    last_key: str = ""
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class _StringValue:
    """A string that is a value, not a key."""

    start: int
    end: int
    key: str
    frame: _Frame = field(compare=False)


class Places:
    """Every string value of one text, to be asked where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._by_value: dict[str, list[_StringValue]] = {}
        for value, literal in _literals(text if len(text) <= _MOST else ""):
            self._by_value.setdefault(value, []).append(literal)

    def locate(self, name: str, node_id: str, input_name: str) -> Region | None:
        """Where this node names this file; the nearest thing to it where that cannot be told; None: nowhere.

        A name inside a longer text (`embedding:name` in a prompt) is found as part of it.
        """
        literals = self._by_value.get(name) or [
            literal
            for value, literals in self._by_value.items()
            if name and name in value
            for literal in literals
        ]
        if not literals:
            return None
        best = max(literals, key=lambda literal: (_closeness(literal, node_id, input_name), -literal.start))
        return self._region(best.start, best.end)

    def _region(self, start: int, end: int) -> Region:
        return Region(*self._position(start), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        before = self._text.rfind("\n", 0, offset)
        return self._text.count("\n", 0, offset) + 1, offset - before


def _closeness(literal: _StringValue, node_id: str, input_name: str) -> tuple[int, bool]:
    """How surely a literal is this node's: its own id, else an id on the way to it, and the input's name."""
    parts = node_id.split(":")
    rank, frame = 0, literal.frame
    above: _Frame | None = frame
    while above is not None:
        ids = {above.node_id, above.key}
        if node_id in ids or parts[-1] in ids:
            rank = max(rank, 2)
        elif ids.intersection(parts):
            rank = max(rank, 1)
        above = above.parent
    return rank, literal.key == input_name


def _literals(text: str) -> Iterator[tuple[str, _StringValue]]:
    frame: _Frame | None = None
    for token in _TOKEN.finditer(text):
        word = token[0]
        if word in "{[":
            key = frame.last_key if frame is not None else ""
            frame = _Frame(frame, key, word == "{", word == "{")
        elif frame is None:
            continue
        elif word in "}]":
            frame = frame.parent
        elif word == ",":
            frame.wants_key = frame.is_object
        elif word == ":":
            frame.wants_key = False
        elif frame.wants_key:
            frame.last_key = _decode(word)
        else:
            if frame.is_object and frame.last_key == "id":
                frame.node_id = _decode(word)
            if word[0] == '"':
                yield _decode(word), _StringValue(token.start(), token.end(), frame.last_key, frame)


def _decode(word: str) -> str:
    if word[0] != '"':
        return word
    if "\\" not in word:
        return word[1:-1]
    try:
        return str(json.loads(word, strict=False))
    except ValueError:
        return word[1:-1]
