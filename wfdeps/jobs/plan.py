"""What would be done for workflows: how each file was settled, and the plan that follows."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.plans import Plan
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import CheckReport
from wfdeps.domain.resolutions import Resolution
from wfdeps.jobs.check import report_of
from wfdeps.jobs.resolve import plan_of, resolve_needed, with_file_origins
from wfdeps.pipeline.comparing import A_MOMENT, EVERY_BYTE
from wfdeps.pipeline.locking import read_lock, require_writable
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.ports import Chooser, Reporter
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors


@dataclass(frozen=True, slots=True)
class Planned:
    """What is wanted, how each ref was settled, and what would be done. Nothing was touched."""

    surveyed: Survey
    resolutions: tuple[Resolution, ...]
    plan: Plan


def plan_for(
    readings: Sequence[WorkflowRefs | UnreadableWorkflow],
    doors: Doors,
    *,
    chooser: Chooser,
    reporter: Reporter,
    lock: str = "",
) -> Planned:
    """The plan for these workflows. `lock`: the path of the lock that is to be written, which wants every file's hash.

    Raises LockError, before a source is asked, for a file at that path that is no lock of ours, and where none can be
    written.
    """
    if lock:
        require_writable(lock)
    library = doors.library()
    surveyed = survey(readings, library, doors.is_optional, read_at_most=EVERY_BYTE if lock else A_MOMENT)
    resolutions = resolve_needed(surveyed, doors, chooser=chooser, reporter=reporter)
    if lock:
        resolutions = with_file_origins(resolutions, doors, previous=read_lock(lock), reporter=reporter)
    return Planned(surveyed, resolutions, plan_of(resolutions, library))


def report_on_plan(planned: Planned, doors: Doors, *, place: str = "") -> CheckReport:
    """The report on what would be done, and on whether there is room for it."""
    room = doors.library().room(planned.plan)
    return report_of(
        planned.surveyed,
        doors,
        planned.resolutions,
        planned.plan,
        would_fetch=planned.plan,
        room=room,
        place=place,
    )
