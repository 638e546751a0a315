"""The versions of the library's files: which are newer, and how one takes the other's place."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile, fold, folded_stem
from wfdeps.domain.identity import Identity
from wfdeps.domain.outcomes import Failed, Fetched, FetchFailed, Receipt
from wfdeps.domain.pages import ModelPage, VersionPage
from wfdeps.domain.plans import Download, Placement, Plan, Target
from wfdeps.domain.refs import Certainty
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.versions import KnownFile, NewerVersions
from wfdeps.domain.visible import visible
from wfdeps.domain.wants import Want, WantSource
from wfdeps.errors import (
    AccessDeniedError,
    DiskFullError,
    FetchError,
    LibraryError,
    NotFoundError,
    SourceError,
    UsageError,
)
from wfdeps.fetch.staging import FOLDER as STAGING
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.jobs.wants import Unavailable, find_wants
from wfdeps.library import LocalLibrary, as_local
from wfdeps.library.renewing import keep, stage_from
from wfdeps.pipeline.staged import settle_staged
from wfdeps.planning.settle import Misfit, Settled
from wfdeps.planning.sidecar import sidecar_text
from wfdeps.ports import Reporter
from wfdeps.sources.civitai.client import MODELS_AT_ONCE
from wfdeps.values import dataclass, replace
from wfdeps.wiring.doors import Doors

# ── the three jobs


@dataclass(frozen=True, slots=True)
class Updates:
    """What Civitai says of the library's files."""

    known: tuple[KnownFile, ...]
    """All files that were asked about."""
    newer: tuple[NewerVersions, ...]
    unanswered: tuple[tuple[KnownFile, SourceError], ...]


def find_updates(doors: Doors) -> Updates:
    """The newer versions of every file whose origin is known. A model that cannot be asked about is `unanswered`."""
    known = known_files(as_local(doors.library()))
    pages = model_pages((file.model_id for file in known), Pages(doors))
    newer: list[NewerVersions] = []
    unanswered: list[tuple[KnownFile, SourceError]] = []
    for file in known:
        page = pages[file.model_id]
        if isinstance(page, SourceError):
            unanswered.append((file, page))
        elif (after := newer_than(file, page)).versions or after.others:
            newer.append(after)
    return Updates(known, tuple(newer), tuple(unanswered))


@dataclass(frozen=True, slots=True)
class Update:
    """What an update of one file would do, or did."""

    known: KnownFile
    version: VersionPage | None
    """The version to take; None where the file is the newest that can be had."""
    candidate: Candidate | None = None
    """Its file that fits the name."""
    left: tuple[VersionPage, ...] = ()
    """Newer versions for another base model, which were not asked for."""


def choose_update(
    known: KnownFile, model: ModelPage, *, version_id: int | None = None, any_base: bool = False
) -> Update:
    """What would take the file's place: the version of that number, else the newest for the same base model.

    `any_base`: for another base model as well. Raises UsageError where there is no such version, or it has no file
    that fits; SourceError where a newer version exists and none can be had.
    """
    if version_id:
        version = next((each for each in model.versions if each.version_id == version_id), None)
        if version is None:
            raise UsageError(f"`{visible(model.name)}` shows no version {version_id}")
        if version.version_id == known.version_id:
            return Update(known, None)
        return Update(known, version, matching_file(version, known.sidecar))
    newer = newer_than(known, model)
    left = () if any_base else newer.others
    wanted = sorted((*newer.versions, *(newer.others if any_base else ())), key=_published, reverse=True)
    version = next((each for each in wanted if each.access.is_open and each.files), None)
    if wanted and version is None:
        raise SourceError(
            f"`{visible(wanted[0].name)}` is newer, and cannot be had: {wanted[0].access.words}",
            hint="nothing was changed",
        )
    return Update(known, version, matching_file(version, known.sidecar) if version else None, left)


def apply_update(update: Update, doors: Doors, reporter: Reporter) -> Receipt:
    """Fetch the update's file and put it in the old one's place. Raises FetchError, SourceError, LibraryError."""
    assert update.candidate is not None
    known, library = update.known, as_local(doors.library())
    history = [*known.previous, as_it_is(known, library)]
    return replace_by(known, update.candidate, doors, reporter, previous=history)


