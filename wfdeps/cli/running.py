"""Plan, carry out, lock, report: what `get` and `sync` share once they know what is wanted."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from wfdeps.cli.context import Context
from wfdeps.cli.options import library_words
from wfdeps.cli.output import exit_policy, show_report
from wfdeps.console.asking import agreed
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.locks import Lock
from wfdeps.domain.outcomes import Outcome
from wfdeps.domain.plans import Download, Plan
from wfdeps.domain.resolutions import Resolution
from wfdeps.domain.visible import visible
from wfdeps.errors import DiskFullError
from wfdeps.pipeline import locking
from wfdeps.pipeline.carry import carry_out
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.offered import as_offered
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.plan.build import Layout, build_plan, without_collisions
from wfdeps.report.build import build_report
from wfdeps.report.sizes import count_text, size_text
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
    context.reporter.plan(plan.plan)
    return _report(plan, arguments, context, room=context.doors.library().room(plan.plan))


def carry(plan: Planned, context: Context, *, confirm: bool) -> tuple[Outcome, ...] | None:
    """What became of every step; None where the person said no. Raises DiskFullError where there is no room."""
    troubles = context.doors.library().room(plan.plan)
    if troubles:
        raise DiskFullError(
            "; ".join(troubles), hint="free some space, or name other folders; nothing was touched"
        )
    reporter = context.reporter
    reporter.plan(plan.plan)
    if confirm and plan.plan.downloads and context.asks and not agreed(question_of(plan.plan)):
        return None
    doors = context.doors
    try:
        with stopping_on_signals():
            return carry_out(plan.plan, fetcher=doors.fetcher(), library=doors.library(), reporter=reporter)
    finally:
        reporter.close()


def report_outcomes(
    plan: Planned, outcomes: tuple[Outcome, ...], arguments: argparse.Namespace, context: Context
) -> int:
    """Report what was done, and what does not fit among the files that are there now; the exit code."""
    library = context.doors.library()
    now = survey(plan.surveyed.readings, library, read_at_most=0)
    return _report(plan, arguments, context, as_offered(outcomes, library), now=now)


def _report(
    plan: Planned,
    arguments: argparse.Namespace,
    context: Context,
    outcomes: tuple[Outcome, ...] | None = None,
    *,
    room: tuple[str, ...] = (),
    now: Survey | None = None,
) -> int:
    surveyed, library = plan.surveyed, context.doors.library()
    report = build_report(
        surveyed.readings,
        surveyed.findings,
        plan.resolutions,
        plan.plan,
        outcomes,
        lints=find_misfits(surveyed.workflows, (now or surveyed).findings, plan.resolutions, library),
        room=room,
        file_systems=library.file_systems(plan.plan) if outcomes is None else (),
        warnings=library.notices,
        policy=exit_policy(arguments, context.settings),
        place=library_words(arguments),
    )
    show_report(report, arguments, context, surveyed=surveyed, resolutions=plan.resolutions)
    return report.exit_code


def write_lock(
    path: str,
    surveyed: Survey,
    outcomes: Iterable[Outcome | Download],
    context: Context,
    *,
    keep_others: bool,
) -> Lock:
    """Write the lock for these workflows, as `pipeline.locking` does."""
    return locking.write_lock(path, surveyed, outcomes, context.settings.addresses, keep_others=keep_others)


def lock_sentence(before: Lock | None, lock: Lock, path: str) -> str:
    """What the lock says now that it did not say before."""
    known = set(before.entries) if before else set()
    new = sum(entry not in known for entry in lock.entries)
    if new:
        return f"locked in {path}"
    if lock == before:
        return f"nothing new to lock: {path} stays as it was"
    return f"nothing new was locked: {path} names what is still open"


def question_of(plan: Plan) -> str:
    """`download 5 files, 1.30 GB to /models?`: what a person says yes to."""
    downloads = plan.downloads
    unknown = sum(download.size is None for download in downloads)
    size = f", {size_text(plan.bytes_to_fetch)}" if plan.bytes_to_fetch else ""
    more = f" and {unknown} of unknown size" if size and unknown else ", size unknown" if unknown else ""
    roots = sorted({download.target.root for download in downloads})
    place = f"{visible(roots[0])}" if len(roots) == 1 else count_text(len(roots), "folder")
    return f"download {count_text(len(downloads), 'file')}{size}{more} to {place}?"
