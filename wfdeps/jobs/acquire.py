"""Single files brought into the model folders: found, checked, fetched, and placed by what their headers say."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.candidates import Candidate, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile, fold
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.outcomes import Failed, Outcome, Placed
from wfdeps.domain.plans import Blocked, Keep, Link, Plan
from wfdeps.domain.refs import Certainty, ModelRef
from wfdeps.domain.resolutions import ChosenBy, Present, Resolved
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.wants import Want, WantResult, WantSource, WantState
from wfdeps.errors import UnsafePathError, UsageError
from wfdeps.jobs.wants import (
    FoundFile,
    Unavailable,
    find_wants,
    pickle_refusal,
    result_of_unavailable,
    want_state_of,
)
from wfdeps.library import LocalLibrary, as_local
from wfdeps.pipeline.carry import carry_out, require_room
from wfdeps.planning.build import Layout, build_plan
from wfdeps.planning.layout import collisions, target_for
from wfdeps.planning.settle import Misfit
from wfdeps.planning.shelving import shelve, wish_for
from wfdeps.ports import Reporter
from wfdeps.values import replace
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Settings


def acquire(wants: Sequence[Want], doors: Doors, reporter: Reporter) -> tuple[WantResult, ...]:
    """How each Want ended, in their order. What is there already is not fetched; nothing that stands is overwritten; a
    pickle needs the person's word (`--allow-pickle`, or `[resolve]` of the config).

    Raises UsageError where two different files want one name, DiskFullError where there is no room.
    """
    library = as_local(doors.library())
    settled = [
        file if isinstance(file, Unavailable) else _settled(want, file, library, doors.settings, reporter)
        for want, file in zip(wants, find_wants(wants, doors), strict=True)
    ]
    resolutions = [step for step in settled if not isinstance(step, Unavailable)]
    plan = build_plan(resolutions, Layout(library.folders(), library.separator))
    outcomes = _carried(plan, doors, library, reporter)
    return tuple(
        result_of_unavailable(want, step)
        if isinstance(step, Unavailable)
        else _result(want, outcomes[step.ref.key])
        for want, step in zip(wants, settled, strict=True)
    )


def _carried(
    plan: Plan, doors: Doors, library: LocalLibrary, reporter: Reporter
) -> dict[tuple[str, str], Outcome]:
    """What became of each step, by the folder and name of its refs."""
    if clashes := collisions(plan):
        raise UsageError(str(clashes[0]), hint="give one of them another name; nothing was touched")
    require_room(plan, library)
    reporter.plan(plan)
    settling = partial(shelve, overrides=doors.settings.folders)
    outcomes = carry_out(plan, fetcher=doors.fetcher(), library=library, reporter=reporter, settling=settling)
    return {ref.key: outcome for outcome in outcomes for ref in _refs_of(outcome)}


def _settled(
    want: Want, found: FoundFile, library: LocalLibrary, settings: Settings, reporter: Reporter
) -> Resolved | Present | Unavailable:
    """What is to be done for the Want: nothing, a link or a download; or why it cannot be had."""
    candidate = found.candidate
    if want.sha256:
        candidate = replace(candidate, digests=(Digest(Algorithm.SHA256, want.sha256),))
    try:
        folders = library.folders()
        ref = wish_for(candidate, want.folder_key, want.name, overrides=settings.folders, folders=folders)
        if isinstance(ref, Misfit):
            return Unavailable(RefState.REFUSED, ref.reason, ref.hint)
        target = target_for(ref.folder, ref.name, folders, library.separator)
    except UnsafePathError as error:
        return Unavailable(RefState.REFUSED, error.message, error.hint or "")
    if found.remark:
        reporter.note(found.remark)
    if same := _same_file(candidate, ref, library):
        as_wished = ref.certainty is not Certainty.CERTAIN or same.folder_key == ref.folder
        as_named = not want.name or fold(same.name) == fold(want.name)
        state = RefState.PRESENT if as_wished and as_named else RefState.PRESENT_ELSEWHERE
        return Present(ref, Finding(ref, state, (same,)))
    path = target.path
    if os.path.lexists(path):
        hint = "`wfdeps update` renews what it knows; else move it away, or name the file otherwise"
        return Unavailable(RefState.FAILED, f"`{path}` is another file", hint)
    if refusal := pickle_refusal(ref.name, allow_pickle=settings.allow_pickle):
        return refusal
    chosen_by = ChosenBy.URL if want.source is WantSource.URL else ChosenBy.ID
    return Resolved(ref, RankedCandidate(candidate, (), 1.0), chosen_by)


def _same_file(candidate: Candidate, ref: ModelRef, library: LocalLibrary) -> LocalFile | None:
    """The library's file with these very bytes: by SHA-256, else one that came from that very address."""
    wanted = find_digest(candidate.digests, Algorithm.SHA256)
    for file in library.inventory([ref]).files:
        known = find_digest(file.digests, Algorithm.SHA256)
        if wanted is None:
            sidecar = read_sidecar(file.path)
            if sidecar.get("url") == without_secrets(candidate.url) and _is_unchanged(file, sidecar, library):
                return file
        elif known is None and (wanted in file.claimed or file.size == candidate.size):
            known = find_digest(library.digest(file).digests, Algorithm.SHA256)
        if wanted is not None and known == wanted:
            return file
    return None


def _is_unchanged(file: LocalFile, sidecar: Mapping[str, object], library: LocalLibrary) -> bool:
    hashes = sidecar.get("hashes")
    known = find_digest(library.digest(file).digests, Algorithm.SHA256)
    return isinstance(hashes, dict) and known is not None and hashes.get("sha256") == known.value


def _result(want: Want, outcome: Outcome) -> WantResult:
    match outcome:
        case Placed(receipt=receipt, verified_by=verified_by):
            state = WantState.PLACED if receipt.wrote else WantState.PRESENT
            return WantResult(want, state, receipt.path, receipt.size, receipt.sha256, verified_by)
        case Keep(file=file):
            return WantResult(want, WantState.PRESENT, file.path, file.size, _sha256(file))
        case Link(file=file, target=target):
            path = target.path
            return WantResult(
                want, WantState.PLACED, path, file.size, _sha256(file), reason=f"linked to {file.path}"
            )
        case Blocked(state=state, reason=reason, hint=hint):
            return WantResult(want, want_state_of(state), reason=reason, hint=hint)
        case Failed(reason=reason, hint=hint, kind=kind):
            state = WantState.UNDECIDED if kind.is_undecided else WantState.FAILED
            return WantResult(want, state, reason=reason, hint=hint)


def _sha256(file: LocalFile) -> str:
    digest = find_digest(file.digests, Algorithm.SHA256)
    return digest.value if digest else ""


def _refs_of(outcome: Outcome) -> Sequence[ModelRef]:
    match outcome:
        case Placed(download=download) | Failed(download=download):
            return download.refs
        case Keep(ref=ref) | Link(ref=ref) | Blocked(ref=ref):
            return (ref,)
