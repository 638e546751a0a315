"""What the stages after the survey say of an item: resolutions, steps, outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from wfdeps.domain.candidates import LOCAL
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.outcomes import Failed, FailureKind, Outcome, Placed
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Step
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.reports import ReportItem
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Present, Resolution, Resolved, Unresolved
from wfdeps.report.states import STATES
from wfdeps.values import replace

_FAILED_KIND = {
    FailureKind.GATED: RefState.GATED,
    FailureKind.EARLY_ACCESS: RefState.EARLY_ACCESS,
    FailureKind.DISABLED: RefState.UNAVAILABLE,
}


def with_stages(
    item: ReportItem, resolution: Resolution | None, step: Step | None, outcome: Outcome | None
) -> ReportItem:
    """The item after all that was done for it; the last stage that spoke has the last word on its state.

    For a Present resolution the item is the one that its finding makes.
    """
    return _with_outcome(_with_step(_with_resolution(item, resolution), step), outcome)


def as_found_after(item: ReportItem, finding: Finding) -> ReportItem:
    """The item as the model folders tell it once all was done: what is said to be ready is what the next check finds.

    A workflow saved on Windows asks for `SDXL\\x.safetensors`: on Linux its file is placed in `SDXL`, and still
    ComfyUI refuses that string. And what failed may be here by another's doing.
    """
    is_there = finding.state is RefState.PRESENT
    if is_there == (item.state is RefState.PRESENT):
        return item
    if item.state is RefState.WRONG_HASH and item.found == finding.files:
        return item  # the same file, which its name alone made ready: online it was found to be another
    file = finding.files[0] if is_there and finding.files else None
    detail = finding.detail
    if not is_there:
        detail = f"{item.detail or 'placed'}, and still not offered: {detail or STATES[finding.state].title}"
    return replace(
        item,
        state=finding.state,
        detail=detail,
        hint="",
        found=finding.files,
        respell=finding.respell,
        unlisted=finding.unlisted,
        path=file.path if file else item.path,
        size=file.size if file else item.size,
    )


def refs_of(step: Step | Outcome) -> Sequence[ModelRef]:
    """The refs a step or an outcome is about."""
    match step:
        case Keep(ref=ref) | Link(ref=ref) | Blocked(ref=ref):
            return (ref,)
        case (
            Download(refs=refs) | Placed(download=Download(refs=refs)) | Failed(download=Download(refs=refs))
        ):
            return refs
        case _:
            assert_never(step)


def _with_resolution(item: ReportItem, resolution: Resolution | None) -> ReportItem:
    match resolution:
        case None:
            return item
        case Present(finding=finding, origin=origin):
            if origin and origin.candidate.source == LOCAL:
                return replace(
                    item,
                    state=RefState.RESOLVED,
                    detail=f"a file of yours: {finding.files[0].path}",
                    found=(),
                    chosen=origin,
                    chosen_by=ChosenBy.USER,
                )
            return replace(item, chosen=origin, candidates=(origin,)) if origin else item
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals, verdicts=verdicts):
            access = choice.candidate.access
            return replace(
                item,
                state=_found_remotely(item.state, access.ref_state),
                detail=item.detail or ("" if access.is_open else access.words),
                hint=item.hint or access.hint,
                candidates=(choice, *(rival for rival in rivals if rival != choice)),
                chosen=choice,
                chosen_by=chosen_by,
                verdicts=verdicts,
                size=choice.candidate.size,
                access=access,
            )
        case Ambiguous(candidates=candidates, reason=reason, verdicts=verdicts):
            return replace(
                item,
                state=_found_remotely(item.state, RefState.AMBIGUOUS),
                detail=reason,
                candidates=candidates,
                verdicts=verdicts,
            )
        case Unresolved(state=state, reason=reason, hint=hint, verdicts=verdicts):
            return replace(
                item, state=_found_remotely(item.state, state), detail=reason, hint=hint, verdicts=verdicts
            )
        case _:
            assert_never(resolution)


def _found_remotely(local: RefState, remote: RefState) -> RefState:
    """What the library says is worse than missing stays said: it is what a person has to mend."""
    if local is RefState.PRESENT and remote is RefState.WRONG_HASH:
        return remote  # its name said nothing, and its URL leads to another file
    return remote if local in (RefState.MISSING, RefState.UNDECIDED) else local


def _with_step(item: ReportItem, step: Step | None) -> ReportItem:
    match step:
        case None:
            return item
        case Keep(file=file):
            return _at(item, file)
        case Link(file=file, target=target):
            return replace(item, path=target.path, size=file.size)
        case Download(target=target, size=size):
            return replace(item, path=target.path, size=size if size is not None else item.size)
        case Blocked(state=state, reason=reason, hint=hint):
            return replace(item, state=state, detail=reason or item.detail, hint=hint or item.hint)
        case _:
            assert_never(step)


def _with_outcome(item: ReportItem, outcome: Outcome | None) -> ReportItem:
    match outcome:
        case None | Blocked():
            return _with_step(item, outcome)
        case Keep(file=file):
            return replace(_at(item, file), state=RefState.PRESENT, detail="")
        case Link(file=file, target=target):
            return replace(
                item,
                state=RefState.PRESENT,
                detail=f"linked to {file.path}",
                path=target.path,
                size=file.size,
            )
        case Placed(receipt=receipt, verified_by=verified_by):
            return replace(
                item,
                state=RefState.PRESENT,
                detail="" if receipt.wrote else "the same bytes were there already",
                path=receipt.path,
                size=receipt.size,
                verified_by=verified_by,
            )
        case Failed(reason=reason, hint=hint, kind=kind):
            return replace(item, state=_FAILED_KIND.get(kind, RefState.FAILED), detail=reason, hint=hint)
        case _:
            assert_never(outcome)


def _at(item: ReportItem, file: LocalFile) -> ReportItem:
    return replace(item, path=file.path, size=file.size)
