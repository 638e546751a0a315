"""Models named inside text: `embedding:NAME`, `<lora:NAME:1>`, AIR URNs.

`embedding:NAME` is read by the rules of ComfyUI's tokenizer (comfy/sd1_clip.py `escape_important`, `token_weights`,
`tokenize_with_weights`, `_try_get_embedding`): escaped parentheses are letters; the others group and are taken off, with
the weight behind the last colon inside; what is left splits at an `embedding:` behind white space, and the first word behind it,
up to `<` or `[`, is the name, retried without commas at its ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from wfdeps.domain.air import AIR_ANYWHERE
from wfdeps.domain.refs import Lookup
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple
from wfdeps.workflow.names import has_model_ending, is_name
from wfdeps.workflow.node_graph import Literal, Node, NodeGraph, Output

_LORA = pattern(r"<lora:([^:>\n]+)(?::([^>\n]*))?>")

# Nodes that only show or write text.
_SHOWS = pattern(r"^show ?text|display|^save|^preview|note$|^text to console|log(?:ger)?$", re.IGNORECASE)
_NOT_SEPARATED = (
    "ComfyUI reads `embedding:NAME` behind a space and up to the next one: here something is stuck to it"
)
_LORA_IS_LOADED_FROM_LIST = frozenset({"Lora Loader (LoraManager)", "Lora Stacker (LoraManager)", "WanVideo Lora Select (LoraManager)"})  # fmt: skip

_EMBEDDING = "embedding:"
_EMBEDDING_START = pattern(r"(?<=\s)embedding:")
_LOOKS_LIKE_EMBEDDING = pattern(r"(?:^|[\s(,\[{|])embedding:(?=\S)([^\s,()\[\]{}|<>]+)")
_NAME_END = pattern(r"[<\[]")
_WEIGHT = pattern(r":-?\d+(?:\.\d*)?$")
_CHOICE = str.maketrans("{}|", "   ")
"""The frontend replaces `{a|b}` by one of the two before the text is tokenized: either may be loaded."""
_ESCAPES = (("\\)", "\0\1"), ("\\(", "\0\2"))
_MAX_DEPTH = 32
"""Of parentheses."""


class TextTag(NamedTuple):
    """A model that text names."""

    name: str
    folder: str
    input: str
    loaded: bool = True
    """False for a tag that nothing reads."""
    why: str = ""
    """Why nothing does."""
    lookups: tuple[Lookup, ...] = (Lookup.TAG,)
    """How those who read it look it up."""


def tags_of(node: Node, readers: Callable[[], Mapping[str, tuple[Lookup, ...]]]) -> Iterator[TextTag]:
    """Yields the models that this node's text names; `readers()` returns what `lora_readers` does."""
    for name, text in _texts(node):
        has_embedding, has_lora, has_air = "embedding:" in text, "<lora:" in text, "urn:air:" in text
        if not (has_embedding or has_lora or has_air) or _SHOWS().search(node.node_class):
            continue
        if has_embedding:
            for embedding, is_read in embeddings_in(text):
                why = "" if is_read else _NOT_SEPARATED
                yield TextTag(embedding, "embeddings", name, is_read, why, (Lookup.EMBEDDING,))
        if has_lora and node.node_class not in _LORA_IS_LOADED_FROM_LIST:
            lookups = readers().get(node.id, ())
            why = "" if lookups else "no node downstream reads this tag"
            for lora in loras_in(text):
                yield TextTag(lora, "loras", name, bool(lookups), why, lookups or (Lookup.TAG,))
        if has_air and " " in text.strip() and not has_model_ending(text.strip()):
            for air in AIR_ANYWHERE().findall(text):
                yield TextTag(air, "", name)


def loras_in(text: str) -> Iterator[str]:
    """Names in `<lora:NAME:weights>`, those with a weight of zero left out."""
    for found in _LORA().finditer(text):
        name, weights = found.group(1).strip(), (found.group(2) or "").split(":")
        if is_name(name) and not _is_zero(weights):
            yield name


def lora_readers(graph: NodeGraph, classes: Sequence[tuple[str, Lookup]]) -> Mapping[str, tuple[Lookup, ...]]:
    """Which nodes' `<lora:…>` is loaded, and how it is looked up, by node id.

    `classes` are patterns of the classes that parse such a text, the first that fits counts; the text may flow to one.
    """
    patterns = [(re.compile(words), lookup) for words, lookup in classes]
    found: dict[str, dict[Lookup, None]] = {}
    for reader in graph.nodes.values():
        lookup = next((lookup for words, lookup in patterns if words.search(reader.node_class)), None)
        todo = [] if lookup is None else [reader.id]
        while todo and lookup is not None:
            node = graph.nodes.get(todo.pop())
            if node is None or lookup in found.get(node.id, ()):
                continue
            found.setdefault(node.id, {})[lookup] = None
            todo.extend(
                origin.node_id
                for origin in node.origins.values()
                if isinstance(origin, Output) and _gives_text(graph.nodes.get(origin.node_id))
            )
    return {node_id: tuple(lookups) for node_id, lookups in found.items()}


def _gives_text(node: Node | None) -> bool:
    """API format tells no types: there every link may carry text."""
    return node is not None and (not node.output_types or "STRING" in node.output_types)


def _texts(node: Node) -> Iterator[tuple[str, str]]:
    """The texts a node runs with; where as many widgets are fed by links as there are unnamed texts, those are stale."""
    texts = [
        (name, value) for name, value in node.values() if isinstance(value, str) and name not in node.origins
    ]
    if node.linked_widgets and sum(not name for name, _ in texts) <= node.linked_widgets:
        texts = [(name, value) for name, value in texts if name]
    for name, value in texts:
        if ":" in value:
            yield name or "text", value
    for name, origin in node.origins.items():
        if isinstance(origin, Literal) and isinstance(origin.value, str) and ":" in origin.value:
            yield name, origin.value


def _is_zero(weights: list[str]) -> bool:
    numbers = []
    for weight in weights:
        try:
            numbers.append(float(weight))
        except ValueError:
            return False
    return bool(numbers) and not any(numbers)


def embeddings_in(text: str) -> Iterator[tuple[str, bool]]:
    """Yields each name behind `embedding:`, and whether ComfyUI looks for just that name.

    It does not where a comma or a weight without parentheses makes it another word.
    """
    loaded = dict.fromkeys(_loaded_embeddings(text))
    for name in loaded:
        yield name, True
    for name in dict.fromkeys(found.group(1) for found in _LOOKS_LIKE_EMBEDDING().finditer(text)):
        name = _WEIGHT().sub("", name.rstrip(".;\\")).rstrip(".;:\\")
        if name and name not in loaded and is_name(name) and not any(name in other for other in loaded):
            yield name, False


def _loaded_embeddings(text: str) -> Iterator[str]:
    for plain, sign in _ESCAPES:
        text = text.replace(plain, sign)
    for segment in _segments(text.translate(_CHOICE), _MAX_DEPTH):
        segment = segment.replace("\0\1", ")").replace("\0\2", "(")
        first, *rest = _EMBEDDING_START().split(segment)
        for word in (*((first[len(_EMBEDDING) :],) if first.startswith(_EMBEDDING) else ()), *rest):
            name = _NAME_END().split((word.split(maxsplit=1) or [""])[0], maxsplit=1)[0].strip(",")
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
