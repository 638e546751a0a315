"""Files asked for by themselves, brought into the model folders: found, checked, fetched, placed by what they are."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial

from wfdeps.cli.context import Context
from wfdeps.cli.wanting import Found, NotFound, Want, find_all
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.candidates import Candidate, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile, fold
from wfdeps.domain.folders import is_pickle_name
from wfdeps.domain.outcomes import UNDECIDED_KINDS, Failed, Outcome, Placed
from wfdeps.domain.plans import Blocked, Keep, Link, Plan
from wfdeps.domain.refs import Certainty, ModelRef
from wfdeps.domain.resolutions import ChosenBy, Finding, Present, RefState, Resolved
from wfdeps.domain.urls import without_secrets
from wfdeps.errors import DiskFullError, UnsafePathError, UsageError
from wfdeps.library import LocalLibrary, as_local
from wfdeps.pipeline.carry import carry_out
from wfdeps.plan.build import Layout, build_plan
from wfdeps.plan.layout import collisions, target_for
from wfdeps.plan.settle import Misfit
from wfdeps.plan.shelving import shelve, wish_for
from wfdeps.ports import Reporter
from wfdeps.values import dataclass, replace

_LATER = frozenset({RefState.GATED, RefState.EARLY_ACCESS, RefState.UNDECIDED})


@dataclass(frozen=True, slots=True)
class Result:
    """How one Want ended."""

    want: Want
    state: str
    """`placed`, `present`, `failed` or `undecided` (login, network, rate limit)."""
    path: str = ""
    size: int | None = None
    sha256: str = ""
    verified_by: str = ""
    reason: str = ""
    hint: str = ""

    @property
    def is_good(self) -> bool:
        return self.state in ("placed", "present")


def acquire(wants: Sequence[Want], context: Context, reporter: Reporter) -> tuple[Result, ...]:
    """How each ended, in their order. What is there already is not fetched; nothing that stands is overwritten; a
    pickle needs the person's word (`--allow-pickle`, or `[resolve]` of the config).

    Raises UsageError where two different files want one name, DiskFullError where there is no room.
    """
    library = as_local(context.doors.library())
    overrides = context.settings.folders
    settled = [
        one
        if isinstance(one, NotFound)
        else _settled(want, one, library, overrides, reporter, allow_pickle=context.settings.allow_pickle)
        for want, one in zip(wants, find_all(wants, context), strict=True)
    ]
    resolutions = [one for one in settled if not isinstance(one, NotFound)]
    plan = build_plan(resolutions, Layout(library.folders(), library.separator))
    ended = _carried(plan, context, library, overrides, reporter)
    return tuple(
        refusal(want, one) if isinstance(one, NotFound) else _result(want, ended[_place(one.ref)])
        for want, one in zip(wants, settled, strict=True)
    )


def pickle_refused(name: str) -> NotFound:
    """Why a file of that name is not fetched where nobody allowed it."""
    why = f"`{name}` is a pickle, which can run code when it is loaded"
    return NotFound(RefState.REFUSED, why, "--allow-pickle takes it all the same")


def _carried(
    plan: Plan, context: Context, library: LocalLibrary, overrides: Mapping[str, str], reporter: Reporter
) -> dict[tuple[str, str], Outcome]:
    """What became of each step, by the folder and name of its refs."""
    if clashes := collisions(plan):
        raise UsageError(str(clashes[0]), hint="give one of them another name; nothing was touched")
    if troubles := library.room(plan):
        raise DiskFullError(
            "; ".join(troubles), hint="free some space, or name other folders; nothing was touched"
        )
    reporter.plan(plan)
    settling = partial(shelve, overrides=overrides)
    outcomes = carry_out(
        plan, fetcher=context.doors.fetcher(), library=library, reporter=reporter, settling=settling
    )
    return {_place(ref): outcome for outcome in outcomes for ref in _refs_of(outcome)}


def _settled(
    want: Want,
    found: Found,
    library: LocalLibrary,
    overrides: Mapping[str, str],
    reporter: Reporter,
    *,
    allow_pickle: bool,
) -> Resolved | Present | NotFound:
    """What is to be done for it: nothing, a link, a download, or why it cannot be."""
    candidate = found.candidate
    if want.sha256:
        candidate = replace(candidate, digests=(Digest(Algorithm.SHA256, want.sha256),))
    try:
        ref = wish_for(candidate, want.folder_key, want.name, overrides=overrides, folders=library.folders())
        if isinstance(ref, Misfit):
            return NotFound(RefState.REFUSED, ref.reason, ref.hint)
        target = target_for(ref.folder, ref.name, library.folders(), library.separator)
    except UnsafePathError as error:
        return NotFound(RefState.REFUSED, error.message, error.hint or "")
    if found.remark:
        reporter.note(found.remark)
    if same := _there_already(candidate, ref, library):
        as_wished = ref.certainty is not Certainty.CERTAIN or same.folder_key == ref.folder
        as_named = not want.name or fold(same.name) == fold(want.name)
        state = RefState.PRESENT if as_wished and as_named else RefState.PRESENT_ELSEWHERE
        return Present(ref, Finding(ref, state, (same,)))
    path = os.path.join(target.root, *target.name.split("/"))
    if os.path.lexists(path):
        hint = "`wfdeps update` renews what it knows; else move it away, or name the file otherwise"
        return NotFound(RefState.FAILED, f"`{path}` is another file", hint)
    if is_pickle_name(ref.name) and not allow_pickle:
        return pickle_refused(ref.name)
    chosen_by = ChosenBy.URL if want.source == "url" else ChosenBy.ID
    return Resolved(ref, RankedCandidate(candidate, (), 1.0), chosen_by)


def _there_already(candidate: Candidate, ref: ModelRef, library: LocalLibrary) -> LocalFile | None:
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


def result_json(result: Result) -> dict[str, object]:
    """The result as a JSON object; no secret is in it."""
    want = result.want
    return {
        "name": str(want),
        "source": want.source,
        "model_id": want.model_id or None,
        "version_id": want.version_id or None,
        "state": result.state,
        "path": result.path or None,
        "size": result.size,
        "sha256": result.sha256 or None,
        "verified_by": result.verified_by or None,
        "reason": result.reason,
        "hint": result.hint,
    }


def refusal(want: Want, why: NotFound) -> Result:
    """A Want of which there is nothing to fetch, as a result."""
    return Result(want, "undecided" if why.state in _LATER else "failed", reason=why.reason, hint=why.hint)


def _result(want: Want, outcome: Outcome) -> Result:
    match outcome:
        case Placed(receipt=receipt, verified_by=verified_by):
            state = "placed" if receipt.wrote else "present"
            return Result(want, state, receipt.path, receipt.size, receipt.sha256, verified_by)
        case Keep(file=file):
            return Result(want, "present", file.path, file.size, _sha256(file))
        case Link(file=file, target=target):
            path = os.path.join(target.root, *target.name.split("/"))
            return Result(want, "placed", path, file.size, _sha256(file), reason=f"linked to {file.path}")
        case Blocked(state=state, reason=reason, hint=hint):
            return Result(want, "undecided" if state in _LATER else "failed", reason=reason, hint=hint)
        case Failed(reason=reason, hint=hint, kind=kind):
            state = "undecided" if kind in UNDECIDED_KINDS else "failed"
            return Result(want, state, reason=reason, hint=hint)


def _sha256(file: LocalFile) -> str:
    digest = find_digest(file.digests, Algorithm.SHA256)
    return digest.value if digest else ""


def _refs_of(outcome: Outcome) -> Sequence[ModelRef]:
    match outcome:
        case Placed(download=download) | Failed(download=download):
            return download.refs
        case Keep(ref=ref) | Link(ref=ref) | Blocked(ref=ref):
            return (ref,)


def _place(ref: ModelRef) -> tuple[str, str]:
    return ref.folder, ref.name
