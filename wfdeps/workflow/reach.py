"""Which nodes a run of the workflow reaches: backwards from every output node."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.values import NamedTuple
from wfdeps.workflow.node_graph import Node, NodeGraph, Output

if TYPE_CHECKING:
    from wfdeps.workflow.loaders import LoaderTable


class Reach(NamedTuple):
    """What runs, as far as it can be told."""

    node_ids: frozenset[str] | None
    """The nodes that some output node depends on; None: take every active one."""
    doubt: tuple[str, str] | None = None
    """Why that is not or only partly known, as a notice's code and in words; None where it is known."""

    def runs(self, node: Node) -> bool:
        """Whether a run reaches this node (it may still be muted)."""
        return self.node_ids is None or node.id in self.node_ids


def reach_of(graph: NodeGraph, table: LoaderTable) -> Reach:
    """The nodes that some output node depends on.

    A Use Everywhere node sends what it gets to inputs that have no link, so what feeds one counts as reached.
    A node of an unlisted class counts as an output where nothing uses its outputs. A file whose root has no output
    node is a part to be pasted into other workflows: there the open outputs of its subgraphs count as ends.
    """
    active = [node for node in graph.nodes.values() if not node.inactive]
    if len(active) > 1 and not any(node.origins for node in graph.nodes.values()):
        return Reach(None, ("no_links", "no links"))
    outputs = [node for node in active if node.node_class in table.outputs]
    is_piece = bool(graph.open_ends) and not any(":" not in node.id for node in outputs)
    ends = (
        [graph.nodes[end.node_id] for end in graph.open_ends if end.node_id in graph.nodes]
        if is_piece
        else []
    )
    roots = [*outputs, *_leaves(graph, table), *ends]
    if not roots:
        return Reach(None, ("no_output_node", "no output node"))
    found = _behind(graph, [*roots, *(node for node in active if node.is_sink)])
    if any(graph.nodes[node_id].is_broken for node_id in found):
        return Reach(None, ("broken_link", "a link that leads nowhere"))
    return Reach(found, ("no_output_node", "no output node outside its subgraphs") if is_piece else None)


def _leaves(graph: NodeGraph, table: LoaderTable) -> list[Node]:
    """Active nodes of unlisted classes that have an input link and whose outputs nothing uses."""
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


def _behind(graph: NodeGraph, roots: list[Node]) -> frozenset[str]:
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
