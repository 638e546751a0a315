"""The model folders made to match a lock, without a search."""

from __future__ import annotations

import hashlib
import os

from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.locks import Lock
from wfdeps.domain.refs import WorkflowRefs
from wfdeps.domain.resolutions import Present, Resolution
from wfdeps.errors import LockError
from wfdeps.jobs.plan import Planned
from wfdeps.jobs.resolve import plan_of
from wfdeps.pipeline.locking import read_lock
from wfdeps.pipeline.survey import Survey
from wfdeps.pipeline.sync import resolve_lock
from wfdeps.wiring.doors import Doors


def lock_at(path: str) -> Lock:
    """The lock at that path. Raises LockError where there is none."""
    lock = read_lock(path)
    if lock is None:
        raise LockError(f"no lock at `{path}`", hint="write one with `wfdeps lock WORKFLOW`")
    return lock


def what_is_stale(lock: Lock, path: str) -> tuple[str, ...]:
    """Which workflows changed since the lock at `path` was written, and what it could not lock, each as a clause."""
    folder = os.path.dirname(os.path.abspath(path))
    changed = [name for name, sha256 in lock.workflows if _differs(os.path.join(folder, name), sha256)]
    return (
        *(f"`{name}` changed since" for name in changed),
        *(f"`{name}` could not be locked" for name in lock.unresolved),
    )


def plan_sync(lock: Lock, path: str, doors: Doors) -> Planned:
    """What each entry of the lock at `path` needs here; `jobs.get.carry` does it."""
    library = doors.library()
    resolutions = resolve_lock(lock, library, doors.settings.addresses, doors.mirrors())
    return Planned(_as_survey(path, resolutions), resolutions, plan_of(resolutions, library))


def _differs(path: str, sha256: str) -> bool:
    """Whether the workflow is here and another than was locked; on a worker it need not be here at all."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() != sha256
    except OSError:
        return False


def _as_survey(path: str, resolutions: tuple[Resolution, ...]) -> Survey:
    """The lock as a report sees it: one workflow that names every entry."""
    refs = tuple(resolution.ref for resolution in resolutions)
    with open(path, "rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    missing = (one.ref for one in resolutions if not isinstance(one, Present))
    findings = tuple(Finding(ref, RefState.MISSING) for ref in missing)
    return Survey((WorkflowRefs(path, "lock", "json", sha256, refs),), findings)
