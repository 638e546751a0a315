"""The graph in Graphviz's DOT: `wfdeps graph W --format dot | dot -Tsvg > graph.svg`."""

from __future__ import annotations

from wfdeps.domain.graphs import Graph, GraphKind, GraphNode, Relation
from wfdeps.domain.visible import visible

_SHAPES: dict[GraphKind, str] = {
    GraphKind.WORKFLOW: "folder",
    GraphKind.NODE: "box",
    GraphKind.REF: "note",
    GraphKind.FILE: "cylinder",
    GraphKind.VERSION: "box",
    GraphKind.MODEL: "box",
    GraphKind.SOURCE: "hexagon",
    GraphKind.BASE_MODEL: "ellipse",
}
_DASHED = frozenset({Relation.CANDIDATE, Relation.APPLIED_TO, Relation.BASED_ON})
_COLOURS = {"present": "darkgreen", "ambiguous": "orange", "undecided": "orange", "inactive": "gray"}


def render(graph: Graph) -> str:
    """A digraph, laid out from left to right."""
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["digraph wfdeps {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    lines += [f"  {names[node.id]} [{_attributes(node)}];" for node in graph.nodes]
    for edge in graph.edges:
        style = ", style=dashed" if edge.relation in _DASHED else ""
        label = quoted(edge.relation.replace("_", " "))
        lines.append(f"  {names[edge.source]} -> {names[edge.target]} [label={label}{style}];")
    return "\n".join([*lines, "}"]) + "\n"


def quoted(text: str) -> str:
    """A quoted string that Graphviz shows as it is: a backslash would else begin `\\N`, `\\G` or an HTML entity."""
    shown = visible(text).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    return f'"{shown}"'


def _attributes(node: GraphNode) -> str:
    label = f"{node.get('folder')}/{node.label}" if node.kind is GraphKind.REF else node.label
    state = str(node.get("state") or "")
    colour = f", color={_COLOURS.get(state, 'red')}" if node.kind is GraphKind.REF and state else ""
    tooltip = f", tooltip={quoted(f'{node.kind}: {state}')}" if state else ""
    return f"label={quoted(label)}, shape={_SHAPES[node.kind]}{colour}{tooltip}"
