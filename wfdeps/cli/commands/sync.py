"""`wfdeps sync`: make the model folders match a lock."""

from __future__ import annotations

import argparse
import hashlib
import os

from wfdeps.cli.context import Context
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.cli.output import add_report_options
from wfdeps.cli.running import carry, planned, report_outcomes, show_plan
from wfdeps.domain.locks import Lock
from wfdeps.domain.refs import WorkflowRefs
from wfdeps.domain.resolutions import Finding, Present, RefState, Resolution
from wfdeps.errors import LockError
from wfdeps.pipeline.locking import read_lock
from wfdeps.pipeline.survey import Survey
from wfdeps.pipeline.sync import resolve_lock

EXAMPLE = "wfdeps sync wfdeps.lock --locked --models /runpod-volume/models"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("lock", nargs="?", default="wfdeps.lock", metavar="LOCK", help="default: wfdeps.lock")
    strictness = parser.add_mutually_exclusive_group()
    strictness.add_argument(
        "--locked",
        action="store_true",
        help="fail if the lock no longer fits its workflows, or is incomplete",
    )
    strictness.add_argument(
        "--frozen", action="store_true", help="use the lock without looking at the workflows"
    )
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print the plan and its bytes, touch nothing"
    )
    add_library_options(parser)
    add_download_options(parser)
    add_report_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    lock = read_lock(arguments.lock)
    if lock is None:
        raise LockError(f"no lock at `{arguments.lock}`", hint="write one with `wfdeps lock WORKFLOW`")
    if not arguments.frozen:
        _check_freshness(lock, arguments, context)
    doors = context.doors
    resolutions = resolve_lock(lock, doors.library(), context.settings.addresses, doors.mirrors())
    plan = planned(_as_survey(arguments.lock, resolutions), resolutions, context)
    if arguments.dry_run:
        return show_plan(plan, arguments, context)
    outcomes = carry(plan, context, confirm=False)
    return report_outcomes(plan, outcomes or (), arguments, context)


def _check_freshness(lock: Lock, arguments: argparse.Namespace, context: Context) -> None:
    """Say which workflows changed since the lock was written; with `--locked`, raise LockError."""
    folder = os.path.dirname(os.path.abspath(arguments.lock))
    changed = [path for path, sha256 in lock.workflows if _differs(os.path.join(folder, path), sha256)]
    stale = [f"`{path}` changed since" for path in changed]
    stale += [f"`{name}` could not be locked" for name in lock.unresolved]
    if stale and arguments.locked:
        raise LockError(f"the lock is stale: {', '.join(stale)}", hint="write it anew with `wfdeps lock`")
    for sentence in stale:
        context.err(f"warning: {sentence}")


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
