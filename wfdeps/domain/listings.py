"""The rows that commands list: files of the library, folders, stored files, remembered answers, tokens."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class ListedFile:
    """One file of the library with all that is known of it."""

    file: LocalFile
    identity: Identity | None
    """What its header says; None where nobody looked."""
    sidecar: Mapping[str, Any]
    users: tuple[str, ...] = ()
    """The workflows that name it."""

    @property
    def origin(self) -> str:
        """The AIR, page or source that its sidecar names; empty where it names none."""
        return str(self.sidecar.get("air") or self.sidecar.get("page") or self.sidecar.get("source") or "")


@dataclass(frozen=True, slots=True)
class Unused:
    """The files that none of the workflows uses, the largest first."""

    files: tuple[LocalFile, ...]
    used: int
    """How many files the workflows do use."""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Two or more files of the library that hold the same bytes, each in its own place on disk."""

    sha256: str
    files: tuple[LocalFile, ...]

    @property
    def wasted(self) -> int:
        """Bytes that linking them would give back."""
        return self.files[0].size * (len(self.files) - 1)


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What is there more than once."""

    groups: tuple[DuplicateGroup, ...]
    """The most wasteful first."""
    unread: tuple[str, ...] = ()
    """Why some files could not be compared."""

    @property
    def wasted(self) -> int:
        """Bytes that linking all of them would give back."""
        return sum(group.wasted for group in self.groups)


class FileVerdict(StrEnum):
    """What is known of a file's bytes."""

    PROVEN = "proven"
    """A hash that was written down before agrees."""
    SOUND = "sound"
    """Whole by its own header; no hash to compare with, or none was read."""
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verified:
    """One file of the library, judged."""

    file: LocalFile
    verdict: FileVerdict
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SearchedFolder:
    """One directory that ComfyUI searches for one folder key."""

    folder: Folder
    receives: bool
    """Whether new models of its key go there."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of the store. `links` counts its names besides the store's own, on the same file system."""

    sha256: str
    path: str
    size: int
    links: int


@dataclass(frozen=True, slots=True)
class RememberedAnswer:
    """One remembered answer. `candidate` is None where the person marked the file optional."""

    number: int
    scope: str
    name: str
    model_type: ModelType
    answered: float
    """When, in seconds since 1970."""
    candidate: Candidate | None


class TokenState(StrEnum):
    """What a site says of a token."""

    WORKS = "works"
    NO_TOKEN = "no token"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"
    """The site has no answer to whose token it is."""


@dataclass(frozen=True, slots=True)
class TokenCheck:
    """What one site said."""

    site: str
    url: str
    state: TokenState
    detail: str
