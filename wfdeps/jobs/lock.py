"""Resolve every file of workflows, download none, and write the lock."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.locks import Lock
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.jobs.plan import Planned, plan_for
from wfdeps.pipeline.locking import write_lock
from wfdeps.ports import Chooser, Reporter
from wfdeps.wiring.doors import Doors


def plan_lock(
    readings: Sequence[WorkflowRefs | UnreadableWorkflow],
    doors: Doors,
    *,
    chooser: Chooser,
    reporter: Reporter,
    path: str,
) -> Planned:
    """What the lock at `path` is to say of these workflows; where there is no model folder, of an empty one.

    Raises LockError for a file at that path that is no lock of ours.
    """
    doors.library_or_new()
    return plan_for(readings, doors, chooser=chooser, reporter=reporter, lock=path)


def write_planned_lock(planned: Planned, path: str, doors: Doors) -> Lock | None:
    """Write the lock for these workflows and for no other; None, and nothing written, where none could be read."""
    if not planned.surveyed.workflows:
        return None
    return write_lock(path, planned.surveyed, planned.plan.steps, doors.settings.addresses, keep_others=False)
