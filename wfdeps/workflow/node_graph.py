"""A workflow of either format: a flat list of nodes, their values, and what feeds each linked input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from wfdeps.values import NamedTuple, dataclass, field


class Output(NamedTuple):
    """An input is fed by this output of that node."""

    node_id: str
    slot: int


class Literal(NamedTuple):
    """An input is fed a value that stands elsewhere: a primitive, or a subgraph host's promoted widget."""

    value: object
    node_id: str


Origin = Output | Literal


@dataclass(slots=True)
class Node:
    """One node as it would be queued, with the path of its subgraphs in its id (`12:3`)."""

    id: str
    node_class: str
    title: str | None = None
    pack: str = ""
    """Who the class is from, where the workflow says it: `cnr_id`, else `aux_id`."""
    version: str = ""
    """The pack's version that the workflow was made with: `ver`."""
    named: Mapping[str, object] = field(default_factory=dict)
    """Values whose input's name is known, the surest kind."""
    listed: Sequence[object] = ()
    """Values by position only."""
    widget_names: Sequence[str] = ()
    """The names of those, where the file's inputs tell all of them."""
    origins: dict[str, Origin] = field(default_factory=dict)
    """Linked inputs, looked through reroutes, bypassed nodes, setters and subgraph borders."""
    is_broken: bool = False
    """One of its links leads to nothing that exists."""
    linked_widgets: int = 0
    """How many of the listed values are stale, since a link feeds their widgets."""
    inactive: str = ""
    """Why it does not run (`node muted` …); empty: it does."""
    declared: Sequence[Mapping[str, object]] = ()
    """`properties.models`."""
    output_types: Sequence[str] = ()
    is_sink: bool = False
    """A node that broadcasts what it gets without links (Use Everywhere)."""
    open_types: frozenset[str] = frozenset()
    """The types of its inputs that nothing feeds; told only where some node broadcasts."""

    def values(self) -> list[tuple[str, object]]:
        """All values, with the input's name where it is known (else empty)."""
        found = list(self.named.items())
        names = self.widget_names
        for index, value in enumerate(self.listed):
            name = names[index] if index < len(names) else ""
            if not name or name not in self.named:
                found.append((name, value))
        return found


@dataclass(slots=True)
class NodeGraph:
    """All nodes of one workflow, in the file's order."""

    format: str
    """`ui` or `api`."""
    nodes: dict[str, Node]
    declared: Sequence[Mapping[str, object]] = ()
    """The top-level `models`."""
    open_ends: Sequence[Output] = ()
    """What the subgraphs of the root give that nothing takes."""
    notes: Sequence[str] = ()
    """The texts of its notes."""
    notices: list[tuple[str, str]] = field(default_factory=list)
