"""A node of a listed class, and the row of that class → a claim for each model it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import split_ending
from wfdeps.domain.folders import APPROXIMATE_VIDEO_VAES, approximate_vae_parts
from wfdeps.domain.refs import Lookup
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple
from wfdeps.workflow.model_claims import ModelClaim, RuntimeName
from wfdeps.workflow.names import SCHEME, has_model_ending, is_name
from wfdeps.workflow.node_graph import Literal, Node, NodeGraph, Output

if TYPE_CHECKING:
    from wfdeps.workflow.loaders import LoaderRow, LoaderSlot, LoaderTable

_MISSING = object()
"""The value of an input that is linked to another node, or that the file does not give."""
_MAX_FOLLOWED = 32
"""Nodes between an input and the text it gets; links may go in a ring."""
_MAX_PARTS = 1_000
"""Names in one value."""
_SHOWN = 60
"""Letters of a value that is no name."""
_RELEASE = pattern(r"(?=.*\d)[A-Za-z][\w.]*[-_][\w.\-]+$")
"""`hunyuan3d-paint-v2-0`: the name of a release, as downloaders list them."""


class _ListedNode(NamedTuple):
    """A node of a listed class, and what is needed to read it."""

    node: Node
    row: LoaderRow
    graph: NodeGraph
    table: LoaderTable
    taken: set[object]
    """Places and names of values that are claimed already."""


class _Input(NamedTuple):
    """One input of a slot: its name, its slot_input among listed values, and which of several it is."""

    slot: LoaderSlot
    name: str
    at: int | None
    number: int = 0


def claims_of(
    node: Node, row: LoaderRow, graph: NodeGraph, table: LoaderTable
) -> Iterator[ModelClaim | RuntimeName]:
    """Yields what a node of a listed class names, in the order of its inputs."""
    if row.fetches:
        yield from _downloads_of(node)
    listed = _ListedNode(node, row, graph, table, set())
    for slot in row.slots:
        if slot.kind in ("picker", "preset"):
            continue
        if slot.kind == "objects":
            yield from _claims_in_objects(node, slot)
        else:
            for slot_input in _inputs(node, slot):
                yield from _claims(listed, slot_input)


def text_of(node: Node, row: LoaderRow, graph: NodeGraph, table: LoaderTable, slot: LoaderSlot) -> str | None:
    """The text of one input, its own or the literal that a link brings; None where it is none."""
    value = _input_value(_ListedNode(node, row, graph, table, set()), _Input(slot, slot.input, slot.at))
    return value if isinstance(value, str) else None


def _claims(listed: _ListedNode, slot_input: _Input) -> Iterator[ModelClaim | RuntimeName]:
    slot = slot_input.slot
    value = _input_value(listed, slot_input)
    if isinstance(value, RuntimeName):
        yield RuntimeName(slot_input.name, slot.folders, value.origin)
        return
    loaded = all(_condition_holds(listed, condition, slot_input.number) for condition in slot.when)
    if slot.exact and (word := _word_the_list_lacks(listed, slot_input, value)):
        yield ModelClaim(word, slot.folders, slot_input.name, "unfilled")
        return
    for text in _texts(value, slot):
        if slot.approximate_vaes and (parts := approximate_vae_parts(text)):
            for part in parts:
                yield ModelClaim(
                    part, ("vae_approx",), slot_input.name, slot.kind, loaded, lookups=(Lookup.PART,)
                )
        else:
            folders = _folders(text, slot)
            yield ModelClaim(text, folders, slot_input.name, slot.kind, loaded, lookups=(slot.lookup,))


def _word_the_list_lacks(listed: _ListedNode, slot_input: _Input, value: object) -> str:
    """How a value reads that no file can be, so that ComfyUI refuses it (`value_not_in_list`); empty for a name.

    A value that another version of the node may have had in this place is not judged.
    """
    node, slot = listed.node, slot_input.slot
    if isinstance(value, str):
        return "" if value in slot.none or is_name(value) else value.strip()[:_SHOWN] or '""'
    if slot_input.name in node.origins or isinstance(value, dict | list):
        return ""
    if value is not None:
        return str(value)[:_SHOWN]
    index = _index(node, slot_input.name, slot_input.at)
    if slot_input.name in node.named:
        own = node.named[slot_input.name]
    elif index is not None and index < len(node.listed) and (node.widget_names or node.listed[index] is None):
        own = node.listed[index]
    else:
        return "not given" if listed.graph.format == "api" else ""
    return "null" if own is None else str(own)[:_SHOWN]


def _input_value(listed: _ListedNode, slot_input: _Input) -> object:
    """What an input gets: from its link if it has one, else its own value."""
    origin = listed.node.origins.get(slot_input.name)
    if isinstance(origin, Output):
        return follow(listed.graph, listed.table, origin)
    return origin.value if isinstance(origin, Literal) else _own_value(listed, slot_input)


def follow(graph: NodeGraph, table: LoaderTable, origin: Output) -> str | RuntimeName | None:
    """Returns the text that another node gives, which is its one literal; None where that node names the model itself.

    Looks through up to `_MAX_FOLLOWED` nodes that only hand a value on.
    """
    source = graph.nodes.get(origin.node_id)
    for _ in range(_MAX_FOLLOWED):
        if source is None:
            return None
        row = table.row(source.node_class, source.pack)
        if row is not None and any(slot.kind == "file" for slot in row.slots):
            return None
        texts = [value for _, value in source.values() if isinstance(value, str) and value.strip()]
        files = [text for text in texts if has_model_ending(text)]
        fed = list(source.origins.values())
        if not fed and len(texts) == 1:
            return texts[0]
        if not fed and len(set(files)) == 1:
            return files[0]
        if len(fed) == 1 and not texts:
            if isinstance(fed[0], Literal):
                return fed[0].value if isinstance(fed[0].value, str) else None
            source = graph.nodes.get(fed[0].node_id)
            continue
        break
    return RuntimeName("", (), source.id if source else origin.node_id)


def _inputs(node: Node, slot: LoaderSlot) -> Iterator[_Input]:
    """The inputs a slot stands for: one, or as many as it counts."""
    if slot.repeat is None:
        yield _Input(slot, slot.input, slot.at)
        return
    first, last, step = slot.repeat
    for count in range(first, last + 1):
        name = slot.input.replace("{i}", str(count))
        at = None if slot.at is None else slot.at + step * (count - first)
        if name in node.named or name in node.origins or name in node.widget_names or _holds_text(node, at):
            yield _Input(slot, name, at, count)


def _holds_text(node: Node, at: int | None) -> bool:
    return at is not None and at < len(node.listed) and isinstance(node.listed[at], str)


def _own_value(listed: _ListedNode, slot_input: _Input) -> object:
    node, name = listed.node, slot_input.name
    if name in node.named:
        return node.named[name]
    index = _index(node, name, slot_input.at)
    if index is not None and index < len(node.listed) and _fits(node.listed[index], slot_input.slot):
        listed.taken.add(index)
        return node.listed[index]
    return None if name in node.widget_names else _misplaced_file(listed)


def _misplaced_file(listed: _ListedNode) -> object:
    """A value of another version of the node, or one whose name was lost: it still ends like a model file."""
    node, row, taken = listed.node, listed.row, listed.taken
    inputs = [each for slot in row.slots for each in _inputs(node, slot)]
    names = {each.name for each in inputs} | {*row.order}
    places = {_index(node, each.name, each.at) for each in inputs}
    for key, value in (*node.named.items(), *enumerate(node.listed)):
        is_spare = key not in taken and key not in names and key not in places
        if is_spare and isinstance(value, str) and has_model_ending(value) and is_name(value):
            taken.add(key)
            return value
    return None


def _index(node: Node, name: str, at: int | None) -> int | None:
    names = node.widget_names
    return names.index(name) if name in names else at


def _fits(value: object, slot: LoaderSlot) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and bool(slot.key))


def _texts(value: object, slot: LoaderSlot) -> Iterator[str]:
    """The names in a value: itself, a member of it, or several."""
    if isinstance(value, dict):
        value = value.get(slot.key or "content", value.get("name"))
    if slot.split and isinstance(value, str):
        parts: list[object] = [part.strip() for part in value.split(slot.split)]
    else:
        parts = value if isinstance(value, list) else [value]
    for part in parts[:_MAX_PARTS]:
        if isinstance(part, str) and is_name(part) and not _means_no_file(part, slot):
            yield part.removeprefix(SCHEME)


def _means_no_file(name: str, slot: LoaderSlot) -> bool:
    return (name if slot.exact else name.strip().lower()) in slot.none


def _folders(name: str, slot: LoaderSlot) -> tuple[str, ...]:
    """The folders of one name, the likeliest first."""
    if slot.approximate_vaes and split_ending(name)[0] in APPROXIMATE_VIDEO_VAES:
        return "vae_approx", "vae"
    for prefix, key in (slot.prefixes or {}).items():
        if name.replace("\\", "/").startswith(prefix):
            return key, *(folder for folder in slot.folders if folder != key)
    return slot.folders


def _condition_holds(listed: _ListedNode, condition: tuple[tuple[str, ...], str, object], count: int) -> bool:
    """Whether a condition holds; a value that is linked or missing is taken to let it hold."""
    names, test, wanted = condition
    wanted = count if wanted == "{i}" else wanted
    values = [setting(listed.node, listed.row, name.replace("{i}", str(count))) for name in names]
    return any(value is _MISSING or _passes(value, test, wanted) for value in values)


def _passes(value: object, test: str, wanted: object) -> bool:
    if test == "least":
        return not isinstance(value, int | float) or not isinstance(wanted, int) or value >= wanted
    if test == "not":
        return value != wanted
    return _folded(value) == _folded(wanted)


def _folded(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def setting(node: Node, row: LoaderRow, name: str) -> object:
    """The value of one input as the node is set; `_MISSING` where it is linked or not given."""
    if name in node.origins:
        origin = node.origins[name]
        return origin.value if isinstance(origin, Literal) else _MISSING
    if name in node.named:
        return node.named[name]
    names = node.widget_names or row.order
    index = names.index(name) if name in names else len(node.listed)
    return node.listed[index] if index < len(node.listed) else _MISSING


def _claims_in_objects(node: Node, slot: LoaderSlot) -> Iterator[ModelClaim]:
    """Names in object values: rgthree's rows, LoRA Manager's list. The server does not check these."""
    count = 0
    for name, value in node.values():
        for item in value if isinstance(value, list) else (value,):
            if not isinstance(item, Mapping) or slot.key not in item or not _is_input_of(name, slot):
                continue
            count += 1
            text = item[slot.key]
            if isinstance(text, str) and is_name(text):
                weights = [item[key] for key in slot.zero if isinstance(item.get(key), int | float)]
                loaded = bool(item.get(slot.on, True)) and (not weights or any(weights))
                given = name or slot.input.replace("*", str(count))
                yield ModelClaim(
                    text, slot.folders, given, "file", loaded, validated=False, lookups=(slot.lookup,)
                )


def _is_input_of(name: str, slot: LoaderSlot) -> bool:
    if not name:
        return True
    if slot.input.endswith("*"):
        return name.lower().startswith(slot.input[:-1].lower())
    return name == slot.input


def _downloads_of(node: Node) -> Iterator[ModelClaim]:
    """What a node downloads by itself: every value that is a repository or a file, else its first if that is a name."""
    values = [(name, value) for name, value in node.values() if isinstance(value, str) and is_name(value)]
    named = [(name, value) for name, value in values if has_model_ending(value) or _is_repository(value)]
    for name, value in named or [given for given in values[:1] if _RELEASE().match(given[1])]:
        yield ModelClaim(value, (), name or "model", "auto")


def _is_repository(value: str) -> bool:
    owner, slash, repository = value.partition("/")
    return bool(slash and owner and repository) and " " not in value and value.count("/") == 1
