"""Node classes: what a workflow uses, what is installed, and what a run would therefore be refused for."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.domain.refs import NodeSite


@dataclass(frozen=True, slots=True)
class NodeUse:
    """One node class of one workflow, in nodes that are neither muted nor bypassed."""

    node_class: str
    site: NodeSite
    """The first node of the class."""
    count: int = 1
    """How many nodes are of it."""
    pack: str = ""
    """`cnr_id`, else `aux_id`, as the workflow says it; empty: it does not."""
    version: str = ""
    """The pack's version that the workflow was made with: `ver`."""


@dataclass(frozen=True, slots=True)
class InputUse:
    """A file that a node of one workflow reads from ComfyUI's `input` folder (or `output`, `temp`)."""

    name: str
    """As the workflow says it: `sub/name.png [output]`."""
    site: NodeSite


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
class NodeFinding:
    """A node class that is not there."""

    use: NodeUse
    packs: tuple[str, ...] = ()
    """Who has it, best first: a registry id, or `owner/repository`; empty where nobody knows."""
    command: str = ""
    """What installs it; empty where nobody knows."""
    detail: str = ""
    proven: bool = False
    """Whether the ComfyUI itself says so, by its object_info."""


@dataclass(frozen=True, slots=True)
class InputFinding:
    """An input file that is not there."""

    use: InputUse
    folder: str
    """`input`, `output` or `temp`."""
    proven: bool = False
