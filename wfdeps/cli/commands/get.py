"""`wfdeps get`: the main job. Resolve, plan, download, verify, place, lock."""

from __future__ import annotations

from functools import partial

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import UNMET
from wfdeps.cli.options import (
    add_download_options,
    add_library_options,
    add_policy_option,
    add_reading_options,
    add_resolving_options,
    add_workflows,
    workflow_files,
)
from wfdeps.cli.output import add_report_options, report_wishes
from wfdeps.cli.plan_output import agrees, lock_sentence, show_done, show_plan
from wfdeps.cli.prompts import chooser_for
from wfdeps.cli.reading import read_all
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.console.silent import NeverAsk
from wfdeps.jobs.get import get, write_lock_of
from wfdeps.jobs.plan import plan_for

if TYPE_CHECKING:
    import argparse

EXAMPLE = "wfdeps get workflow.png --comfyui ~/ComfyUI --dry-run"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument(
        "-n", "--dry-run", action="store_true", help="print the plan and its bytes, touch nothing"
    )
    parser.add_argument(
        "-y", "--yes", action="store_true", help="carry the plan out without asking (choices stay open)"
    )
    parser.add_argument("--lock", metavar="FILE", default="wfdeps.lock", help="default: wfdeps.lock")
    parser.add_argument("--no-lock", action="store_true", help="write no lock")
    add_policy_option(parser)
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)
    add_download_options(parser)
    add_report_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    wishes = report_wishes(arguments)
    readings = read_all(workflow_files(arguments), context)
    doors, reporter = context.doors, context.reporter
    if arguments.dry_run:
        planned = plan_for(readings, doors, chooser=NeverAsk(), reporter=reporter)
        return show_plan(planned, wishes, context)
    lock = "" if arguments.no_lock else arguments.lock
    with stopping_on_signals():
        done = get(
            readings,
            doors,
            chooser=chooser_for(context, ask=not arguments.yes),
            reporter=reporter,
            agrees=partial(agrees, context=context, ask=not arguments.yes),
            lock=lock,
            place=wishes.place,
        )
    if done.outcomes is None:
        context.err("nothing was done")
        return UNMET
    show_done(done, wishes, context)
    locked = write_lock_of(done, lock, doors) if lock else None
    if locked:
        context.err(lock_sentence(locked.before, locked.lock, lock))
    return done.report.exit_code
