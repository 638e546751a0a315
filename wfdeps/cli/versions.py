"""What our sidecars know of the library's files, which versions are newer, and how one takes the other's place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wfdeps.cli.context import Context
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile, fold, folded_stem
from wfdeps.domain.outcomes import Fetched, FetchFailed, Receipt
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.domain.plans import Download, Placement, Plan, Target
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import AccessDeniedError, DiskFullError, FetchError, LibraryError, SourceError, UsageError
from wfdeps.fetch.staging import FOLDER as STAGING
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.library import LocalLibrary
from wfdeps.library.renewing import stage_from
from wfdeps.pipeline.staged import identity_of_staged
from wfdeps.plan.settle import disguise_of
from wfdeps.plan.sidecar import sidecar_text
from wfdeps.sources.civitai.client import MODELS_AT_ONCE
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """One file of the library that came from Civitai by our hand."""

    file: LocalFile
    sidecar: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.file.folder_key}/{self.file.name}"

    @property
    def model_id(self) -> int:
        return int(self.sidecar["model_id"])

    @property
    def version_id(self) -> int:
        return int(self.sidecar["version_id"])

    @property
    def version(self) -> str:
        return str(self.sidecar.get("version") or self.version_id)

    @property
    def previous(self) -> list[dict[str, Any]]:
        """Sidecars of the versions before, the latest last."""
        told = self.sidecar.get("previous")
        return [row for row in told if isinstance(row, dict)] if isinstance(told, list) else []


@dataclass(frozen=True, slots=True)
class Newer:
    """The versions of one file's model that came after it, newest first."""

    known: Known
    model: ModelPage
    versions: tuple[VersionPage, ...]
    """For the same base model."""
    others: tuple[VersionPage, ...] = ()
    """For another base model: what the file is used with would not work with them."""


def known_files(library: LocalLibrary) -> tuple[Known, ...]:
    """Every file whose sidecar tells its model and version, sorted by folder and name."""
    found = (Known(file, read_sidecar(file.path)) for file in library.files())
    return tuple(known for known in found if _tells_its_version(known.sidecar))


def find_known(name: str, library: LocalLibrary) -> Known:
    """The one file of that name. Raises UsageError where there is none, several, or nobody knows where it is from."""
    wanted = fold(name.replace("\\", "/"))
    files = [file for file in library.files() if file.folder_key and wanted in _names_of(file)]
    exact = [file for file in files if fold(f"{file.folder_key}/{file.name}") == wanted]
    files = exact or files
    if not files:
        raise UsageError(f"no file `{name}` in the model folders", hint="`wfdeps list` shows them")
    if len(files) > 1:
        raise UsageError(
            f"`{name}` is the name of {len(files)} files",
            hint="one of " + ", ".join(f"{file.folder_key}/{file.name}" for file in files),
        )
    sidecar = read_sidecar(files[0].path)
    if not _tells_its_version(sidecar):
        raise UsageError(
            f"nobody wrote down where `{name}` is from",
            hint="only files that wfdeps placed from Civitai have a `.civitai.json` that tells",
        )
    return Known(files[0], sidecar)


def _tells_its_version(sidecar: Mapping[str, Any]) -> bool:
    numbers = (sidecar.get("model_id"), sidecar.get("version_id"))
    return sidecar.get("source") == "civitai" and all(
        type(number) is int and number > 0 for number in numbers
    )


def _names_of(file: LocalFile) -> Iterator[str]:
    yield fold(f"{file.folder_key}/{file.name}")
    yield fold(file.name)
    yield fold(file.basename)
    yield folded_stem(file.basename)


# ── what is newer


def model_pages(model_ids: Iterable[int], pages: Pages) -> dict[int, ModelPage | SourceError]:
    """The page of each model: a hundred at once from the list, those it hides one by one."""
    wanted = sorted(set(model_ids))
    found: dict[int, ModelPage | SourceError] = {}
    for start in range(0, len(wanted), MODELS_AT_ONCE):
        for page in pages.models(wanted[start : start + MODELS_AT_ONCE]):
            if page.model_id is not None:
                found[page.model_id] = page
    for model_id in wanted:
        if model_id not in found:
            try:
                found[model_id] = pages.model(model_id)
            except SourceError as error:
                found[model_id] = error
    return {model_id: found[model_id] for model_id in wanted}


def newer_than(known: Known, model: ModelPage) -> Newer:
    """What came after this file's version: by the date of publishing, by number where a date is missing."""
    own = next((one for one in model.versions if one.version_id == known.version_id), None)
    after = [
        one for one in model.versions if one.version_id != known.version_id and _is_after(one, own, known)
    ]
    after.sort(key=lambda one: (one.published or "", one.version_id), reverse=True)
    base = own.base_model if own else known.sidecar.get("base_model")
    same = tuple(one for one in after if one.base_model == base)
    return Newer(known, model, same, tuple(one for one in after if one not in same))


def before(known: Known, model: ModelPage) -> VersionPage | None:
    """The version before this one, for the same base model; None where the page shows none."""
    own = next((one for one in model.versions if one.version_id == known.version_id), None)
    base = own.base_model if own else known.sidecar.get("base_model")
    earlier = [
        one
        for one in model.versions
        if one.version_id != known.version_id and one.base_model == base and not _is_after(one, own, known)
    ]
    return max(earlier, key=lambda one: (one.published or "", one.version_id), default=None)


