"""The nodes and links of one graph, the root's or one instance of a subgraph's, as the file has them."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from wfdeps.workflow.promoted import Handed

Raw: TypeAlias = "dict[str, Any]"
Link = tuple[str, int, object, str, int]
"""Origin node, origin slot, type, target node, target slot."""

MUTED, BYPASSED = 2, 4
NOTES = frozenset({"Note", "MarkdownNote", "Note _O", "Note Plus (mtb)", "Label (rgthree)"})
REROUTES = frozenset({"Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss"})
SETTERS = frozenset({"SetNode", "easy setNode"})
GETTERS = frozenset({"GetNode", "easy getNode"})
VIRTUAL = NOTES | REROUTES | SETTERS | GETTERS | {"PrimitiveNode"}
BROADCAST = "Everywhere"


class Scope:
    """The nodes and links of the root or of one instance of a subgraph."""

    __slots__ = ("children", "definition", "handed", "host", "inactive", "input_id", "into", "links", "nodes", "output_id",
                 "parent", "prefix", "setters")  # fmt: skip

    def __init__(
        self, raw: Mapping[str, Any], parent: Scope | None, host: Raw | None, handed: Handed
    ) -> None:
        self.definition = raw if host is not None else None
        self.parent, self.host, self.handed = parent, host, handed
        self.prefix: str = "" if host is None or parent is None else f"{parent.prefix}{host.get('id')}:"
        self.inactive = ""
        self.nodes = nodes_by_id(raw.get("nodes"))
        self.links = links_of(raw.get("links"))
        self.children: dict[str, Scope] = {}
        self.setters: dict[str, Raw] | None = None
        self.into: dict[tuple[str, int], str] | None = None
        self.input_id = _border(raw, "inputNode", -10)
        self.output_id = _border(raw, "outputNode", -20)


def nodes_by_id(nodes: object) -> dict[str, Raw]:
    """Nodes by id; of two with one id both are kept, the second under a name of its own."""
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


def why_inactive(raw: Raw) -> str:
    mode = raw.get("mode")
    return "node muted" if mode == MUTED else "node bypassed" if mode == BYPASSED else ""
