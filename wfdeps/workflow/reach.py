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

    A Use Everywhere node sends what it gets to inputs that have no link: what feeds one counts as reached where a
    node that runs has such an input of its type.
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
    found = _with_broadcasts(graph, _behind(graph, roots), [node for node in active if node.is_sink])
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
        if node.origins
        and not node.inactive
        and not node.is_sink
        and node.id not in used
        and not table.is_listed(node.node_class)
    ]


def _with_broadcasts(graph: NodeGraph, found: frozenset[str], sinks: list[Node]) -> frozenset[str]:
    """What runs, with the broadcasting nodes that some node which runs takes from, and all behind them."""
    waiting = [node for node in sinks if node.id not in found]
    while taken := [node for node in waiting if _has_taker(graph, found, node)]:
        found |= _behind(graph, taken)
        waiting = [node for node in waiting if node not in taken]
    return found


def _has_taker(graph: NodeGraph, found: frozenset[str], sink: Node) -> bool:
    """Whether an input that nothing feeds takes a type this node sends; one whose type is not told is taken."""
    sent = {_type_of(graph, origin) for origin in sink.origins.values() if isinstance(origin, Output)}
    if sent & {"", "*"} or any(not isinstance(origin, Output) for origin in sink.origins.values()):
        return True
    return any(
        sent & graph.nodes[node_id].open_types or "*" in graph.nodes[node_id].open_types for node_id in found
    )


def _type_of(graph: NodeGraph, origin: Output) -> str:
    node = graph.nodes.get(origin.node_id)
    types = node.output_types if node is not None else ()
    return types[origin.slot] if 0 <= origin.slot < len(types) else ""


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