class RolledBackFrom(StrEnum):
    """Where the bytes of the earlier version came from."""

    STORE = "from the store"
    DOWNLOADED_AGAIN = "downloaded again"
    DOWNLOADED = "downloaded"
    """Nothing was renewed here before: the version before, as the model's page shows it."""


def roll_back(known: KnownFile, doors: Doors, reporter: Reporter) -> tuple[str, RolledBackFrom]:
    """(name of the version that stands there now, where it came from).

    Raises UsageError where there is no version before, NotFoundError where nobody has its bytes.
    """
    library = as_local(doors.library())
    keep(known.file.path, library.kept)
    if not known.previous:
        return _roll_back_by_page(known, doors, reporter), RolledBackFrom.DOWNLOADED
    earlier = known.previous[-1]
    name = str(earlier.get("version") or earlier.get("version_id"))
    if bring_back(known, earlier, library):
        return name, RolledBackFrom.STORE
    replace_by(known, _candidate_of(earlier, doors), doors, reporter, previous=known.previous[:-1])
    return name, RolledBackFrom.DOWNLOADED_AGAIN


def _roll_back_by_page(known: KnownFile, doors: Doors, reporter: Reporter) -> str:
    version = version_before(known, Pages(doors).model(known.model_id))
    if version is None:
        raise UsageError(
            f"there is no version before `{visible(known.version)}` of `{known.label}`",
            hint="`wfdeps civitai info` shows all of them; `wfdeps update --version-id N` takes any",
        )
    apply_update(Update(known, version, matching_file(version, known.sidecar)), doors, reporter)
    return version.name


def _candidate_of(sidecar: Mapping[str, Any], doors: Doors) -> Candidate:
    """The file that this sidecar describes, as its source has it now, held to its hash. Raises NotFoundError."""
    numbers = (str(sidecar.get(key) or "") for key in ("model_id", "version_id", "file_id"))
    (found,) = find_wants([Want(WantSource.CIVITAI, *numbers)], doors)
    if isinstance(found, Unavailable):
        raise NotFoundError(found.reason, hint="the store no longer has it either; nothing was changed")
    sha256 = Digest.of(Algorithm.SHA256, str(sidecar["hashes"]["sha256"]))
    return replace(found.candidate, digests=(sha256,))


# ── which files are known


def known_files(library: LocalLibrary) -> tuple[KnownFile, ...]:
    """Every file whose sidecar tells its model and version, sorted by folder and name."""
    files = (KnownFile(file, read_sidecar(file.path)) for file in library.files())
    return tuple(known for known in files if _tells_its_version(known.sidecar))


def find_known(name: str, library: LocalLibrary) -> KnownFile:
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
    return KnownFile(files[0], sidecar)


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
    answers: dict[int, ModelPage | SourceError] = {}
    for start in range(0, len(wanted), MODELS_AT_ONCE):
        for page in pages.models(wanted[start : start + MODELS_AT_ONCE]):
            if page.model_id is not None:
                answers[page.model_id] = page
    for model_id in wanted:
        if model_id not in answers:
            try:
                answers[model_id] = pages.model(model_id)
            except SourceError as error:
                answers[model_id] = error
    return {model_id: answers[model_id] for model_id in wanted}


def newer_than(known: KnownFile, model: ModelPage) -> NewerVersions:
    """What came after this file's version: by the date of publishing, by number where a date is missing."""
    own = _version_of(known, model)
    after = [
        version
        for version in model.versions
        if version.version_id != known.version_id and _is_after(version, own, known)
    ]
    after.sort(key=_published, reverse=True)
    base = own.base_model if own else known.sidecar.get("base_model")
    same = tuple(version for version in after if version.base_model == base)
    return NewerVersions(known, model, same, tuple(version for version in after if version not in same))


def version_before(known: KnownFile, model: ModelPage) -> VersionPage | None:
    """The version before the file's, for the same base model; None where the page shows none."""
    own = _version_of(known, model)
    base = own.base_model if own else known.sidecar.get("base_model")
    earlier = [
        version
        for version in model.versions
        if version.version_id != known.version_id
        and version.base_model == base
        and not _is_after(version, own, known)
    ]
    return max(earlier, key=_published, default=None)


