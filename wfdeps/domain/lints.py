"""What is odd about files that are all there: two models that do not fit, a value ComfyUI will not like."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.refs import NodeSite


class LintLevel(StrEnum):
    """How much it matters; worst first."""

    ERROR = "error"
    """The run will fail, or its picture will be noise."""
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Lint:
    """One remark about a workflow and its files."""

    level: LintLevel
    code: str
    """Stable: `base-mismatch`, `separator`, `unsafe-format` …"""
    message: str
    """One sentence, with the reason."""
    names: tuple[str, ...] = ()
    """The files it is about, as the workflow says them."""
    sites: tuple[NodeSite, ...] = ()
    consequence: str = ""
    """ComfyUI's own message that it would cause, where one is known."""
    stops: bool = False
    """Whether ComfyUI refuses to load the file, so that the run ends there. After an error that does not stop it, the
    run goes on without the file's effect (a LoRA of another base), or fails or makes noise while it samples."""
