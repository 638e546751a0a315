"""A graph made smaller step by step, until it can be drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from wfdeps.domain.graphs import Graph, GraphEdge, GraphKind, GraphNode, Relation

_LESS: tuple[frozenset[GraphKind], ...] = (
    frozenset(),
    frozenset({GraphKind.NODE}),
    frozenset({GraphKind.NODE, GraphKind.VERSION, GraphKind.MODEL}),
    frozenset({GraphKind.NODE, GraphKind.VERSION, GraphKind.MODEL, GraphKind.FILE, GraphKind.BASE_MODEL}),
)


_FINE = ("inert", "unreachable", "inactive", "present")


def smaller(graph: Graph) -> Iterator[Graph]:
    """The graph whole, then without nodes, without versions and models, without files, and counted by folder."""
    for kinds in _LESS:
        yield without(graph, kinds)
    yield by_folder(graph)


def without(graph: Graph, kinds: frozenset[GraphKind]) -> Graph:
    """The graph without those kinds; what led to one leads to what it led to."""
    gone = {node.id for node in graph.nodes if node.kind in kinds}
    if not gone:
        return graph
    below: dict[str, list[GraphEdge]] = {}
    for edge in graph.edges:
        below.setdefault(edge.source, []).append(edge)

    def ends(edge: GraphEdge) -> Iterator[GraphEdge]:
        """Where an edge ends once what is gone is skipped; its last relation is what it says."""
        if edge.target not in gone:
            yield edge
            return
        for further in below.get(edge.target, ()):
            yield from ends(GraphEdge(edge.source, further.target, further.relation))

    kept = (edge for source in graph.edges if source.source not in gone for edge in ends(source))
    return Graph(tuple(node for node in graph.nodes if node.id not in gone), tuple(dict.fromkeys(kept)))


def by_folder(graph: Graph) -> Graph:
    """Workflows, and for each how many files of each folder are in each state."""
    small = without(graph, frozenset(GraphKind) - {GraphKind.WORKFLOW, GraphKind.REF})
    refs = {node.id: node for node in small.nodes if node.kind is GraphKind.REF}
    counts: dict[tuple[str, str], Counter[str]] = {}
    for edge in small.edges:
        if edge.relation is Relation.NEEDS:
            ref = refs[edge.target]
            key = (edge.source, str(ref.get("folder") or "?"))
            counts.setdefault(key, Counter())[str(ref.get("state") or ref.get("status"))] += 1
    groups = {
        (workflow, folder): GraphNode(
            f"folder:{workflow}#{folder}",
            GraphKind.REF,
            f"{folder}: {', '.join(f'{count} {state}' for state, count in sorted(states.items()))}",
            (("state", max(states, key=_gravity)),),
        )
        for (workflow, folder), states in sorted(counts.items())
    }
    workflows = tuple(node for node in small.nodes if node.kind is GraphKind.WORKFLOW)
    edges = tuple(GraphEdge(workflow, node.id, Relation.NEEDS) for (workflow, _), node in groups.items())
    return Graph((*workflows, *groups.values()), edges)


def _gravity(state: str) -> int:
    """What colours a group: anything that is wrong before anything that is fine."""
    return _FINE.index(state) if state in _FINE else len(_FINE)
