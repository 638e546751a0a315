"""How a ref stands, and how it was settled. Alternatives are types: match on them and `assert_never`."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.candidates import RankedCandidate, Verdict
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.refs import ModelRef


class RefState(StrEnum):
    """The word a report gives each ref."""

    PRESENT = "present"
    PRESENT_ELSEWHERE = "present_elsewhere"
    """In the right folder under another name: subfolder, case, separator, or renamed with an equal hash."""
    WRONG_FOLDER = "wrong_folder"
    WRONG_HASH = "wrong_hash"
    CORRUPT = "corrupt"
    MISSING = "missing"
    RESOLVED = "resolved"
    """Missing, and known where to get."""
    AMBIGUOUS = "ambiguous"
    UNRESOLVED = "unresolved"
    OPTIONAL = "optional"
    """Not there, and a person said that the run may go without it."""
    GATED = "gated"
    EARLY_ACCESS = "early_access"
    REFUSED = "refused"
    """By policy, or because its name cannot be trusted."""
    UNDECIDED = "undecided"
    """No source could be asked: network, login, rate limit."""
    FAILED = "failed"
    """Its download or placement failed."""
    INVISIBLE = "invisible"
    """There, but the target's ComfyUI does not look in that folder."""
    AUTO_DOWNLOAD = "auto_download"
    INACTIVE = "inactive"
    UNREACHABLE = "unreachable"
    PLACEHOLDER = "placeholder"
    INERT = "inert"


@dataclass(frozen=True, slots=True)
class Finding:
    """How one ref stands against the library, offline."""

    ref: ModelRef
    state: RefState
    files: tuple[LocalFile, ...] = ()
    """What was found, best first: the file itself, or what lies elsewhere."""
    detail: str = ""
    respell: bool = False
    """Whether no file can have the name as it is written, a separator of the other system being in it."""
    unlisted: bool = False
    """Whether the loader lists no file of that ending, whatever its name: only another node can load it."""


class ChosenBy(StrEnum):
    """Why this file and no other."""

    HASH = "hash"
    ID = "id"
    NAME = "name"
    URL = "url"
    USER = "user"
    POLICY = "policy"


@dataclass(frozen=True, slots=True)
class Present:
    """The library has it."""

    ref: ModelRef
    finding: Finding
    origin: RankedCandidate | None = None
    """Where the same bytes can be had, when a source was asked by their hash."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """A source has it, and the evidence suffices."""

    ref: ModelRef
    choice: RankedCandidate
    chosen_by: ChosenBy
    rivals: tuple[RankedCandidate, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class MarkedOptional:
    """A person's answer instead of a file: the run may go without this one."""


@dataclass(frozen=True, slots=True)
class Ambiguous:
    """Several may be it, or one whose evidence does not suffice: a person's choice."""

    ref: ModelRef
    candidates: tuple[RankedCandidate, ...]
    """Best first; never empty."""
    reason: str
    verdicts: tuple[Verdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Nobody knows it, or nobody could be asked."""

    ref: ModelRef
    state: RefState
    """UNRESOLVED, OPTIONAL, GATED, EARLY_ACCESS, REFUSED, FAILED or UNDECIDED."""
    reason: str
    hint: str = ""
    verdicts: tuple[Verdict, ...] = ()
    candidates: tuple[RankedCandidate, ...] = ()
    """What is known of it although it cannot be had: early access, archived, switched off."""


Resolution = Present | Resolved | Ambiguous | Unresolved
