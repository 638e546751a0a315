"""Node classes and input files: what is installed, and what a run would be refused for."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.domain.refs import InputUse, NodeUse


@dataclass(frozen=True, slots=True)
class NodePack:
    """What one custom pack registers, as its source tells."""

    name: str
    """Its folder's or file's name below `custom_nodes`."""
    classes: frozenset[str] = frozenset()
    complete: bool = True
    """Whether these are all; else it may register more, which only running it would tell."""
    folder_keys: tuple[str, ...] = ()
    """The folder keys it adds."""
    rows: Mapping[str, Any] = field(default_factory=dict)
    """Its loaders, as rows of the loader table: input → folder key, by class."""


@dataclass(frozen=True, slots=True)
class Installed:
    """The node classes of a ComfyUI, as its sources tell."""

    core: NodePack | None
    """What ComfyUI itself registers; None where its code is not here."""
    packs: tuple[NodePack, ...]


@dataclass(frozen=True, slots=True)
class NodeFinding:
    """A node class that was not found."""

    uses: tuple[NodeUse, ...]
    """One a workflow."""
    judged: bool = True
    """False where a pack that cannot be read in full may have it."""
    proven: bool = False
    """Whether the ComfyUI's own object_info says that it is not there."""
    pack: str = ""
    """Who has it: a registry id, or `owner/repository`; empty where nobody knows."""
    detail: str = ""
    """One clause: what is known of it."""
    command: str = ""
    """What installs it; empty where nobody knows."""

    @property
    def node_class(self) -> str:
        return self.uses[0].node_class


@dataclass(frozen=True, slots=True)
class InputFinding:
    """An input file that is not there."""

    uses: tuple[InputUse, ...]
    """One a node."""
    folder: str
    """`input`, `output` or `temp`: where it was looked for."""
    proven: bool = False
    """Whether the ComfyUI's own object_info says that it is not there."""

    @property
    def name(self) -> str:
        return self.uses[0].name


@dataclass(frozen=True, slots=True)
class Absent:
    """What a run would be refused for besides models."""

    nodes: tuple[NodeFinding, ...] = ()
    """Sorted by class."""
    inputs: tuple[InputFinding, ...] = ()
    """Sorted by name."""

    @property
    def refused(self) -> frozenset[str]:
        """The paths of the workflows that ComfyUI itself would refuse, by its object_info."""
        nodes = (use.site.workflow for node in self.nodes if node.proven for use in node.uses)
        inputs = (use.site.workflow for each in self.inputs if each.proven for use in each.uses)
        return frozenset((*nodes, *inputs))
