"""How a ref was settled. Alternatives are types: match on them and `assert_never`."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.candidates import RankedCandidate, Verdict
    from wfdeps.domain.findings import Finding, RefState
    from wfdeps.domain.refs import ModelRef


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
    """UNRESOLVED, OPTIONAL, GATED, EARLY_ACCESS, UNAVAILABLE, REFUSED, FAILED or UNDECIDED."""
    reason: str
    hint: str = ""
    verdicts: tuple[Verdict, ...] = ()
    candidates: tuple[RankedCandidate, ...] = ()
    """What is known of it although it cannot be had: early access, archived, switched off."""


Resolution = Present | Resolved | Ambiguous | Unresolved
