"""What a format may need besides the report itself."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass, field

if TYPE_CHECKING:  # `check` shows text: it does not pay for the graph's types
    from wfdeps.domain.graphs import Graph


@dataclass(frozen=True, slots=True)
class View:
    """How a report is to be shown. Each format takes what it can use."""

    color: bool = False
    ascii: bool = False
    """Use no glyph beyond ASCII (names keep their letters)."""
    width: int = 80
    """Columns of the terminal."""
    verbose: bool = False
    """Show what is present or not needed, too."""
    version: str = ""
    """Of wfdeps, where a format names its tool."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Workflow path → its text, for the line a value stands on; only plain JSON files have one."""
    graph: Graph | None = None
    """For formats that draw."""
