"""The nodes and links of a UI workflow as the file has them, and what feeds a link in the end.

A link is followed through reroutes, bypassed nodes, setters and getters, and the borders of subgraphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.workflow.limits import MAX_HOPS
from wfdeps.workflow.node_graph import Literal, Origin, Output

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wfdeps.workflow.promoted import HostValues

Raw: TypeAlias = "dict[str, Any]"
Link = tuple[str, int, object, str, int]
"""Origin node, origin slot, type, target node, target slot."""

MUTED, BYPASSED = 2, 4
"""A node's `mode` (ComfyUI_frontend `LGraphEventMode`: NEVER, BYPASS)."""
NOTES = frozenset({"Note", "MarkdownNote", "Note _O", "Note Plus (mtb)", "Label (rgthree)"})
REROUTES = frozenset({"Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss"})
# KJNodes and Easy-Use: a pair of nodes that share a name instead of a link; both are gone in the prompt.
SETTERS = frozenset({"SetNode", "easy setNode"})
GETTERS = frozenset({"GetNode", "easy getNode"})
VIRTUAL = NOTES | REROUTES | SETTERS | GETTERS | {"PrimitiveNode"}
"""Classes that only the frontend knows: they are not in the prompt."""
BROADCAST = "Everywhere"
"""In the class names of cg-use-everywhere, whose nodes feed inputs that have no link."""
BROKEN: Origin = Literal(None, "")
"""A link that leads to nothing; compared by identity."""


class GraphLevel:
    """The nodes and links of one level of a workflow: its root, or one instance of a subgraph."""

    __slots__ = ("children", "definition", "host", "host_values", "inactive", "input_id", "into", "links", "nodes",
                 "output_id", "parent", "prefix", "setters")  # fmt: skip

    def __init__(
        self, raw: Mapping[str, Any], parent: GraphLevel | None, host: Raw | None, host_values: HostValues
    ) -> None:
        self.definition = raw if host is not None else None
        self.parent, self.host, self.host_values = parent, host, host_values
        self.prefix: str = "" if host is None or parent is None else f"{parent.prefix}{host.get('id')}:"
        self.inactive = ""
        self.nodes = nodes_by_id(raw.get("nodes"))
        self.links = links_of(raw.get("links"))
        self.children: dict[str, GraphLevel] = {}
        self.setters: dict[str, Raw] | None = None
        self.into: dict[tuple[str, int], str] | None = None
        self.input_id = _border(raw, "inputNode", -10)
        self.output_id = _border(raw, "outputNode", -20)


def nodes_by_id(nodes: object) -> dict[str, Raw]:
    """Nodes by id; of two with one id both are kept, the second as `ID~COUNT`."""
    found: dict[str, Raw] = {}
    for raw in nodes.values() if isinstance(nodes, dict) else nodes if isinstance(nodes, list) else ():
        if isinstance(raw, dict) and isinstance(raw.get("type"), str):
            node_id = str(raw.get("id"))
            found[node_id if node_id not in found else f"{node_id}~{len(found)}"] = raw
    return found


def links_of(links: object) -> dict[str, Link]:
    """Links by id, of both shapes: `[id, origin, slot, target, slot, type]` and objects."""
    found: dict[str, Link] = {}
    for link in links.values() if isinstance(links, dict) else links if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) >= 5:
            kind = link[5] if len(link) > 5 else None
            found[str(link[0])] = (str(link[1]), _slot(link[2]), kind, str(link[3]), _slot(link[4]))
        elif isinstance(link, dict):
            found[str(link.get("id"))] = (
                str(link.get("origin_id")), _slot(link.get("origin_slot")), link.get("type"),
                str(link.get("target_id")), _slot(link.get("target_slot")),
            )  # fmt: skip
    return found


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def _slot(value: object) -> int:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else -1


def _border(raw: Mapping[str, Any], key: str, usual: int) -> str:
    node = raw.get(key)
    return str(node.get("id", usual)) if isinstance(node, dict) else str(usual)


def definitions_in(workflow: Mapping[str, Any]) -> dict[str, Raw]:
    """Every subgraph definition by id, those nested in other definitions too; the first of an id counts."""
    found: dict[str, Raw] = {}
    todo: list[object] = [workflow]
    while todo:
        given = todo.pop()
        definitions = given.get("definitions") if isinstance(given, dict) else None
        subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
        for subgraph in subgraphs if isinstance(subgraphs, list) else ():
            if (
                isinstance(subgraph, dict)
                and isinstance(subgraph.get("id"), str)
                and subgraph["id"] not in found
            ):
                found[subgraph["id"]] = subgraph
                todo.append(subgraph)
    return found


def why_inactive(raw: Mapping[str, Any]) -> str:
    """Why this node does not run, by its mode; empty where it does."""
    mode = raw.get("mode")
    return "node muted" if mode == MUTED else "node bypassed" if mode == BYPASSED else ""


def origin_of(level: GraphLevel, link_id: object) -> Origin | None:
    """What feeds a link in the end; None where nothing does, so that the widget's own value holds.

    BROKEN where a link, or the node it comes from, is not there.
    """
    for _ in range(MAX_HOPS):
        link = level.links.get(str(link_id))
        if link is None:
            return BROKEN
        origin_id, slot = link[0], link[1]
        if level.host is not None and origin_id == level.input_id:
            found = _outside_subgraph(level, slot)
            if not isinstance(found, _NextLink):
                return found
            level, link_id = found.level, found.link_id
            continue
        raw = level.nodes.get(origin_id)
        if raw is None:
            return BROKEN
        found = _behind_node(level, origin_id, raw, slot, link[2])
        if not isinstance(found, _NextLink):
            return found
        level, link_id = found.level, found.link_id
    return None


