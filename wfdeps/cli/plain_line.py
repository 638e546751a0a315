"""The command lines most people type, read without argparse, which costs a check a twentieth of its instructions.

A command declares its arguments once, to whatever reads the line. This reader knows the few rules that plain lines
keep to, and answers as argparse would or not at all: then argparse is asked, which also owns every error and help.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace

from wfdeps import TYPE_CHECKING
from wfdeps.values import NamedTuple

if TYPE_CHECKING:
    from argparse import Namespace
    from typing import Any, NoReturn, Self


def read_plainly(declare: Callable[[Any], None], line: Sequence[str]) -> Namespace | None:
    """What argparse would make of the line of a command that declares these arguments; None where only argparse knows."""
    reader = _Reader()
    try:
        declare(reader)
        return reader.read(line)
    except _NotPlainError:
        return None


class _NotPlainError(Exception):
    """More than this module knows."""


class _Option(NamedTuple):
    """What was declared of one option."""

    dest: str
    action: str
    of_text: Callable[[str], Any]
    choices: Sequence[str] | None

    def value_of(self, text: str) -> Any:
        try:
            value = self.of_text(text)
        except Exception as error:  # argparse says what is wrong with it
            raise _NotPlainError from error
        if self.choices is not None and value not in self.choices:
            raise _NotPlainError
        return value


class _Reader:
    """As much of `argparse.ArgumentParser` as plain lines need."""

    def __init__(self) -> None:
        self._options: dict[str, _Option] = {}
        self._start: dict[str, Any] = {}
        self._words = ""

    def add_argument_group(self, title: str) -> Self:
        """Groups are for the help."""
        return self

    def add_argument(self, *names: str, action: str = "store", default: Any = None, **how: Any) -> None:
        if not names[0].startswith("-"):
            if self._words or how.get("nargs") != "+":
                raise _NotPlainError
            self._words = names[0]
            return
        if action not in _ACTIONS or how.keys() - _KNOWN:
            raise _NotPlainError
        long = next((name for name in names if name.startswith("--")), names[0])
        dest = how.get("dest") or long.lstrip("-").replace("-", "_")
        self._start[dest] = False if action == "store_true" else default
        option = _Option(dest, action, how.get("type", str), how.get("choices"))
        self._options.update(dict.fromkeys(names, option))

    def __getattr__(self, name: str) -> NoReturn:
        raise _NotPlainError

    def read(self, line: Sequence[str]) -> Namespace:
        found = {key: list(value) if isinstance(value, list) else value for key, value in self._start.items()}
        words: list[int] = []
        rest = enumerate(line)
        for place, word in rest:
            if word == "-" or not word.startswith("-"):
                words.append(place)
            else:
                self._take(word, rest, found)
        # Words on both sides of an option are more than argparse puts together.
        if not (self._words and words) or words[-1] - words[0] >= len(words):
            raise _NotPlainError
        found[self._words] = [line[place] for place in words]
        return SimpleNamespace(**found)  # type: ignore[return-value]

    def _take(self, word: str, rest: Iterator[tuple[int, str]], found: dict[str, Any]) -> None:
        name, equals, value = word.partition("=")
        option = self._options.get(name)
        if option is None or bool(equals) > (option.action in _WITH_VALUE) or value == "--":
            raise _NotPlainError
        if option.action == "store_true":
            found[option.dest] = True
        elif option.action == "count":
            found[option.dest] += 1
        else:
            value = option.value_of(value if equals else _next_word(rest))
            if option.action == "append":
                found[option.dest].append(value)
            else:
                found[option.dest] = value


def _next_word(rest: Iterator[tuple[int, str]]) -> str:
    _, word = next(rest, (0, "--"))
    if word.startswith("-") and word != "-":
        raise _NotPlainError
    return word


_WITH_VALUE = frozenset({"store", "append"})
_ACTIONS = _WITH_VALUE | {"store_true", "count"}
_KNOWN = frozenset({"dest", "type", "choices", "metavar", "help"})
