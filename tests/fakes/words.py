"""Domain words for tests: small values with everything that does not matter filled in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from wfdeps.domain.candidates import Candidate, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import FOLDER_KEYS, model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus
from wfdeps.domain.resolutions import ChosenBy, Present, Resolved

FOLDERS = tuple(
    Folder(row.key, f"/models/{directory}", row.endings, "models root")
    for row in FOLDER_KEYS.values()
    for directory in row.directories
)


def sha256(letter: str) -> Digest:
    """A SHA-256 of one repeated hex digit."""
    return Digest(Algorithm.SHA256, letter * 64)


def ref(name: str, folder: str = "loras", **changes: Any) -> ModelRef:
    """A required ref from node 1 of `w.json`."""
    site = NodeSite("w.json", "1", "Loader", "name")
    plain = ModelRef(name, model_type_of(folder), (folder,), RefStatus.REQUIRED, (site,))
    return replace(plain, **changes)


def candidate(file_name: str, **changes: Any) -> Candidate:
    """An open Civitai candidate of 100 bytes."""
    plain = Candidate("civitai", file_name, f"https://civitai.com/api/download/{file_name}", size=100)
    return replace(plain, **changes)


def resolved(wanted: ModelRef, remote: Candidate, by: ChosenBy = ChosenBy.HASH) -> Resolved:
    """That ref, settled by that candidate."""
    return Resolved(wanted, RankedCandidate(remote, (), 1.0), by)


def local_file(name: str, folder: str = "loras", **changes: Any) -> LocalFile:
    """A file of 100 bytes in its folder."""
    return replace(LocalFile(f"/models/{folder}/{name}", folder, name, 100), **changes)


def present(wanted: ModelRef, file: LocalFile, state: RefState = RefState.PRESENT) -> Present:
    """That ref, answered by that file."""
    return Present(wanted, Finding(wanted, state, (file,)))
