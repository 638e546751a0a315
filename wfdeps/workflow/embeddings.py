"""`embedding:NAME` in a text, by the rules of ComfyUI's tokenizer; and what only looks like it.

Source: comfy/sd1_clip.py `escape_important`, `token_weights`, `tokenize_with_weights`, `_try_get_embedding`: escaped
parentheses are letters; the others group and are taken off, with the weight behind the last colon inside; what is left
splits at ` embedding:`, and the word up to the next white space is the name, retried without commas at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.patterns import pattern
from wfdeps.workflow.names import is_name

_MARK = "embedding:"
_SPLIT = pattern(r"[ \n]embedding:")
_MEANT = pattern(r"(?:^|[\s(,\[{|])embedding:(?=\S)([^\s,()\[\]{}|<>]+)")
_WEIGHT = pattern(r":-?\d+(?:\.\d*)?$")
_CHOICE = str.maketrans("{}|", "   ")
"""The frontend takes one of `{a|b}` before the text is tokenized: each of them may be it."""
_ESCAPES = (("\\)", "\0\1"), ("\\(", "\0\2"))
_DEPTH = 32


def embeddings_in(text: str) -> Iterator[tuple[str, bool]]:
    """Every name, and whether ComfyUI looks for just that: a comma or weight stuck to it makes it another word."""
    loaded = dict.fromkeys(_loaded(text))
    for name in loaded:
        yield name, True
    for name in dict.fromkeys(found.group(1) for found in _MEANT().finditer(text)):
        name = _WEIGHT().sub("", name.rstrip(".;\\")).rstrip(".;:\\")
        if name and name not in loaded and is_name(name) and not any(name in one for one in loaded):
            yield name, False


def _loaded(text: str) -> Iterator[str]:
    for plain, sign in _ESCAPES:
        text = text.replace(plain, sign)
    for segment in _segments(text.translate(_CHOICE), _DEPTH):
        segment = segment.replace("\0\1", ")").replace("\0\2", "(")
        first, *rest = _SPLIT().split(segment)
        for word in (*((first[len(_MARK) :],) if first.startswith(_MARK) else ()), *rest):
            name = "" if word[:1].isspace() else word.split(maxsplit=1)[0] if word else ""
            name = name.strip(",")
            if is_name(name) and _is_whole(name):
                yield name


def _is_whole(name: str) -> bool:
    """Whether the word can be a file's name: nobody calls a file `a,b`, `a:0.8` or `a.`."""
    return not ("," in name or ":" in name or name.endswith((".", ";")))


def _segments(text: str, depth: int) -> Iterator[str]:
    """The text in pieces, without the parentheses and weights around them."""
    if "(" not in text or not depth:
        yield text
        return
    for piece in _groups(text):
        if len(piece) >= 2 and piece[0] == "(" and piece[-1] == ")":
            inner = piece[1:-1]
            head, colon, weight = inner.rpartition(":")
            yield from _segments(head if colon and head and _is_number(weight) else inner, depth - 1)
        else:
            yield piece


def _groups(text: str) -> Iterator[str]:
    """Outermost groups, parentheses and all, and what stands between them."""
    start = level = 0
    for at, letter in enumerate(text):
        if letter == "(":
            if level == 0 and at > start:
                yield text[start:at]
                start = at
            level += 1
        elif letter == ")":
            level -= 1
            if level == 0:
                yield text[start : at + 1]
                start = at + 1
    if start < len(text):
        yield text[start:]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
