"""What will be done: one step a ref, decided before anything is touched."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate
    from wfdeps.domain.digests import Digest
    from wfdeps.domain.files import LocalFile
    from wfdeps.domain.findings import RefState
    from wfdeps.domain.refs import ModelRef
    from wfdeps.domain.resolutions import ChosenBy


@dataclass(frozen=True, slots=True)
class Target:
    """Where a file is to stand. `root` is absolute, `name` is relative to it, with `/`, and safe."""

    folder_key: str
    root: str
    name: str

    @property
    def path(self) -> str:
        """Absolute, with the separators of the system that `root` is of: a slash begins each root of a Unix."""
        separator = "/" if self.root.startswith("/") else "\\"
        between = "" if self.root.endswith(separator) else separator
        return f"{self.root}{between}{self.name.replace('/', separator)}"


@dataclass(frozen=True, slots=True)
class Keep:
    """It is there already."""

    ref: ModelRef
    file: LocalFile
    origin: RankedCandidate | None = None
    """Where the same bytes can be had, when a source was asked by their hash."""


@dataclass(frozen=True, slots=True)
class Link:
    """The library has the bytes elsewhere: a link, no download."""

    ref: ModelRef
    file: LocalFile
    target: Target
    origin: RankedCandidate | None = None
    sidecar: str | None = None
    """What to write beside it, as of a Placement."""


@dataclass(frozen=True, slots=True)
class Download:
    """One file to fetch, for one or more refs that want it in the same place."""

    refs: tuple[ModelRef, ...]
    candidate: Candidate
    target: Target
    urls: tuple[str, ...]
    """In the order to try; stable, without secrets."""
    size: int | None
    """Bytes, if known; a guide, not a promise, unless the candidate says it is exact."""
    digests: tuple[Digest, ...]
    chosen_by: ChosenBy
    evidence: tuple[Evidence, ...] = ()

    @property
    def label(self) -> str:
        """What a progress line calls it."""
        return self.target.name


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nothing can be done for this ref now, and why."""

    ref: ModelRef
    state: RefState
    reason: str
    hint: str = ""


Step = Keep | Link | Download | Blocked


@dataclass(frozen=True, slots=True)
class Plan:
    """All steps, sorted by folder and name."""

    steps: tuple[Step, ...]

    @property
    def downloads(self) -> tuple[Download, ...]:
        return tuple(step for step in self.steps if isinstance(step, Download))

    @property
    def bytes_to_fetch(self) -> int:
        """Of the downloads whose size is known."""
        return sum(download.size or 0 for download in self.downloads)


@dataclass(frozen=True, slots=True)
class Placement:
    """A staged file and where it goes, with what is written beside it."""

    staged: str
    target: Target
    sidecar: str | None
    """The JSON text of `<name>.civitai.json`, secret-free; None: write none."""
    digests: tuple[Digest, ...] = ()
    """As computed while fetching; without a SHA-256 among them the staged file is read once more."""
