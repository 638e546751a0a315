"""Source text → the statements of a module, with the bodies of its classes and functions parsed only when asked for.

Parsing is what costs, and a pack's module is mostly methods that nobody needs to know. So the text is cut at the lines
that start in the first column, and each undecorated `class` and `def` becomes a stub. Where the cut text does not
parse (a multi-line string with text in the first column), all of it is parsed at once.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence

from wfdeps.values import NamedTuple

_STARTS = re.compile(r"^[^\s#)\]}].*", re.MULTILINE)
_DEFINES = re.compile(r"(class|(?:async[ \t]+)?def)[ \t]+(\w+)")
_STUB = "__stub_"
MAX_CHARACTERS = 4_000_000
"""A longer file is a table of data, not a module of nodes."""


class Stub(NamedTuple):
    """A class or function of which only the name is known yet."""

    name: str
    is_class: bool
    text: str

    def whole(self) -> ast.stmt | None:
        """The statement; None where it is no Python by itself."""
        body = parsed(self.text)
        return body[0] if body else None


def outline(text: str) -> Sequence[ast.stmt | Stub] | None:
    """The top-level statements of this text; None where it is no Python, or too long to be a module of nodes."""
    if len(text) > MAX_CHARACTERS:
        return None
    cut, stubs = _cut(text)
    body = parsed(cut)
    if body is None:
        return parsed(text) if stubs else None
    return [_stub_of(statement, stubs) or statement for statement in body]


def parsed(text: str) -> list[ast.stmt] | None:
    """The statements of this text; None where it is no Python, or nested too deep."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # `"\d"` in somebody's source is no news of ours
            return ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _cut(text: str) -> tuple[str, list[Stub]]:
    pieces: list[str] = []
    stubs: list[Stub] = []
    done = 0
    starts = [(match.start(), match.group()) for match in _STARTS.finditer(text)]
    ends = [start for start, _ in starts[1:]] + [len(text)]
    is_decorated = False
    for (start, line), end in zip(starts, ends, strict=False):
        found = None if is_decorated else _DEFINES.match(line)
        if found:
            pieces += (text[done:start], f"{_STUB}{len(stubs)}\n")
            stubs.append(Stub(found[2], found[1] == "class", text[start:end]))
            done = end
        is_decorated = line.startswith("@")
    pieces.append(text[done:])
    return "".join(pieces), stubs


def _stub_of(statement: ast.stmt, stubs: Sequence[Stub]) -> Stub | None:
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Name):
        number = statement.value.id.removeprefix(_STUB)
        if number != statement.value.id and number.isdecimal() and int(number) < len(stubs):
            return stubs[int(number)]
    return None
