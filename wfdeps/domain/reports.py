"""What a report is made from: every ref with how it stands, what was found, and what to do next."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.domain.refs import NEEDED, ModelRef, Notice, UnreadableWorkflow
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.access import Access
    from wfdeps.domain.candidates import RankedCandidate, Verdict
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.lints import Lint
    from wfdeps.domain.nodes import InputFinding, NodeFinding
    from wfdeps.domain.resolutions import ChosenBy


class ReportVerdict(StrEnum):
    """How it stands with everything that was asked, in one word."""

    READY = "ready"
    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    """Nothing is missing but a person's choice."""
    BROKEN = "broken"
    """Every file is there, and still ComfyUI would not start, or would stop when it loads one of them."""
    UNDECIDED = "undecided"
    """Network, login or rate limit; a later run may say more."""
    FAILED = "failed"
    """Some downloads or placements failed; a rerun resumes."""


class FailOn(StrEnum):
    """What may turn the exit code, in the words of `--fail-on`."""

    MISSING = "missing"
    AMBIGUOUS = "ambiguous"
    HASH = "hash"
    """There, but not the bytes the workflow names, or damaged."""
    POLICY = "policy"
    """Refused by policy, or because its name cannot be trusted."""
    UNDECIDED = "undecided"
    FAILED = "failed"
    LOAD = "load"
    """There, and ComfyUI stops when it loads the file for that node: a LoRA where a checkpoint is wanted."""
    ROOM = "room"
    """Too little space, or no permission, for what is to be fetched."""
    LINT_ERROR = "lint-error"
    LINT_WARNING = "lint-warning"
    RUNTIME = "runtime"
    """A node fetches something by itself when it runs, or a value is a stand-in."""
    NODE = "node"
    """A node class that is not here."""
    INPUT = "input"
    """An input file that is not here."""
    WARNING = "warning"
    """Something was odd about reading a workflow."""


DEFAULT_FAIL_ON: frozenset[FailOn] = frozenset(
    {
        FailOn.MISSING,
        FailOn.AMBIGUOUS,
        FailOn.HASH,
        FailOn.POLICY,
        FailOn.UNDECIDED,
        FailOn.FAILED,
        FailOn.LOAD,
    }
)


@dataclass(frozen=True, slots=True)
class ExitPolicy:
    """Which troubles turn the exit code."""

    fail_on: frozenset[FailOn] = DEFAULT_FAIL_ON
    strict: bool = False
    """Everything in FailOn counts."""
    exit_zero: bool = False
    """Report only: 0 whatever was found. A workflow that cannot be read still is 2."""

    @property
    def counted(self) -> frozenset[FailOn]:
        """What counts in the end."""
        return frozenset(FailOn) if self.strict else self.fail_on


@dataclass(frozen=True, slots=True)
class ReportItem:
    """One file that workflows ask for."""

    ref: ModelRef
    """Merged over the workflows it came from; its sites say which."""
    state: RefState
    detail: str = ""
    """One clause: why it has this state."""
    needed_by: tuple[str, ...] = ()
    """The workflows whose run needs it, by path; another of its sites may be muted."""
    found: tuple[LocalFile, ...] = ()
    """Best first."""
    candidates: tuple[RankedCandidate, ...] = ()
    """Best first; the chosen one, if any, leads."""
    chosen: RankedCandidate | None = None
    chosen_by: ChosenBy | None = None
    verdicts: tuple[Verdict, ...] = ()
    """What each source said."""
    size: int | None = None
    """Bytes: of the file that is there, else of the chosen candidate; None where nobody knows."""
    access: Access | None = None
    """Of the chosen candidate, None where none is chosen."""
    path: str = ""
    """Where the file is, or will be; empty where nobody knows yet."""
    verified_by: str = ""
    """Of a file that was fetched in this run: which hash proved it, or `unverified`."""
    hint: str = ""
    """What a person can do, in words."""
    respell: bool = False
    """Whether no file can have the name as it is written: only the workflow can be mended."""
    unlisted: bool = False
    """Whether only another node can load it."""
    next: str = ""
    """What a person can do, as a command."""

    @property
    def is_unmet(self) -> bool:
        """Whether a run needs it and it is not there: ComfyUI would not start."""
        is_fine = self.state in (RefState.PRESENT, RefState.OPTIONAL)
        return self.ref.status in NEEDED and not is_fine

    @property
    def source(self) -> str:
        """Where the chosen candidate is from; empty where none is chosen."""
        return self.chosen.candidate.source if self.chosen else ""


@dataclass(frozen=True, slots=True)
class WeightsFloor:
    """The least memory the weights of one phase take: a floor from file sizes, not a prediction."""

    phase: str
    """`text_encoders`, `diffusion`, `vae` or `other`."""
    bytes: int
    """All of the phase's files together."""
    largest: int
    """The largest single file."""
    unknown: int = 0
    """How many of the phase's files have no known size."""


@dataclass(frozen=True, slots=True)
class WorkflowVerdict:
    """One workflow: whether it can run with what is there."""

    path: str
    format: str
    container: str
    sha256: str
    verdict: ReportVerdict
    required: int
    present: int
    bytes_to_fetch: int
    warnings: tuple[Notice, ...] = ()
    weights: tuple[WeightsFloor, ...] = ()

    @property
    def missing(self) -> int:
        """Required and not there as the workflow asks for it."""
        return self.required - self.present


@dataclass(frozen=True, slots=True)
class FolderTotal:
    """One folder key."""

    folder: str
    required: int
    present: int
    bytes_present: int
    bytes_to_fetch: int


@dataclass(frozen=True, slots=True)
class FileSystemTotal:
    """One file system files are to be fetched to."""

    path: str
    """A directory on it."""
    need: int
    free: int | None
    """None where the system does not say."""

    @property
    def fits(self) -> bool | None:
        """Whether there is room; None where nobody knows."""
        return None if self.free is None else self.need <= self.free


@dataclass(frozen=True, slots=True)
class Totals:
    """Counts of files, each once however many workflows name it, and bytes."""

    required: int
    present: int
    states: tuple[tuple[RefState, int], ...]
    """How many refs of any status are in each state; states nothing is in are left out."""
    bytes_present: int
    bytes_to_fetch: int
    """Of those whose size is known; two refs for one remote file count once."""
    unknown_sizes: int
    """How many files are to be fetched and nobody knows how large they are."""
    bytes_fetched: int = 0
    folders: tuple[FolderTotal, ...] = ()
    file_systems: tuple[FileSystemTotal, ...] = ()

    @property
    def missing(self) -> int:
        """Required and not there as the workflow asks for it."""
        return self.required - self.present


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything a report says, in whatever format."""

    verdict: ReportVerdict
    exit_code: int
    totals: Totals
    workflows: tuple[WorkflowVerdict | UnreadableWorkflow, ...]
    """In the order they were given."""
    items: tuple[ReportItem, ...]
    """Sorted by folder and name."""
    lints: tuple[Lint, ...] = ()
    """Worst first."""
    room: tuple[str, ...] = ()
    """What speaks against fetching here: too little space, no permission."""
    warnings: tuple[Notice, ...] = ()
    """What was odd beyond any one workflow."""
    nodes: tuple[NodeFinding, ...] = ()
    """Node classes that were not found here, sorted."""
    inputs: tuple[InputFinding, ...] = ()
    """Input files that were not found here, sorted by name."""

    @property
    def needed(self) -> tuple[ReportItem, ...]:
        """The items a run needs and that are not there."""
        return tuple(item for item in self.items if item.is_unmet)
