"""What one name of a workflow is: what was decided about it, on what evidence, and who was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wfdeps.console.silent import NeverAsk
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.findings import Finding
from wfdeps.domain.locks import LockEntry
from wfdeps.domain.queries import Query
from wfdeps.domain.resolutions import Present, Resolution
from wfdeps.errors import UsageError
from wfdeps.jobs.resolve import resolve_needed
from wfdeps.jobs.users import all_readable
from wfdeps.match.queries import queries_for
from wfdeps.match.spelling import key_of, spell
from wfdeps.pipeline.survey import survey
from wfdeps.ports import Reporter
from wfdeps.values import dataclass
from wfdeps.wiring.answers import locked_entries
from wfdeps.wiring.doors import Doors
from wfdeps.workflow.read import Reading


@dataclass(frozen=True, slots=True)
class Reasons:
    """How one ref of a workflow was settled, and what that rests on."""

    finding: Finding
    resolution: Resolution | None
    """None where the run does not need the file, so that nothing is looked for."""
    queries: tuple[Query, ...]
    """What the sources are asked about it."""
    sidecars: Mapping[str, Mapping[str, Any]]
    """Path of each file that is here → its sidecar, which may be empty."""
    locked: tuple[LockEntry, ...]
    """What the run's lock says of it."""


def reasons_for(
    name: str, readings: Sequence[Reading], doors: Doors, reporter: Reporter
) -> tuple[Reasons, ...]:
    """How the refs of that name were settled; where none has it, those whose name contains it.

    All needed refs are settled, as `get` does: what one is made for speaks for or against another. Raises
    UsageError where no ref is meant, WorkflowError where an unreadable workflow may be what names it.
    """
    surveyed = survey(readings, doors.library_or_new(), doors.is_optional)
    meant = _findings_named(name, surveyed.findings)
    if not meant:
        all_readable(readings)
        raise UsageError(f"no file called `{name}` there", hint="`wfdeps refs` lists what a workflow names")
    resolved = resolve_needed(surveyed, doors, chooser=NeverAsk(), reporter=reporter)
    resolutions = {resolution.ref: resolution for resolution in resolved}
    locked = locked_entries(doors.lock)
    return tuple(_reasons(finding, resolutions.get(finding.ref), locked) for finding in meant)


def _findings_named(name: str, findings: Sequence[Finding]) -> list[Finding]:
    wanted = key_of(spell(name).stem)
    exact = [
        finding
        for finding in findings
        if finding.ref.name == name or key_of(spell(finding.ref.name).stem) == wanted
    ]
    return exact or [finding for finding in findings if name.casefold() in finding.ref.name.casefold()]


def _reasons(finding: Finding, resolution: Resolution | None, locked: Sequence[LockEntry]) -> Reasons:
    ref = finding.ref
    files = resolution.finding.files if isinstance(resolution, Present) else ()
    return Reasons(
        finding,
        resolution,
        tuple(queries_for(ref)),
        {file.path: read_sidecar(file.path) for file in files},
        tuple(entry for entry in locked if entry.key == ref.key),
    )