def open_ends(root: GraphLevel) -> Iterator[Output]:
    """What active subgraphs of the root give, where none of their outputs is taken."""
    taken = {link[0] for link in root.links.values()}
    for host_id, child in root.children.items():
        if host_id not in taken and not child.inactive and child.definition is not None:
            for slot in range(len(as_list(child.definition.get("outputs")))):
                link_id = _link_into(child, child.output_id, slot)
                origin = None if link_id is None else origin_of(child, link_id)
                if isinstance(origin, Output):
                    yield origin


def _behind_node(
    level: GraphLevel, node_id: str, raw: Raw, slot: int, kind: object
) -> Origin | _NextLink | None:
    mode, node_class = raw.get("mode"), raw.get("type")
    if mode == MUTED:
        return None
    if mode == BYPASSED:
        return _next_link(level, _passed_through(raw, slot, kind))
    if node_id in level.children:
        child = level.children[node_id]
        return _next_link(child, _link_into(child, child.output_id, slot)) or BROKEN
    if node_class in REROUTES:
        return _next_link(level, _first_link(raw))
    if node_class == "PrimitiveNode":
        values = raw.get("widgets_values")
        value = values[0] if isinstance(values, list) and values else None
        return None if value is None else Literal(value, level.prefix + node_id)
    if node_class in GETTERS:
        setter = _setter(level, raw)
        return _next_link(setter[0], _first_link(setter[1])) if setter else None
    if node_class in SETTERS:
        return _next_link(level, _first_link(raw))
    return Output(level.prefix + node_id, slot)


class _NextLink:
    """The search for an origin goes on at this link."""

    __slots__ = ("level", "link_id")

    def __init__(self, level: GraphLevel, link_id: object) -> None:
        self.level, self.link_id = level, link_id


def _next_link(level: GraphLevel, link_id: object) -> _NextLink | None:
    return None if link_id is None else _NextLink(level, link_id)


def _outside_subgraph(level: GraphLevel, slot: int) -> Origin | _NextLink | None:
    """What a subgraph's input gets from outside: the host's link, else the host's promoted value."""
    assert level.definition is not None and level.parent is not None and level.host is not None
    inputs = level.definition.get("inputs")
    if not isinstance(inputs, list) or not 0 <= slot < len(inputs) or not isinstance(inputs[slot], dict):
        return None
    name = inputs[slot].get("name")
    given = _host_input(level.host, name, slot)
    if given is not None and given.get("link") is not None:
        return _NextLink(level.parent, given["link"])
    if isinstance(name, str) and name in level.host_values.inputs:
        return Literal(level.host_values.inputs[name], level.prefix[:-1])
    return None


def _host_input(host: Raw, name: object, slot: int) -> Raw | None:
    inputs = [given for given in as_list(host.get("inputs")) if isinstance(given, dict)]
    for given in inputs:
        if given.get("name") == name:
            return given
    return inputs[slot] if slot < len(inputs) and inputs[slot].get("name") is None else None


def _passed_through(raw: Raw, slot: int, kind: object) -> object:
    """The link a bypassed node hands on: its input at the same place if the type fits, else the first that fits."""
    outputs, inputs = raw.get("outputs"), raw.get("inputs")
    if not isinstance(inputs, list):
        return None
    wanted = kind
    if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict):
        wanted = outputs[slot].get("type", kind)
    same = inputs[slot : slot + 1] if slot >= 0 else []
    for given in [*same, *inputs]:
        if isinstance(given, dict) and given.get("type") == wanted:
            return given.get("link")
    for given in [*same, *inputs]:
        if isinstance(given, dict) and "*" in (given.get("type"), wanted):
            return given.get("link")
    return None


def _first_link(raw: Raw) -> object:
    inputs = raw.get("inputs")
    first = inputs[0] if isinstance(inputs, list) and inputs else None
    return first.get("link") if isinstance(first, dict) else None


def _setter(level: GraphLevel, getter: Raw) -> tuple[GraphLevel, Raw] | None:
    """The node that sets what this one gets, in its own graph or one around it."""
    name = _first_value(getter)
    here: GraphLevel | None = level
    while here is not None:
        if here.setters is None:
            here.setters = {
                str(_first_value(raw)): raw for raw in here.nodes.values() if raw.get("type") in SETTERS
            }
        found = here.setters.get(str(name))
        if found is not None and found.get("mode") != MUTED:
            return here, found
        here = here.parent
    return None


def _first_value(raw: Raw) -> object:
    values = raw.get("widgets_values")
    if isinstance(values, dict):
        return next(iter(values.values()), None)
    return values[0] if isinstance(values, list) and values else None


def _link_into(level: GraphLevel, target_id: str, slot: int) -> object:
    """The link that ends at this border slot of a subgraph."""
    outputs = level.definition.get("outputs") if level.definition else None
    if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict):
        for link_id in as_list(outputs[slot].get("linkIds")):
            if str(link_id) in level.links:
                return link_id
    if level.into is None:
        level.into = {link[3:]: link_id for link_id, link in reversed(level.links.items())}
    return level.into.get((target_id, slot))
