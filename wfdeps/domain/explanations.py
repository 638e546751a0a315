"""What ComfyUI refused, and what that means for the model folders."""

from __future__ import annotations

from wfdeps.domain.findings import Finding
from wfdeps.domain.refs import ModelRef
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Rejection:
    """One complaint of ComfyUI about one node."""

    type: str
    """ComfyUI's own word: `value_not_in_list`, `required_input_missing`, `missing_node_type` …"""
    message: str
    """ComfyUI's own sentence, with its details."""
    node_id: str = ""
    node_class: str = ""
    input: str = ""
    value: str = ""
    """What the workflow asked for, where the complaint is about a value."""
    options: tuple[str, ...] | None = None
    """What would have been accepted; None where ComfyUI did not say (more than twenty)."""
    folder: str = ""
    """The folder key, where the complaint itself names one."""
    outputs: tuple[str, ...] = ()
    """The output nodes that could not run for it."""
    path: str = ""
    """The file, where ComfyUI's message names it by its path there."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """One complaint, understood as far as it can be."""

    rejection: Rejection
    ref: ModelRef | None = None
    """The model it is about; None where it is not about a model."""
    finding: Finding | None = None
    """How that model stands here; None where no model folders are known."""
    target: str = ""
    """Where the file should be; empty where that is not known."""
    alike: tuple[str, ...] = ()
    """Of what would have been accepted, what comes close; best first."""
    cause: str = ""
    """Why ComfyUI failed, in one clause; empty where the state of the file, or ComfyUI's own sentence, says it."""
    hint: str = ""
    next: str = ""
    """A command."""
    is_judged: bool = False
    """Whether the cause is what the file itself says, not only what ComfyUI's message means."""
