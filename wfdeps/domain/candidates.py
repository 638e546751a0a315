"""What sources answer: remote files that may satisfy a ref, and what speaks for each."""

from __future__ import annotations

from enum import StrEnum

from wfdeps import TYPE_CHECKING
from wfdeps.domain.access import Access
from wfdeps.domain.model_types import ModelType
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from wfdeps.domain.air import Air
    from wfdeps.domain.digests import Digest


LOCAL = "local"
"""The source of a file that a person named on their own disk."""
MIRROR = "mirror"
"""The source of a file in a store laid out by hash."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A remote file that may satisfy a ref."""

    source: str
    """`civitai`, `huggingface`, `catalogue`, `url`, `mirror` …"""
    file_name: str
    """As its source calls it: hostile until checked."""
    url: str
    """Where its bytes are asked for: stable, without secrets."""
    model_type: ModelType = ModelType.UNKNOWN
    base_model: str | None = None
    size: int | None = None
    """Bytes; may be off by rounding where `size_is_exact` is false."""
    size_is_exact: bool = False
    digests: tuple[Digest, ...] = ()
    air: Air | None = None
    access: Access = Access()
    page: str | None = None
    """For people."""
    model_id: int | None = None
    version_id: int | None = None
    file_id: int | None = None
    model_name: str = ""
    version_name: str = ""
    creator: str | None = None
    source_type: str = ""
    """The source's own word for the model's type (`Checkpoint`, `LORA`)."""
    file_type: str = ""
    """The source's own word for the file's type (`Model`, `VAE`, `Pruned Model`)."""
    file_format: str = ""
    precision: str = ""
    variant: str = ""
    """`full` or `pruned`, or a quantisation."""
    is_primary: bool = False
    downloads: int | None = None
    published: str | None = None
    trained_words: tuple[str, ...] = ()
    licence: tuple[str, ...] = ()
    unsafe: str = ""
    """What a scanner said against it; empty when it said nothing."""
    uploaded_name: str = ""
    """What its creator called the file, where its source was asked and calls it otherwise: hostile until checked."""
    preview: str | None = None
    """A picture of what it makes, for a browser; never fetched by us."""
    preview_rating: str = ""
    """`PG`, `PG-13`, `R`, `X`, `XXX` or `blocked`; empty where nobody rated it."""
    mirrors: tuple[str, ...] = ()
    """Further URLs of the same bytes, in the order to try."""
    nearer: tuple[str, ...] = ()
    """Where mirrors of this person's hold them: tried before `url`, and nobody else's business."""

    @property
    def title(self) -> str:
        """`Model / Version`, or the file's name where a source knows no more."""
        return " / ".join(part for part in (self.model_name, self.version_name) if part) or self.file_name


class Why(StrEnum):
    """One thing that speaks for, or against, a candidate."""

    CHOSEN_BEFORE = "chosen_before"
    """A person chose it for this name."""
    SAME_HASH = "same_hash"
    SAME_ID = "same_id"
    SAME_URL = "same_url"
    WEAK_HASH = "weak_hash"
    """AutoV1 or CRC32 agrees: many files share one, so it ranks and never proves."""
    NAME_BY_RULE = "name_by_rule"
    """The site's file name rule, applied to model and version, gives the workflow's name."""
    NAME_EXACT = "name_exact"
    NAME_SAME_STEM = "name_same_stem"
    """The name is equal but for the ending, the folder, letter case or separators."""
    NAME_CLOSE = "name_close"
    TYPE_AGREES = "type_agrees"
    TYPE_DIFFERS = "type_differs"
    BASE_AGREES = "base_agrees"
    BASE_DIFFERS = "base_differs"
    PRECISION_AGREES = "precision_agrees"
    PRECISION_DIFFERS = "precision_differs"
    PAIR_AGREES = "pair_agrees"
    """The other of its pair (high and low noise) was taken from the same model."""
    PAIR_DIFFERS = "pair_differs"
    """It is the other of the pair."""
    IN_NOTE = "in_note"
    NUMBER_AS_NAME = "number_as_name"
    """The file is called by the number of this version: browsers and scripts name a download after its address."""
    POPULAR = "popular"
    HASH_DIFFERS = "hash_differs"
    RIVALS_UNKNOWN = "rivals_unknown"
    """It was seen before; whether another bears its name, its source was not asked."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason, with the detail a person can check."""

    why: Why
    detail: str = ""

    def __str__(self) -> str:
        text = self.why.replace("_", " ")
        return f"{text}: {self.detail}" if self.detail else text


class Caution(StrEnum):
    """Why a candidate is never taken without a person's word."""

    HASH_DIFFERS = "hash_differs"
    BOUGHT = "bought"
    """Only those who bought it may have it."""
    SCANNER = "scanner"
    """A scanner warns of it."""
    PICKLE = "pickle"
    """It can run code when it is loaded, and the policy does not allow that."""
    BASE_DIFFERS = "base_differs"
    CLOSED = "closed"
    """It cannot be downloaded now, with or without a token."""
    TYPE_DIFFERS = "type_differs"
    PAIR_DIFFERS = "pair_differs"
    NOT_A_MODEL = "not_a_model"
    """It comes with a model: its training data, its config, an archive."""

    @property
    def outweighs_proof(self) -> bool:
        """Whether it holds even where a hash or an id proves which file is meant. The others speak against a name only."""
        return self not in (Caution.TYPE_DIFFERS, Caution.PAIR_DIFFERS, Caution.NOT_A_MODEL)


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A candidate with what speaks for it. `confidence` is 0 to 1, comparable within one ref only."""

    candidate: Candidate
    evidence: tuple[Evidence, ...]
    confidence: float
    cautions: tuple[Caution, ...] = ()
    """Decided by `match.decide`, which knows the policy; empty where it may be taken without asking."""


class VerdictKind(StrEnum):
    """How one source answered one ref."""

    FOUND = "found"
    NO_SUCH = "no_such"
    """Not here. A miss by hash never means deleted."""
    GATED = "gated"
    EARLY_ACCESS = "early_access"
    DELETED = "deleted"
    UNREACHABLE = "unreachable"
    """No answer from here: no network, offline, a firewall, a region that it does not serve."""
    RATE_LIMITED = "rate_limited"
    REFUSED = "refused"
    """We do not go there: an address inside a private network, a redirect away from https."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one source said, kept for the report."""

    source: str
    kind: VerdictKind
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source answers to one query: candidates in its own order, and its verdict."""

    candidates: tuple[Candidate, ...]
    verdict: Verdict = field(default=Verdict("", VerdictKind.NO_SUCH))
    is_whole: bool = True
    """All that it has. False: only what it happens to know, so that another source may still know a rival."""
