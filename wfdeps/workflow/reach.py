"""Which nodes a run of the workflow reaches: backwards from every output node."""

from __future__ import annotations

from wfdeps.workflow.graph import Graph, Node, Output
from wfdeps.workflow.loaders import LoaderTable


def reached(graph: Graph, table: LoaderTable) -> frozenset[str] | None:
    """The ids of the nodes that some output node depends on; None where that cannot be told.

    It cannot where there is no output node at all (a fragment), nor where several nodes stand without one link.

    A Use Everywhere node sends what it gets to inputs that have no link, so what feeds one counts as reached.
    A node of a class nobody has listed counts as an output where nothing takes what it gives: saying
    "unreachable" wrongly would hide a missing file, saying "required" wrongly only asks for one.
    """
    active = [node for node in graph.nodes.values() if not node.inactive]
    if len(active) > 1 and not any(node.origins for node in graph.nodes.values()):
        return None
    outputs = [node for node in active if node.node_class in table.outputs]
    roots = [*outputs, *_leaves(graph, table)]
    if not roots:
        return None
    return _behind(graph, [*roots, *(node for node in active if node.is_sink)])


def _leaves(graph: Graph, table: LoaderTable) -> list[Node]:
    """Active nodes of unlisted classes that get something and give to nobody."""
    used = {
        origin.node_id
        for node in graph.nodes.values()
        for origin in node.origins.values()
        if isinstance(origin, Output)
    }
    return [
        node
        for node in graph.nodes.values()
        if node.origins and not node.inactive and node.id not in used and not table.is_listed(node.node_class)
    ]


def _behind(graph: Graph, roots: list[Node]) -> frozenset[str]:
    found: set[str] = set()
    todo = [node.id for node in roots]
    while todo:
        node_id = todo.pop()
        node = graph.nodes.get(node_id)
        if node is None or node_id in found:
            continue
        found.add(node_id)
        todo.extend(origin.node_id for origin in node.origins.values() if isinstance(origin, Output))
    return frozenset(found)