def _version_of(known: KnownFile, model: ModelPage) -> VersionPage | None:
    return next((version for version in model.versions if version.version_id == known.version_id), None)


def _published(version: VersionPage) -> tuple[str, int]:
    return version.published or "", version.version_id


def _is_after(version: VersionPage, own: VersionPage | None, known: KnownFile) -> bool:
    if own is None or not own.published or not version.published:
        return version.version_id > known.version_id
    return (version.published, version.version_id) > (own.published, own.version_id)


def matching_file(version: VersionPage, sidecar: Mapping[str, Any]) -> Candidate:
    """The version's file that fits the old name: same ending, then the likest in type and precision, then the main file.

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
    traits = (("file_type", file.file_type), ("precision", file.precision), ("variant", file.variant))
    return sum(bool(value) and sidecar.get(key) == value for key, value in traits)


# ── taking the place


def replace_by(
    known: KnownFile,
    candidate: Candidate,
    doors: Doors,
    reporter: Reporter,
    *,
    previous: Sequence[Mapping[str, Any]],
) -> Receipt:
    """The candidate under the old file's name, verified before; the old bytes are kept. Raises FetchError, LibraryError."""
    if not candidate.access.is_open:
        raise SourceError(
            f"`{candidate.title}` cannot be had: {candidate.access.words}", hint="nothing was changed"
        )
    library = as_local(doors.library())
    target = target_of(known, library)
    urls = (candidate.url, *candidate.mirrors)
    download = Download((), candidate, target, urls, candidate.size, candidate.digests, ChosenBy.ID)
    if troubles := library.room(Plan((download,))):
        raise DiskFullError("; ".join(troubles), hint="nothing was changed")

    def place_of(fetched: Fetched, identity: Identity) -> Settled | Misfit:
        was = known.sidecar.get("model_type")
        if identity.certainty is not Certainty.GUESS and was not in (
            None,
            "unknown",
            str(identity.model_type),
        ):
            return Misfit(
                f"`{candidate.title}` is a {identity.model_type}, and `{known.label}` a {was}",
                "nothing was changed; `wfdeps download` brings it under its own name",
            )
        sidecar = _with_previous(json.loads(sidecar_text(fetched, identity)), previous)
        return Settled(Placement(fetched.staged, target, sidecar, fetched.digests))

    fetched = _fetched(download, doors, reporter)
    outcome = settle_staged(fetched, reporter, place_of=place_of, put=library.renew)
    if isinstance(outcome, Failed):
        raise FetchError(outcome.reason, hint=outcome.hint or "nothing was changed")
    return outcome.receipt


def bring_back(known: KnownFile, earlier: Mapping[str, Any], library: LocalLibrary) -> Receipt | None:
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


def as_it_is(known: KnownFile, library: LocalLibrary) -> dict[str, Any]:
    """The file's sidecar as history keeps it: with the hash the file really has."""
    digest = find_digest(library.digest(known.file).digests, Algorithm.SHA256)
    hashes = {**(known.sidecar.get("hashes") or {}), **({"sha256": digest.value} if digest else {})}
    return {**{key: value for key, value in known.sidecar.items() if key != "previous"}, "hashes": hashes}


def target_of(known: KnownFile, library: LocalLibrary) -> Target:
    """The place the file has now."""
    suffix = known.file.name.replace("/", os.sep)
    root = known.file.path[: -len(suffix)].rstrip(os.sep)
    if not known.file.path.endswith(suffix):
        raise LibraryError(f"`{known.file.path}` stands in no model folder")
    return Target(known.file.folder_key, root, known.file.name)


def _with_previous(sidecar: Mapping[str, Any], previous: Sequence[Mapping[str, Any]]) -> str:
    document = {**sidecar, **({"previous": list(previous)} if previous else {})}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _fetched(download: Download, doors: Doors, reporter: Reporter) -> Fetched:
    reporter.plan(Plan((download,)))
    for event in doors.fetcher(beside=True).fetch_all([download]):
        reporter.event(event)
        if isinstance(event, Fetched):
            return event
        if isinstance(event, FetchFailed):
            kind = AccessDeniedError if event.kind.needs_access else FetchError
            raise kind(event.reason, hint=event.hint or "nothing was changed")
    raise FetchError("the download ended without a word", hint="nothing was changed")
