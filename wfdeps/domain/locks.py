"""The lock: what was chosen, by hash, so it can be repeated."""

from __future__ import annotations

from wfdeps.domain.resolutions import ChosenBy
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class LockSource:
    """One place that had the bytes: stable URL, no secrets."""

    source: str
    url: str
    page: str | None = None


@dataclass(frozen=True, slots=True)
class LockEntry:
    """One file."""

    name: str
    """As the workflow says it."""
    folder: str
    path: str
    """Relative to the models root, with `/`."""
    sha256: str | None
    """None only where no source told it and the file was never fetched."""
    size: int | None
    """Exact, or None."""
    air: str | None
    sources: tuple[LockSource, ...]
    used_by: tuple[str, ...]
    """`workflow.json#node:input`, sorted; the workflow's path relative to the lock's folder."""
    chosen_by: ChosenBy
    evidence: tuple[str, ...]
    about: int | None = None
    """Bytes as its source tells them, rounded, where `size` is unknown: what a plan counts with."""

    @property
    def key(self) -> tuple[str, str]:
        """(folder, name): what tells the entries of a lock from others, and how they are sorted."""
        return self.folder, self.name


@dataclass(frozen=True, slots=True)
class Lock:
    """All files, sorted by folder and name, and the hashes of the workflows they were resolved for."""

    workflows: tuple[tuple[str, str], ...]
    """(path relative to the lock's folder, SHA-256 of the file)."""
    entries: tuple[LockEntry, ...]
    unresolved: tuple[str, ...] = ()
    """`folder/name` of required refs that could not be locked."""
    optional: tuple[str, ...] = ()
    """`folder/name` of refs a person said the workflows may go without."""
