"""Answers whether a header has a key, quickly: one text of all names, searched where a search can succeed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from wfdeps.detect.tensors import Tensor

_DIGITS: Final = dict.fromkeys(map(ord, "123456789"), "0")

LONGEST_NAME: Final = 512
"""Names are cut here before they are searched: no real one is longer, and time stays linear."""


class Scope:
    """The keys of a header, or those below one prefix, without it.

    A pattern is a name (`clf.1.weight`), or a regular expression after `re:`, searched in every name.
    """

    __slots__ = ("_answers", "_below", "_kinds", "_prefix", "_text", "root", "tensors")

    def __init__(self, tensors: Mapping[str, Tensor], prefix: str = "", root: Scope | None = None) -> None:
        self.tensors = tensors
        """Of the whole header, however deep the scope lies."""
        self._prefix = prefix
        self.root = root or self
        """The scope of the whole header."""
        self._answers: dict[str, str | None] = {}
        self._below: dict[str, Scope] = {}
        self._text: str | None = None
        self._kinds: str | None = None

    def has(self, pattern: str) -> bool:
        """Whether some key fits the pattern."""
        return self.find(pattern) is not None

    def find(self, pattern: str) -> str | None:
        """The first key that fits the pattern."""
        if self._prefix + pattern in self.tensors:
            return pattern
        if not pattern.startswith("re:"):
            return None
        if pattern not in self._answers:
            self._answers[pattern] = self._search(pattern)
        return self._answers[pattern]

    def below(self, prefix: str) -> Scope:
        """The keys that begin so, without it."""
        if prefix not in self._below:
            self._below[prefix] = Scope(self.tensors, self._prefix + prefix, self.root)
        return self._below[prefix]

    def shape(self, pattern: str) -> tuple[int, ...] | None:
        """The shape of the first key that fits, None where there is none or nobody knows it."""
        name = self.find(pattern)
        tensor = self.tensors.get(self._prefix + name) if name is not None else None
        return tensor.shape if tensor else None

    @property
    def text(self) -> str:
        """Every name on its own line, a line break before the first and after the last."""
        if self._text is None:
            self._text = self._names() if self.root is self else _lines_below(self._prefix, self.root.text)
        return self._text

    @property
    def kinds(self) -> str:
        """The keys with every digit a zero and each line once: of forty equal blocks two remain."""
        if self._kinds is None and self.root is self:
            self._kinds = "\n".join(["", *set(self.text.translate(_DIGITS).split("\n")), ""])
        elif self._kinds is None:
            self._kinds = _lines_below(self._prefix.translate(_DIGITS), self.root.kinds)
        return self._kinds or ""

    def _names(self) -> str:
        if len(max(self.tensors, key=len, default="")) > LONGEST_NAME:
            return "\n".join(["", *(name[:LONGEST_NAME] for name in self.tensors), ""])
        return "\n".join(["", *self.tensors, ""])

    def _search(self, pattern: str) -> str | None:
        # Most patterns fail: a plain substring that every match must hold says so a hundred times faster.
        for piece in _pieces(pattern):
            if piece not in self.kinds:
                return None
        text = self.text
        found = _compiled(pattern).search(text)
        if found is None:
            return None
        start = text.rfind("\n", 0, found.start() + 1) + 1
        return text[start : text.find("\n", start)]


def _lines_below(prefix: str, text: str) -> str:
    """What stands behind the prefix in every line that begins with it."""
    return "\n".join(["", *re.findall(rf"(?<=\n){re.escape(prefix)}(.*)", text), ""])


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The expression over lines: `^` as a line break, which the engine can look for at once."""
    text = pattern.removeprefix("re:").replace("[^", "[^\\n")
    text = re.sub(r"(?<![\\\[])\^", r"(?:\\n)" if "(^" in text else r"\\n", text)
    return re.compile(re.sub(r"(?<!\\)\$", r"(?=\\n)", text))


@cache
def _pieces(pattern: str) -> tuple[str, ...]:
    """Plain text that every match of the expression holds: its literal runs outside groups and classes, digits as zeros."""
    text = pattern.removeprefix("re:")
    pieces, run, depth, at = [], "", 0, 0
    while at < len(text):
        char = text[at]
        step = 2 if char == "\\" else 1
        plain = text[at + 1] if char == "\\" and not text[at + 1 : at + 2].isalnum() else char
        if char == "[":
            step = text.index("]", at + 2) + 1 - at
        depth += (char == "(") - (char == ")")
        optional = text[at + step : at + step + 1] in ("?", "*", "{")
        literal = (
            depth == 0
            and not optional
            and ((char == "\\" and plain != "\\") or char not in "\\[]().*+?{}|^$")
        )
        if char == "|" and depth == 0:
            return ()
        if literal:
            run += plain
        else:
            pieces.append(run)
            run = ""
        at += step
    return tuple(piece.translate(_DIGITS) for piece in (*pieces, run) if len(piece) > 2)
