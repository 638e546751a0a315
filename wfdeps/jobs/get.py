"""The main job: a plan carried out, the report on how it stands afterwards, and the lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wfdeps.domain.locks import Lock
from wfdeps.domain.outcomes import Outcome
from wfdeps.domain.plans import Plan
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.reports import CheckReport
from wfdeps.jobs.check import report_of
from wfdeps.jobs.plan import Planned, plan_for, report_on_plan
from wfdeps.pipeline.carry import carry_out, require_room
from wfdeps.pipeline.locking import read_lock, write_lock
from wfdeps.pipeline.survey import survey
from wfdeps.ports import Chooser, Reporter
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors


@dataclass(frozen=True, slots=True)
class Done:
    """A plan that was carried out or declined, and how it stands afterwards."""

    planned: Planned
    outcomes: tuple[Outcome, ...] | None
    """None: the person said no to the plan, and nothing was touched."""
    report: CheckReport


@dataclass(frozen=True, slots=True)
class Locked:
    """A lock that was written, and what it said before; None: there was none."""

    before: Lock | None
    lock: Lock


def get(
    readings: Sequence[WorkflowRefs | UnreadableWorkflow],
    doors: Doors,
    *,
    chooser: Chooser,
    reporter: Reporter,
    agrees: Callable[[Plan], bool] = lambda plan: True,
    lock: str = "",
    place: str = "",
) -> Done:
    """Download, verify and place what these workflows miss, unless `agrees` says no to the plan.

    `lock`: the path of the lock that `write_lock_of` is to write afterwards. Raises DiskFullError, before the first
    byte, where there is no room; LockError for a file at that path that is no lock of ours.
    """
    planned = plan_for(readings, doors, chooser=chooser, reporter=reporter, lock=lock)
    return carry(planned, doors, reporter, agrees=agrees, place=place)


def carry(
    planned: Planned,
    doors: Doors,
    reporter: Reporter,
    *,
    agrees: Callable[[Plan], bool] = lambda plan: True,
    place: str = "",
) -> Done:
    """The plan carried out, unless `agrees` says no to it. Raises DiskFullError where there is no room."""
    library, plan = doors.library(), planned.plan
    require_room(plan, library)
    reporter.plan(plan)
    if plan.downloads and not agrees(plan):
        return Done(planned, None, report_on_plan(planned, doors, place=place))
    try:
        outcomes = carry_out(plan, fetcher=doors.fetcher(), library=library, reporter=reporter)
    finally:
        reporter.close()
    report = report_of(
        planned.surveyed,
        doors,
        planned.resolutions,
        plan,
        outcomes,
        after=survey(planned.surveyed.readings, library, doors.is_optional),
        place=place,
    )
    return Done(planned, outcomes, report)


def write_lock_of(done: Done, path: str, doors: Doors) -> Locked | None:
    """Write the lock for the workflows that were got; other workflows' entries stay. None: nothing was done, or none could be read."""
    surveyed = done.planned.surveyed
    if done.outcomes is None or not surveyed.workflows:
        return None
    before = read_lock(path)
    lock = write_lock(path, surveyed, done.outcomes, doors.settings.addresses, keep_others=True)
    return Locked(before, lock)
