"""The graph as a tree in a terminal, the way `uv tree` shows packages; what was shown once is not repeated."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.domain.graphs import Graph, GraphKind, GraphNode, Relation
from wfdeps.domain.refs import RefStatus
from wfdeps.domain.visible import visible
from wfdeps.report.states import STATES, Level
from wfdeps.report.wording import Painter, View, size_text

_TONE = {Level.ERROR: "bad", Level.WARNING: "warn", Level.NOTE: "dim", Level.NONE: "dim"}
_BRANCHES = {False: ("├─ ", "└─ ", "│  ", "   "), True: ("|- ", "`- ", "|  ", "   ")}
_SAID = {
    Relation.CANDIDATE: "candidate: ",
    Relation.APPLIED_TO: "applied to ",
    Relation.BASED_ON: "base model ",
    Relation.FROM_SOURCE: "from ",
    Relation.RELEASE_OF: "version ",
    Relation.OF_MODEL: "of ",
}


def render(graph: Graph, view: View | None = None) -> str:
    """A tree for each workflow."""
    view = view or View()
    return "\n".join(_Tree(graph, view).lines()) + "\n" if graph.nodes else ""


class _Tree:
    """One walk over a graph."""

    def __init__(self, graph: Graph, view: View) -> None:
        self._nodes = {node.id: node for node in graph.nodes}
        self._below: dict[str, list[tuple[Relation, str]]] = {}
        for edge in graph.edges:
            self._below.setdefault(edge.source, []).append((edge.relation, edge.target))
        self._paint = Painter(color=view.color, ascii=view.ascii, width=view.width)
        self._branches = _BRANCHES[view.ascii]
        self._shown: set[str] = set()

    def lines(self) -> Iterator[str]:
        for node in self._nodes.values():
            if node.kind is GraphKind.WORKFLOW:
                yield self._label(node, "")
                yield from self._children(node.id, "")

    def _children(self, parent: str, indent: str) -> Iterator[str]:
        """As deep as there are kinds: `applied_to`, the one edge between two of a kind, is not followed."""
        fork, last, pipe, gap = self._branches
        below = self._below.get(parent, [])
        for number, (relation, child) in enumerate(below, start=1):
            is_last = number == len(below)
            follow = relation is not Relation.APPLIED_TO and child in self._below
            again = follow and child in self._shown
            line = self._label(self._nodes[child], _SAID.get(relation, ""))
            yield (
                indent
                + (last if is_last else fork)
                + line
                + (self._paint.tone(" (above)", "dim") if again else "")
            )
            if follow and not again:
                self._shown.add(child)
                yield from self._children(child, indent + (gap if is_last else pipe))

    def _label(self, node: GraphNode, relation: str) -> str:
        text = visible(node.label)
        if node.kind is GraphKind.REF:
            name = f"{visible(str(node.get('folder') or '?'))}/{text}"
            return f"{self._paint.tone(relation, 'dim')}{name}  {self._state(node)}".rstrip()
        facts = [size_text(size)] if isinstance(size := node.get("size"), int) else []
        facts += [
            visible(str(node.get(name)))
            for name in ("error", "access")
            if node.get(name) not in (None, "open")
        ]
        if node.get("where") == "library":
            text = visible(str(node.get("path")))
        ending = f"  {self._paint.tone(', '.join(facts), 'dim')}" if facts else ""
        return f"{self._paint.tone(relation, 'dim')}{text}{ending}"

    def _state(self, node: GraphNode) -> str:
        word = str(node.get("state") or "")
        row = next((row for state, row in STATES.items() if state == word), None)
        tone = "good" if word == "present" else _TONE[row.level] if row else "dim"
        if node.get("status") not in (None, RefStatus.REQUIRED):
            word, tone = str(node.get("status")), "dim"
        return self._paint.tone(word, tone)
