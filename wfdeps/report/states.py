"""What each state is called, how bad it is, and which rule of ours it breaks: one table for all formats."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from typing import Final

    from wfdeps.domain.reports import ReportItem


class Level(StrEnum):
    """How bad, in the words of SARIF."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StateRow:
    """One state."""

    title: str
    """Heads a group: `in the wrong folder`."""
    level: Level
    rule: str
    """Stable number, never used again for anything else; empty where nothing is wrong."""
    rule_name: str
    meaning: str
    """One sentence for a rule's help."""


_S = RefState
STATES: Final[dict[RefState, StateRow]] = {
    _S.FAILED: StateRow(
        "failed", Level.ERROR, "WFD014", "download-failed", "A download or placement failed."
    ),
    _S.CORRUPT: StateRow(
        "damaged", Level.ERROR, "WFD011", "corrupt", "The file is there and cannot be a model."
    ),
    _S.WRONG_HASH: StateRow(
        "another file of that name",
        Level.ERROR,
        "WFD003",
        "wrong-hash",
        "The file of that name is not the one whose hash the workflow gives.",
    ),
    _S.MISSING: StateRow(
        "missing", Level.ERROR, "WFD001", "missing", "The file is in none of the model folders."
    ),
    _S.UNRESOLVED: StateRow(
        "missing, and no source knows it",
        Level.ERROR,
        "WFD012",
        "unresolved",
        "The file is missing and no source that was asked knows it.",
    ),
    _S.AMBIGUOUS: StateRow(
        "to be chosen",
        Level.ERROR,
        "WFD004",
        "ambiguous",
        "Several files may be meant; a person must choose.",
    ),
    _S.WRONG_FOLDER: StateRow(
        "in the wrong folder",
        Level.ERROR,
        "WFD002",
        "wrong-folder",
        "The file is in a model folder the node does not look in.",
    ),
    _S.PRESENT_ELSEWHERE: StateRow(
        "here under another name",
        Level.ERROR,
        "WFD007",
        "name-differs",
        "The file is in the right folder under another subfolder, letter case, separator or name.",
    ),
    _S.INVISIBLE: StateRow(
        "where the target does not look",
        Level.ERROR,
        "WFD016",
        "invisible",
        "The file is there, but the target's ComfyUI does not search that folder.",
    ),
    _S.REFUSED: StateRow(
        "refused",
        Level.ERROR,
        "WFD009",
        "refused",
        "Refused by policy, or because its name cannot be trusted.",
    ),
    _S.GATED: StateRow(
        "needs a token or login",
        Level.ERROR,
        "WFD005",
        "gated",
        "Known, and not to be had without a token or login.",
    ),
    _S.EARLY_ACCESS: StateRow(
        "in early access",
        Level.ERROR,
        "WFD006",
        "early-access",
        "Known, and not to be had before a date or a purchase.",
    ),
    _S.UNAVAILABLE: StateRow(
        "handed out to nobody",
        Level.ERROR,
        "WFD017",
        "unavailable",
        "Known, and deleted, archived, or its creator switched downloads off: no token helps.",
    ),
    _S.UNDECIDED: StateRow(
        "not decided",
        Level.WARNING,
        "WFD013",
        "undecided",
        "No source could be asked: network, login, rate limit.",
    ),
    _S.RESOLVED: StateRow(
        "missing, and known where to get",
        Level.ERROR,
        "WFD001",
        "missing",
        "The file is in none of the model folders.",
    ),
    _S.AUTO_DOWNLOAD: StateRow(
        "fetched by its node at run time",
        Level.WARNING,
        "WFD010",
        "runtime-download",
        "A node fetches the file by itself when it first runs; it is not verified.",
    ),
    _S.PLACEHOLDER: StateRow(
        "placeholder", Level.WARNING, "WFD015", "placeholder", "The value is a stand-in, not a file name."
    ),
    _S.OPTIONAL: StateRow("optional", Level.NONE, "", "", "Not there, and marked optional by a person."),
    _S.PRESENT: StateRow("present", Level.NONE, "", "", "The file is there as the workflow asks for it."),
    _S.INACTIVE: StateRow("muted or bypassed", Level.NONE, "", "", "Its node does not run."),
    _S.UNREACHABLE: StateRow(
        "without effect on any output", Level.NONE, "", "", "Nothing depends on its node."
    ),
    _S.INERT: StateRow("plain text", Level.NONE, "", "", "Nothing parses the text that names it."),
}
"""Every state, worst first: the order in which formats show them."""

_RANK = {state: rank for rank, state in enumerate(STATES)}


def rank(item: ReportItem) -> tuple[int, str, str]:
    """Sorts items worst first, then by folder and name."""
    return _RANK[item.state], item.ref.folder, item.ref.name


def level_of(item: ReportItem) -> Level:
    """How bad an item is."""
    return STATES[item.state].level
