"""Plan, carry out, lock, report: what `get` and `sync` share once they know what is wanted."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable

from wfdeps.cli.context import Context
from wfdeps.cli.output import exit_policy, show_report
from wfdeps.disk import atomic_write
from wfdeps.domain.locks import Lock
from wfdeps.domain.outcomes import Outcome
from wfdeps.domain.plans import Download, Plan
from wfdeps.domain.resolutions import Resolution
from wfdeps.errors import DiskFullError, LibraryError, LockError
from wfdeps.lock.build import build_lock
from wfdeps.lock.document import parse, to_text
from wfdeps.pipeline.carry import carry_out
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.offered import as_offered
from wfdeps.pipeline.survey import Survey
from wfdeps.plan.build import Layout, build_plan, without_collisions
from wfdeps.report.build import build_report
from wfdeps.values import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """What is wanted, how each ref was settled, and what would be done."""

    surveyed: Survey
    resolutions: tuple[Resolution, ...]
    plan: Plan


def planned(surveyed: Survey, resolutions: Iterable[Resolution], context: Context) -> Planned:
    """The plan for these resolutions in this library."""
    library = context.doors.library()
    resolutions = tuple(resolutions)
    plan = build_plan(resolutions, Layout(library.folders(), library.separator))
    return Planned(surveyed, resolutions, without_collisions(plan))


def show_plan(plan: Planned, arguments: argparse.Namespace, context: Context) -> int:
    """Report what would be done, touching nothing; the exit code."""
    context.doors.reporter().plan(plan.plan)
    return _report(plan, arguments, context, room=context.doors.library().room(plan.plan))


def carry(plan: Planned, context: Context, *, confirm: bool) -> tuple[Outcome, ...] | None:
    """What became of every step; None where the person said no. Raises DiskFullError where there is no room."""
    troubles = context.doors.library().room(plan.plan)
    if troubles:
        raise DiskFullError(
            "; ".join(troubles), hint="free some space, or name other folders; nothing was touched"
        )
    reporter = context.doors.reporter()
    reporter.plan(plan.plan)
    if confirm and plan.plan.downloads and context.asks and not _agreed():
        return None
    try:
        return carry_out(
            plan.plan, fetcher=context.doors.fetcher(), library=context.doors.library(), reporter=reporter
        )
    finally:
        reporter.close()


def report_outcomes(
    plan: Planned, outcomes: tuple[Outcome, ...], arguments: argparse.Namespace, context: Context
) -> int:
    """Report what was done; the exit code."""
    return _report(plan, arguments, context, as_offered(outcomes, context.doors.library()))


def _report(
    plan: Planned,
    arguments: argparse.Namespace,
    context: Context,
    outcomes: tuple[Outcome, ...] | None = None,
    *,
    room: tuple[str, ...] = (),
) -> int:
    surveyed, library = plan.surveyed, context.doors.library()
    report = build_report(
        surveyed.readings,
        surveyed.findings,
        plan.resolutions,
        plan.plan,
        outcomes,
        lints=find_misfits(surveyed.workflows, surveyed.findings, plan.resolutions, library),
        room=room,
        warnings=library.notices,
        policy=exit_policy(arguments, context.settings),
    )
    show_report(report, arguments, context, surveyed=surveyed, resolutions=plan.resolutions)
    return report.exit_code


def read_lock(path: str) -> Lock | None:
    """The lock at that path; None where there is none. Raises LockError for a file that is no lock of ours."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read())
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"cannot read `{path}`: {error}") from error


def write_lock(
    path: str,
    surveyed: Survey,
    outcomes: Iterable[Outcome | Download],
    context: Context,
    *,
    keep_others: bool,
) -> Lock:
    """Write the lock for these workflows, atomically. Raises LockError rather than overwrite what is no lock.

    `keep_others` leaves the entries of workflows that were not asked about as they are.
    """
    folder = os.path.dirname(os.path.abspath(path))
    lock = build_lock(
        surveyed.workflows,
        outcomes,
        relative=lambda workflow: _relative(workflow, folder),
        addresses=context.settings.addresses,
        previous=read_lock(path),
        keep_others=keep_others,
    )
    try:
        atomic_write(path, to_text(lock).encode())
    except LibraryError as error:
        raise LockError(f"cannot write `{path}`: {error.message}", hint=error.hint) from error
    return lock


def _relative(workflow: str, folder: str) -> str:
    try:
        return os.path.relpath(workflow, folder).replace(os.sep, "/")
    except ValueError:  # another drive: only its name can be said without an absolute path
        return os.path.basename(workflow)


def _agreed() -> bool:
    import questionary

    return bool(questionary.confirm("download?", default=True).ask())
