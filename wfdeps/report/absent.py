"""What is said of node classes and input files that are not here, in words that all formats use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.visible import visible
from wfdeps.report.wording import shown_name

if TYPE_CHECKING:
    from wfdeps.domain.nodes import InputFinding, NodeFinding

NODES_TITLE = "nodes not found here"
UNJUDGED_TITLE = "nodes not judged"
INPUTS_TITLE = "inputs not found here"
PROVEN = "object_info does not have it"


def node_facts(node: NodeFinding) -> str:
    """What is known of a class that is not here, in one clause; empty where nothing is."""
    pack = f"from `{visible(node.pack)}`" if node.pack and not node.detail else ""
    return ", ".join(part for part in (pack, visible(node.detail), PROVEN if node.proven else "") if part)


def input_facts(each: InputFinding) -> str:
    """Where an input file was looked for."""
    return f"not in `{each.folder}`" + (f", {PROVEN}" if each.proven else "")


def input_name(each: InputFinding) -> str:
    """The file's name as it is shown."""
    return visible(shown_name(each.name))


def judged(nodes: Iterable[NodeFinding]) -> Sequence[NodeFinding]:
    """Those that are known not to be here."""
    return [node for node in nodes if node.judged]


def unjudged(nodes: Iterable[NodeFinding]) -> Sequence[NodeFinding]:
    """Those that a pack which cannot be read may have."""
    return [node for node in nodes if not node.judged]
