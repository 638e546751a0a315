"""What is said of each state: its title, how bad it is, which rule of ours it breaks, and what a person can do."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import base_name
from wfdeps.domain.findings import RefState
from wfdeps.domain.visible import is_visible
from wfdeps.report.wording import shell_word
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from typing import Final

    from wfdeps.domain.candidates import RankedCandidate
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.refs import ModelRef
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
        "slot not filled",
        Level.ERROR,
        "WFD015",
        "placeholder",
        "The value is no file's name, and the loader's list does not offer it.",
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
    return _RANK[item.state], *item.ref.key


def level_of(item: ReportItem) -> Level:
    """How bad an item is."""
    return STATES[item.state].level


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do. `{workflow}`, `{name}`, `{folder}` and `{file}` stand for this ref's own.

    `{place}` stands for the options that named the model folders, `{choose}` for the command that takes the best.
    """

    hint: str = ""
    command: str = ""


ADVICE: dict[RefState, Advice] = {
    RefState.PRESENT: Advice(),
    RefState.PRESENT_ELSEWHERE: Advice(
        "it is here under another name; link it, or rewrite the workflow",
        "wfdeps fix {workflow} --link{place}",
    ),
    RefState.WRONG_FOLDER: Advice(
        "it is here in another folder; link it or move it", "wfdeps fix {workflow} --link{place}"
    ),
    RefState.WRONG_HASH: Advice(
        "the file of this name is another one; look at it, then rename it and fetch the right one",
        "wfdeps inspect {file}",
    ),
    RefState.CORRUPT: Advice(
        "the file is damaged; delete it and fetch it again", "wfdeps get {workflow}{place}"
    ),
    RefState.MISSING: Advice("find and download it", "wfdeps get {workflow}{place}"),
    RefState.RESOLVED: Advice("download it", "wfdeps get {workflow}{place}"),
    RefState.AMBIGUOUS: Advice(
        "it is not sure which file is meant: choose one and run the command again",
        "{choose}",
    ),
    RefState.UNRESOLVED: Advice(
        "no source knows it; give its URL or AIR and run the command again",
        "wfdeps choose {name} URL --folder {folder}",
    ),
    RefState.OPTIONAL: Advice(
        "marked optional: the run goes without it; forget that to have it again",
        "wfdeps answers forget {name}",
    ),
    RefState.GATED: Advice("it needs a token or a login", "wfdeps auth check"),
    RefState.EARLY_ACCESS: Advice("it is in early access: buy it, wait, or choose another version"),
    RefState.UNAVAILABLE: Advice(
        "its source hands it to nobody, and no token helps; give the address of the same bytes elsewhere",
        "wfdeps choose {name} URL --folder {folder}",
    ),
    RefState.REFUSED: Advice("it is refused here"),
    RefState.UNDECIDED: Advice("no source could be asked; try again", "wfdeps get {workflow}{place}"),
    RefState.FAILED: Advice("run the same command again; what came is kept", "wfdeps get {workflow}{place}"),
    RefState.INVISIBLE: Advice("it is here, where the target does not look", "wfdeps paths{place}"),
    RefState.AUTO_DOWNLOAD: Advice("its node fetches it when it first runs: not verified by wfdeps"),
    RefState.PLACEHOLDER: Advice("put a real file name in its place"),
    RefState.INACTIVE: Advice(),
    RefState.UNREACHABLE: Advice(),
    RefState.INERT: Advice(),
}
"""For every state there is."""


def advice_for(
    ref: ModelRef,
    state: RefState,
    workflow: str,
    files: Sequence[LocalFile],
    candidates: Sequence[RankedCandidate],
    place: str = "",
    *,
    respell: bool = False,
    unlisted: bool = False,
    told_online: bool = False,
) -> Advice:
    """The sentence and the command for one ref; no command where one of its words could not be pasted safely.

    `place`: the options that named the model folders, quoted for a shell. `respell`: no link can have its name. `unlisted`: no link helps.
    `told_online`: only a source, or a lock, tells that the file found is the one; `fix` asks neither.
    """
    advice = (
        _OTHER_NODE if unlisted else _RESPELL if respell else _LINK_BY_GET if told_online else ADVICE[state]
    )
    if state is RefState.CORRUPT and files and files[0].hint:
        advice = Advice(files[0].hint, advice.command)
    words = {
        "workflow": "" if workflow == "-" else workflow,
        "name": ref.name,
        "folder": ref.folder,
        "file": files[0].path if files else "",
    }
    if advice.command == "{choose}":
        return Advice(advice.hint, choose_command(ref, candidates[0]) if candidates else "")
    used = {key: word for key, word in words.items() if f"{{{key}}}" in advice.command}
    if not all(word and is_visible(word) for word in used.values()):
        return Advice(advice.hint)
    quoted = {key: shell_word(word) for key, word in used.items()}
    command = advice.command.format(**quoted, place=f" {place}" if place else "")
    return Advice(
        advice.hint, command.replace("wfdeps get ", "wfdeps sync ", 1) if is_lock(workflow) else command
    )


_OTHER_NODE = Advice(
    "no name makes this loader list it: use a node that loads such files (`.gguf`: UnetLoaderGGUF …)"
)
_LINK_BY_GET = Advice("the very file is here under another name; link it", "wfdeps get {workflow}{place}")
_RESPELL = Advice(
    "its name is spelled for the other system, and no link can mend that: rewrite the workflow",
    "wfdeps fix {workflow} --rewrite OUT.json{place}",
)


def choose_command(ref: ModelRef, ranked: RankedCandidate) -> str:
    """The command that takes this very candidate for this file from now on; empty where it cannot be pasted safely."""
    name = base_name(ref.name)
    words = (name, _handle(ranked), ref.folder)
    if not name or not all(map(is_visible, words)):
        return ""
    folder = f" --folder {shell_word(ref.folder)}" if ref.folder else ""
    return f"wfdeps choose {shell_word(name)} {shell_word(_handle(ranked))}{folder}"


def is_lock(path: str) -> bool:
    """Whether a report speaks of a lock rather than of a workflow: it is synced, not got."""
    return path.endswith(".lock")


def _handle(ranked: RankedCandidate) -> str:
    """What names a candidate on a command line."""
    candidate = ranked.candidate
    return str(candidate.air) if candidate.air else candidate.url
