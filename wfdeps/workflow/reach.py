"""Which nodes a run of the workflow reaches: backwards from every output node."""

from __future__ import annotations

from wfdeps.workflow.graph import Graph, Node, Output
from wfdeps.workflow.loaders import LoaderTable


def reached(graph: Graph, table: LoaderTable) -> frozenset[str] | None:
    """The ids of the nodes that some output node depends on; None where there is no output node at all.

    A Use Everywhere node sends what it gets to inputs that have no link, so what feeds one counts as reached.
    A node of a class nobody has listed counts as an output where nothing takes what it gives: saying
    "unreachable" wrongly would hide a missing file, saying "required" wrongly only asks for one.
    """
    roots = [node for node in graph.nodes.values() if not node.inactive and _is_output(node, table)]
    if not roots:
        return None if not _leaves(graph, table) else _behind(graph, _leaves(graph, table))
    sinks = [node for node in graph.nodes.values() if node.is_sink and not node.inactive]
    return _behind(graph, [*roots, *sinks, *_leaves(graph, table)])


def _is_output(node: Node, table: LoaderTable) -> bool:
    return node.node_class in table.outputs


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
