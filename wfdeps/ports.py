"""The doors through which the outside comes in. Each says what comes back for nothing, what may escape, who closes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from wfdeps.domain.candidates import Answer, RankedCandidate
    from wfdeps.domain.files import Folder, Inventory, LocalFile
    from wfdeps.domain.identity import Identity
    from wfdeps.domain.nodes import Installed
    from wfdeps.domain.outcomes import FetchEvent, Receipt
    from wfdeps.domain.plans import Download, Link, Placement, Plan
    from wfdeps.domain.queries import Query
    from wfdeps.domain.refs import ModelRef, Notice
    from wfdeps.domain.reports import FileSystemTotal
    from wfdeps.domain.resolutions import Ambiguous, MarkedOptional


class Source(Protocol):
    """An index that may know where a model lives."""

    @property
    def name(self) -> str:
        """`civitai`, `huggingface` …: what reports and locks call it."""

    def find_all(self, queries: Sequence[Query]) -> Mapping[Query, Answer]:
        """An answer to each query this source understands; a query it does not is left out.

        No candidates and NO_SUCH when it has nothing. Only a bug escapes: a network fault, a login or a
        rate limit becomes that answer's verdict. May be called from one thread at a time.
        """


class Library(Protocol):
    """The person's model folders."""

    @property
    def separator(self) -> str:
        """How the target's ComfyUI spells subfolders in names: `/` or `\\`."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """What is odd about the layout: lines of an extra_model_paths.yaml that ComfyUI reads otherwise than meant."""

    def folders(self) -> tuple[Folder, ...]:
        """Every directory that is searched, in ComfyUI's order within a key. Directories may not exist."""

    def inventory(self, refs: Sequence[ModelRef]) -> Inventory:
        """What might answer these refs: files with the same base name (folded), stem or hash, in any folder.

        Raises LibraryError where a root cannot be read at all.
        """

    def place(self, placement: Placement) -> Receipt:
        """Put a staged file in its place, atomically, and its sidecar beside it.

        Raises UnsafePathError, TargetExistsError (other bytes stand there) or DiskFullError. The staged file
        is gone afterwards only on success.
        """

    def link(self, link: Link) -> Receipt:
        """Make a file of the library appear under another name. Raises as `place` does."""

    def file_at(self, path: str) -> LocalFile:
        """A file outside the model folders. Raises LibraryError for what cannot be read or can be no model."""

    def of_lengths(self, lengths: Collection[int]) -> tuple[LocalFile, ...]:
        """Every model file of one of these lengths in bytes, in any folder, sorted by folder key and name."""

    def unread(self, folder_keys: Collection[str], at_most: int) -> tuple[LocalFile, ...]:
        """The model files of these keys whose SHA-256 nobody knows; none where all of them have more bytes than that."""

    def digest(self, file: LocalFile) -> LocalFile:
        """The file with its SHA-256 among its digests, reading it only if the index does not know."""

    def identity(self, file: LocalFile) -> Identity:
        """What the file is by its header, read only if the index does not know. Raises LibraryError."""

    def memo(self, topic: str, files: Sequence[LocalFile], compute: Callable[[], str]) -> str:
        """What was computed under that topic from these files as they are now; computed and kept if need be."""

    def installed(self, *, thorough: bool = False) -> Installed | None:
        """The node classes of this ComfyUI, read from its sources; None where neither code nor packs are here.

        `thorough`: a file that had nothing to say when it was read is looked at again too.
        """

    def has_input(self, folder: str, name: str) -> bool | None:
        """Whether a file (or folder) of that name lies in `input`, `output` or `temp`; None where that cannot be told."""

    def room(self, plan: Plan) -> tuple[str, ...]:
        """What speaks against carrying out the plan here: too little space, no permission; empty: nothing."""

    def not_writable(self, plan: Plan) -> tuple[str, ...]:
        """Those troubles of `room` that no free space mends: what may not be written."""

    def file_systems(self, plan: Plan) -> tuple[FileSystemTotal, ...]:
        """What the plan brings to each file system, sorted by path, against what is free there."""


class Staging(Protocol):
    """Where half-done files live."""

    def held(self, download: Download) -> int:
        """Bytes of it that are on disk already, by an earlier run or another process."""

    def writes_to(self, download: Download) -> tuple[str, ...]:
        """The folder, and those files in it that there are, which fetching it writes to."""


class Fetcher(Protocol):
    """Turns URLs into verified files in staging."""

    def fetch_all(self, downloads: Sequence[Download]) -> Iterator[FetchEvent]:
        """Events as they happen, from many workers, in the caller's thread; one final event for each download.

        Closing the iterator, or an exception thrown into it, stops the workers within a chunk and leaves
        resumable staging. Only KeyboardInterrupt and bugs escape.
        """

    def identity(self, download: Download) -> Identity:
        """What the file is by its front, before it is downloaded: two requests and its header plus 100 kB at most.

        UNKNOWN where the server does not say, or the header lies elsewhere. No SourceError escapes: the
        download itself will meet it.
        """


class Chooser(Protocol):
    """Settles what is really a person's choice."""

    def choose(self, question: Ambiguous, *, left: int = 0) -> RankedCandidate | MarkedOptional | None:
        """The person's choice, or None to leave it open; `left` questions follow this one.

        Raises KeyboardInterrupt for `save and quit`.
        """


class Reporter(Protocol):
    """Hears what happens, and shows it, or not. No method may raise."""

    def stage(self, name: str, detail: str = "") -> None:
        """A stage begins: `resolve`, `download` …"""

    def note(self, text: str) -> None:
        """A sentence worth a line."""

    def plan(self, plan: Plan) -> None:
        """The plan, before its first step."""

    def event(self, event: FetchEvent) -> None:
        """Something happened to a download."""

    def close(self) -> None:
        """Nothing more will come."""