def _is_after(one: VersionPage, own: VersionPage | None, known: Known) -> bool:
    if own is None or not own.published or not one.published:
        return one.version_id > known.version_id
    return (one.published, one.version_id) > (own.published, own.version_id)


def twin_in(version: VersionPage, sidecar: Mapping[str, Any]) -> Candidate:
    """The version's file that is to the old one's like: same ending, then type, precision and main file.

    Raises UsageError where none could stand under the old name.
    """
    ending = os.path.splitext(str(sidecar.get("file_name") or ""))[1].lower()
    alike = [file for file in version.files if os.path.splitext(file.file_name)[1].lower() == ending]
    if not alike:
        raise UsageError(
            f"version `{version.name}` has no `{ending}` file, so the name would not fit",
            hint=f"`wfdeps download --version-id {version.version_id}` brings it under its own name",
        )
    return max(alike, key=lambda file: (_likeness(file, sidecar), file.is_primary))


def _likeness(file: Candidate, sidecar: Mapping[str, Any]) -> int:
    told = (("file_type", file.file_type), ("precision", file.precision), ("variant", file.variant))
    return sum(bool(value) and sidecar.get(key) == value for key, value in told)


# ── taking the place


def replace_by(
    known: Known,
    candidate: Candidate,
    context: Context,
    library: LocalLibrary,
    *,
    previous: Sequence[Mapping[str, Any]],
) -> Receipt:
    """The candidate under the old file's name, verified before, the old bytes kept. Raises FetchError, LibraryError."""
    if not candidate.access.is_open:
        detail = candidate.access.detail or candidate.access.state.replace("_", " ")
        until = f" until {candidate.access.until}" if candidate.access.until else ""
        raise SourceError(f"`{candidate.title}` cannot be had: {detail}{until}", hint="nothing was changed")
    target = target_of(known, library)
    urls = (candidate.url, *candidate.mirrors)
    download = Download((), candidate, target, urls, candidate.size, candidate.digests, ChosenBy.ID)
    if troubles := library.room(Plan((download,))):
        raise DiskFullError("; ".join(troubles), hint="nothing was changed")
    fetched = _fetched(download, context)
    identity = identity_of_staged(fetched)
    if disguised := disguise_of(download, identity):
        raise FetchError(disguised.reason, hint="nothing was changed")
    was = known.sidecar.get("model_type")
    if identity.certainty is not Certainty.GUESS and was not in (None, "unknown", str(identity.model_type)):
        raise FetchError(
            f"`{candidate.title}` is a {identity.model_type}, and `{known.label}` a {was}",
            hint="nothing was changed; `wfdeps download` brings it under its own name",
        )
    sidecar = _with_previous(json.loads(sidecar_text(fetched, identity)), previous)
    return library.renew(Placement(fetched.staged, target, sidecar, fetched.digests))


def bring_back(known: Known, earlier: Mapping[str, Any], library: LocalLibrary) -> Receipt | None:
    """The earlier version from the store, under the same name; None where the store no longer has it."""
    sha256 = str((earlier.get("hashes") or {}).get("sha256") or "")
    target = target_of(known, library)
    staged = os.path.join(os.path.dirname(known.file.path), STAGING, f"{sha256}.kept")
    try:
        if not stage_from(library.kept, sha256, staged):
            return None
    except LibraryError:
        return None
    sidecar = _with_previous(earlier, known.previous[:-1])
    return library.renew(Placement(staged, target, sidecar, (Digest(Algorithm.SHA256, sha256),)))


def as_it_is(known: Known, library: LocalLibrary) -> dict[str, Any]:
    """The file's sidecar as history keeps it: with the hash the file really has."""
    digest = find_digest(library.digest(known.file).digests, Algorithm.SHA256)
    hashes = {**(known.sidecar.get("hashes") or {}), **({"sha256": digest.value} if digest else {})}
    return {**{key: value for key, value in known.sidecar.items() if key != "previous"}, "hashes": hashes}


def target_of(known: Known, library: LocalLibrary) -> Target:
    """The place the file has now."""
    suffix = known.file.name.replace("/", os.sep)
    root = known.file.path[: -len(suffix)].rstrip(os.sep)
    if not known.file.path.endswith(suffix):
        raise LibraryError(f"`{known.file.path}` stands in no model folder")
    return Target(known.file.folder_key, root, known.file.name)


def _with_previous(sidecar: Mapping[str, Any], previous: Sequence[Mapping[str, Any]]) -> str:
    document = {**sidecar, **({"previous": list(previous)} if previous else {})}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _fetched(download: Download, context: Context) -> Fetched:
    reporter = context.reporter
    reporter.plan(Plan((download,)))
    for event in context.doors.fetcher(beside=True).fetch_all([download]):
        reporter.event(event)
        if isinstance(event, Fetched):
            return event
        if isinstance(event, FetchFailed):
            kind = AccessDeniedError if event.kind in ("gated", "early_access") else FetchError
            raise kind(event.reason, hint=event.hint or "nothing was changed")
    raise FetchError("the download ended without a word", hint="nothing was changed")
