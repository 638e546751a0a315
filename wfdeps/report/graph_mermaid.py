"""The graph as a Mermaid flowchart, small enough for GitHub: 500 edges and 50,000 characters at most.

Both limits are Mermaid's own (`maxEdges`, `maxTextSize`) and cannot be raised inside a diagram. A graph of more
than 150 nodes nobody can read either, so it is collapsed step by step and says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from wfdeps.domain.graphs import Graph, GraphKind, GraphNode, Relation
from wfdeps.domain.visible import visible
from wfdeps.report.collapsing import smaller

MAX_EDGES = 500
MAX_CHARACTERS = 50_000
READABLE_NODES = 150
_LABEL = 80
_SIGNS = re.compile(r"[^\w .,/()+=:-]|^[-+=]|^\d+[.)]|:(?=//)|(?<=www)\.")
"""What is no sign: letters, digits, some punctuation. What is one at the start only: lists, headings. And links."""

_SHAPES: dict[GraphKind, tuple[str, str]] = {
    GraphKind.WORKFLOW: ("([", "])"),
    GraphKind.NODE: ("[", "]"),
    GraphKind.REF: ("(", ")"),
    GraphKind.FILE: ("[(", ")]"),
    GraphKind.VERSION: ("[", "]"),
    GraphKind.MODEL: ("[", "]"),
    GraphKind.SOURCE: ("{{", "}}"),
    GraphKind.BASE_MODEL: ("{{", "}}"),
}
_ARROWS = {Relation.CANDIDATE: "-.->", Relation.APPLIED_TO: "-.->", Relation.BASED_ON: "-.->"}
_SAID = {Relation.APPLIED_TO: "applied to", Relation.CANDIDATE: "perhaps"}
_GOOD = frozenset({"present"})
_OPEN = frozenset({"ambiguous", "undecided", "auto_download", "placeholder", "resolved"})
_IDLE = frozenset({"inactive", "unreachable", "inert", "required"})
"""`required` stands where nobody looked."""
_CLASSES = (
    "classDef good fill:#d5f5e3,stroke:#1e8449,color:#145a32",
    "classDef bad fill:#fadbd8,stroke:#b03a2e,color:#78281f",
    "classDef open fill:#fdebd0,stroke:#b9770e,color:#7e5109",
    "classDef idle fill:#eaeded,stroke:#7f8c8d,color:#424949",
)


def render(graph: Graph) -> str:
    """The flowchart's source, without a fence around it; the fullest one that fits."""
    return next(drawn for drawn in _attempts(graph) if len(drawn) <= MAX_CHARACTERS)


def _attempts(graph: Graph) -> Iterator[str]:
    """Drawings with ever less in them; the last always fits."""
    small = graph
    for small in smaller(graph):
        if len(small.edges) <= MAX_EDGES and len(small.nodes) <= READABLE_NODES:
            yield _draw(small, collapsed=small is not graph)
    for edges in (READABLE_NODES, 50, 10):
        yield _draw(_cut(small, edges), collapsed=True)


def _cut(graph: Graph, most: int) -> Graph:
    """The first edges with their ends, and how many workflows were left out."""
    edges = graph.edges[:most]
    kept = {edge.source for edge in edges} | {edge.target for edge in edges}
    workflows = [node for node in graph.nodes if node.kind is GraphKind.WORKFLOW]
    left = sum(node.id not in kept for node in workflows)
    rest = (GraphNode("rest", GraphKind.WORKFLOW, f"and {left} more workflows"),) if left else ()
    return Graph((*(node for node in graph.nodes if node.id in kept), *rest), edges)


def _draw(graph: Graph, *, collapsed: bool) -> str:
    names = {node.id: f"n{number}" for number, node in enumerate(graph.nodes)}
    lines = ["flowchart LR"]
    if collapsed:
        lines.append("%% collapsed to stay readable; `wfdeps graph --format json` has everything")
    for node in graph.nodes:
        opening, closing = _SHAPES[node.kind]
        lines.append(f'  {names[node.id]}{opening}"{_label(node)}"{closing}{_class(node)}')
    for edge in graph.edges:
        arrow = _ARROWS.get(edge.relation, "-->")
        label = f"|{_SAID[edge.relation]}|" if edge.relation in _SAID else ""
        lines.append(f"  {names[edge.source]} {arrow}{label} {names[edge.target]}")
    return "\n".join([*lines, *(f"  {line}" for line in _CLASSES)]) + "\n"


def _label(node: GraphNode) -> str:
    text = visible(node.label)
    if node.kind is GraphKind.REF and node.get("folder"):
        text = f"{visible(str(node.get('folder')))}/{text}"
    return escape(text if len(text) <= _LABEL else f"{text[: _LABEL - 20]}…{text[-19:]}")


def escape(text: str) -> str:
    """Visible text inside a quoted label: what Mermaid, Markdown or HTML would read as a sign becomes a number."""
    return _SIGNS.sub(lambda match: _numbers(match[0]), text)


def _numbers(characters: Iterable[str]) -> str:
    return "".join(f"#{ord(character)};" for character in characters)


def _class(node: GraphNode) -> str:
    state = node.get("state")
    if node.kind is not GraphKind.REF or not isinstance(state, str):
        return ""
    name = "good" if state in _GOOD else "open" if state in _OPEN else "idle" if state in _IDLE else "bad"
    return f":::{name}"
