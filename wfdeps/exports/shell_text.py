"""The text of a script → its commands as words. Quotation marks, escapes, comments, continued lines, simple variables."""

from __future__ import annotations

import re
from collections.abc import Iterator

UNKNOWN = "\ue000"
"""Stands for a `$` whose value the script does not say. Such a sign in the script itself is dropped."""
_LONGEST = 4096
"""Characters of one word after its variables have their values: variables made of variables grow without bound."""
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_VARIABLE = re.compile(
    rf"{UNKNOWN}(?:\{{([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}}]*))?\}}|([A-Za-z_][A-Za-z0-9_]*))"
)
_OPERATORS = ("&&", "||", ";;", ";", "|", "&", "(", ")")


class UnfinishedError(ValueError):
    """A quotation mark that is never closed."""


class Variables:
    """The variables that were given a value that the script says in full."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}

    def takes(self, word: str) -> bool:
        """Whether the word is an assignment, which is then kept."""
        found = _ASSIGNMENT.fullmatch(word)
        if found is None:
            return False
        if UNKNOWN in found[2]:
            self._values.pop(found[1], None)
        else:
            self._values[found[1]] = found[2]
        return True

    def value(self, word: str) -> str:
        """The word with the values of its variables, as far as they are known."""
        if UNKNOWN not in word:
            return word
        full = _VARIABLE.sub(self._value_of, word)
        return full if len(full) <= _LONGEST else word

    def _value_of(self, found: re.Match[str]) -> str:
        name, default = found[1] or found[3], found[2]
        return self._values.get(name, default if default is not None else found[0])


def logical_lines(text: str) -> Iterator[str]:
    """The lines with those that a backslash continues put together, without lines that are comments."""
    held: list[str] = []
    for line in text.replace(UNKNOWN, "").replace("\r\n", "\n").split("\n"):
        if line.lstrip().startswith("#"):
            continue  # inside a continued instruction of a Dockerfile too
        if line.rstrip().endswith("\\") and not line.rstrip().endswith("\\\\"):
            held.append(line.rstrip()[:-1] + " ")
            continue
        yield "".join((*held, line))
        held = []
    if held:
        yield "".join(held)


def commands_of(line: str, variables: Variables) -> list[tuple[list[str], str]]:
    """Each command of the line as its words and the file its output goes to (empty for none). Raises UnfinishedError."""
    commands: list[tuple[list[str], str]] = []
    words: list[str] = []
    target = ""
    redirected = False
    for token, is_operator in _tokens(line):
        if is_operator and token in _OPERATORS:
            commands.append((words, target))
            words, target = [], ""
        elif is_operator:
            redirected = token in (">", ">>")
            continue
        elif redirected:
            target = variables.value(token)
        else:
            words.append(variables.value(token))
        redirected = False
    commands.append((words, target))
    return [command for command in commands if command[0]]


def _tokens(line: str) -> Iterator[tuple[str, bool]]:
    """The words and operators of a line; True beside an operator."""
    place, end = 0, len(line)
    word: list[str] = []
    begun = False
    while place < end:
        sign = line[place]
        if sign in " \t":
            if begun:
                yield "".join(word), False
            word, begun, place = [], False, place + 1
        elif sign == "#" and not begun:
            break
        elif sign in "'\"":
            closed, piece = _quoted(line, place)
            word.append(piece)
            begun, place = True, closed
        elif sign == "\\":
            word.append(line[place + 1 : place + 2])
            begun, place = True, place + 2
        elif sign in ";|&()<>":
            if begun:
                yield "".join(word), False
            operator = (
                line[place : place + 2] if line[place : place + 2] in ("&&", "||", ";;", ">>", "<<") else sign
            )
            yield operator, True
            word, begun, place = [], False, place + len(operator)
        else:
            word.append(UNKNOWN if sign == "$" else sign)
            begun, place = True, place + 1
    if begun:
        yield "".join(word), False


def _quoted(line: str, start: int) -> tuple[int, str]:
    """Where the quotation that begins at `start` ends, and what it holds. Raises UnfinishedError."""
    mark = line[start]
    if mark == "'":
        closed = line.find("'", start + 1)
        if closed < 0:
            raise UnfinishedError
        return closed + 1, line[start + 1 : closed]
    piece: list[str] = []
    place = start + 1
    while place < len(line):
        sign = line[place]
        if sign == '"':
            return place + 1, "".join(piece)
        if sign == "\\" and line[place + 1 : place + 2] in ("\\", '"', "$", "`"):
            piece.append(line[place + 1])
            place += 2
            continue
        piece.append(UNKNOWN if sign == "$" else sign)
        place += 1
    raise UnfinishedError
