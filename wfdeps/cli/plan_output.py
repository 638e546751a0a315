"""How a plan and what became of it are shown, and how the person is asked: what get, lock and sync share."""

from __future__ import annotations

from wfdeps.cli.context import Context
from wfdeps.cli.output import ReportWishes, show_report
from wfdeps.console.asking import agreed
from wfdeps.domain.locks import Lock
from wfdeps.domain.plans import Plan
from wfdeps.domain.visible import visible
from wfdeps.jobs.get import Done
from wfdeps.jobs.plan import Planned, report_on_plan
from wfdeps.report.wording import count_text, size_text


def show_plan(planned: Planned, wishes: ReportWishes, context: Context) -> int:
    """Report what would be done, touching nothing; the exit code."""
    context.reporter.plan(planned.plan)
    report = report_on_plan(planned, context.doors, place=wishes.place)
    show_report(report, wishes, context, surveyed=planned.surveyed, resolutions=planned.resolutions)
    return report.exit_code


def show_done(done: Done, wishes: ReportWishes, context: Context) -> None:
    """Report what was done."""
    planned = done.planned
    show_report(done.report, wishes, context, surveyed=planned.surveyed, resolutions=planned.resolutions)


def agrees(plan: Plan, *, context: Context, ask: bool) -> bool:
    """Whether the person says yes to what is to be downloaded; yes, where nobody is asked."""
    return not (ask and context.asks) or agreed(question_of(plan))


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
