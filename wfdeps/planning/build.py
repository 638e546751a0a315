"""Resolutions → Plan: one step a ref, refs that want the same file in the same place sharing one download."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.files import Folder, base_name
from wfdeps.domain.findings import RefState
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Plan, Step, Target
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, Present, Resolution, Resolved, Unresolved
from wfdeps.errors import UnsafePathError
from wfdeps.planning.fixes import NoFix, link_for
from wfdeps.planning.layout import collisions, place_of, target_for
from wfdeps.values import dataclass, replace


@dataclass(frozen=True, slots=True)
class Layout:
    """Where files may be put: the library's folders in search order, and how it spells subfolders."""

    folders: tuple[Folder, ...]
    separator: str


def build_plan(resolutions: Iterable[Resolution], layout: Layout) -> Plan:
    """The plan, sorted by folder and name. A name that cannot be trusted becomes a Blocked step, never a path."""
    steps = [_step(resolution, layout) for resolution in resolutions]
    return Plan(tuple(sorted(_merged(steps), key=_order)))


def without_collisions(plan: Plan) -> Plan:
    """The plan with no two files in one place: what collides is blocked, and each says with what."""
    blocked = {where: str(collision) for collision in collisions(plan) for where in collision.targets}
    if not blocked:
        return plan
    hint = "rename one of them in its workflow; nothing was chosen between them"
    steps: list[Step] = []
    for step in plan.steps:
        where = place_of(step)
        if where not in blocked or isinstance(step, (Keep, Blocked)):
            steps.append(step)
            continue
        refs = step.refs if isinstance(step, Download) else (step.ref,)
        steps.extend(Blocked(ref, RefState.REFUSED, blocked[where], hint) for ref in refs)
    return Plan(tuple(steps))


def _order(step: Step) -> tuple[str, str]:
    if isinstance(step, Download):
        return step.target.folder_key, step.target.name
    return step.ref.key


def _step(resolution: Resolution, layout: Layout) -> Step:
    match resolution:
        case Present(ref, finding, origin):
            if finding.state is RefState.PRESENT:
                return Keep(ref, finding.files[0], origin)
            return _second_name(resolution, layout)
        case Resolved() as resolved:
            return _download(resolved, layout)
        case Ambiguous(ref, candidates, reason):
            return Blocked(
                ref, RefState.AMBIGUOUS, reason, f"`wfdeps get` at a terminal asks; {len(candidates)} known"
            )
        case Unresolved(ref, state, reason, hint):
            return Blocked(ref, state, reason, hint)
        case _:
            assert_never(resolution)


def _second_name(present: Present, layout: Layout) -> Link | Blocked:
    """A link for a file that lies elsewhere, or why no link would make the workflow's very string be offered."""
    finding = present.finding
    called = _name_for(present.ref, present.origin.candidate) if present.origin else ""
    link = link_for(finding, layout.folders, layout.separator, called=called)
    if isinstance(link, NoFix):
        return Blocked(present.ref, finding.state, link.reason, "`wfdeps fix` shows what would help")
    return replace(link, origin=present.origin)


def _download(resolved: Resolved, layout: Layout) -> Step:
    ref, candidate = resolved.ref, resolved.choice.candidate
    if not candidate.access.is_open and not candidate.nearer:
        access = candidate.access
        return Blocked(ref, access.ref_state, access.words, access.hint)
    try:
        target = target_for(ref.folder, _name_for(ref, candidate), layout.folders, layout.separator)
    except UnsafePathError as error:
        return Blocked(ref, RefState.REFUSED, error.message, error.hint or "")
    return Download(
        refs=(ref,),
        candidate=candidate,
        target=target,
        urls=(*candidate.nearer, candidate.url, *candidate.mirrors),
        size=candidate.size,
        digests=candidate.digests or ref.digests,
        chosen_by=resolved.chosen_by,
        evidence=resolved.choice.evidence,
    )


def _name_for(ref: ModelRef, candidate: Candidate) -> str:
    """The workflow's own name; one without an ending takes its candidate's, and where only an id is given all of it."""
    if ref.is_nameless:
        return candidate.file_name
    stem = base_name(ref.name)
    ending = candidate.file_name[candidate.file_name.rfind(".") :] if "." in candidate.file_name else ""
    has_ending = "." in stem and len(stem) - stem.rfind(".") <= len(".safetensors")
    return ref.name if has_ending or not ending else ref.name + ending


def _merged(steps: Iterable[Step]) -> Iterable[Step]:
    """Steps with every download of the same file to the same place folded into one."""
    downloads: dict[tuple[Target, str], Download] = {}
    for step in steps:
        if not isinstance(step, Download):
            yield step
            continue
        key = step.target, step.urls[0]
        same = downloads.get(key)
        downloads[key] = replace(same, refs=(*same.refs, *step.refs)) if same else step
    yield from downloads.values()
