"""Answers whether a header has a key, quickly: one text of all names, searched where a search can succeed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from wfdeps.detect.tensors import Tensor

LONGEST_NAME: Final = 512
"""Names are cut here before they are searched: no real one is longer, and time stays linear."""


class Scope:
    """The keys of a header, or those below one prefix, without it.

    A pattern is a name (`clf.1.weight`), or a regular expression after `re:`, searched in every name.
    """

    __slots__ = ("_answers", "_text", "tensors")

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        self.tensors = tensors
        self._answers: dict[str, str | None] = {}
        self._text: str | None = None

    def has(self, pattern: str) -> bool:
        """Whether some key fits the pattern."""
        return self.find(pattern) is not None

    def find(self, pattern: str) -> str | None:
        """The first key that fits the pattern."""
        if pattern in self.tensors:
            return pattern
        if not pattern.startswith("re:"):
            return None
        if pattern not in self._answers:
            self._answers[pattern] = self._search(pattern)
        return self._answers[pattern]

    def below(self, prefix: str) -> Scope:
        """The keys that begin so, without it."""
        cut = len(prefix)
        return Scope({key[cut:]: tensor for key, tensor in self.tensors.items() if key.startswith(prefix)})

    def shape(self, pattern: str) -> tuple[int, ...] | None:
        """The shape of the first key that fits, None where there is none or nobody knows it."""
        name = self.find(pattern)
        tensor = self.tensors.get(name) if name is not None else None
        return tensor.shape if tensor else None

    @property
    def text(self) -> str:
        """Every name on its own line, a line break before the first and after the last."""
        if self._text is None:
            self._text = "\n".join(["", *self.tensors, ""])
            if len(max(self.tensors, key=len, default="")) > LONGEST_NAME:
                self._text = "\n".join(["", *(name[:LONGEST_NAME] for name in self.tensors), ""])
        return self._text

    def _search(self, pattern: str) -> str | None:
        # Most patterns fail: a plain substring that every match must hold says so a hundred times faster.
        text = self.text
        for piece in _pieces(pattern):
            if piece not in text:
                return None
        found = _compiled(pattern).search(text)
        if found is None:
            return None
        start = text.rfind("\n", 0, found.start() + 1) + 1
        return text[start : text.find("\n", start)]


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """The expression over lines: `^` as a line break, which the engine can look for at once."""
    text = pattern.removeprefix("re:").replace("[^", "[^\\n")
    text = re.sub(r"(?<![\\\[])\^", r"(?:\\n)" if "(^" in text else r"\\n", text)
    return re.compile(re.sub(r"(?<!\\)\$", r"(?=\\n)", text))


@cache
def _pieces(pattern: str) -> tuple[str, ...]:
    """Plain text that every match of the expression holds: its literal runs outside groups and classes."""
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
    return tuple(piece for piece in (*pieces, run) if len(piece) > 2)
