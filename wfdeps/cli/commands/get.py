"""`wfdeps get`: the main job. Resolve, plan, download, verify, place, lock."""

from __future__ import annotations

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
)
from wfdeps.cli.output import add_report_options
from wfdeps.cli.reading import read_all
from wfdeps.cli.resolving import resolve_for, with_origins_for
from wfdeps.cli.running import carry, lock_sentence, planned, report_outcomes, show_plan, write_lock
from wfdeps.pipeline.comparing import A_MOMENT, EVERY_BYTE
from wfdeps.pipeline.locking import read_lock
from wfdeps.pipeline.survey import survey

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
    surveyed = survey(
        read_all(arguments, context),
        context.doors.library(),
        context.doors.is_optional,
        read_at_most=A_MOMENT if arguments.dry_run or arguments.no_lock else EVERY_BYTE,
    )
    resolutions = resolve_for(surveyed, context, ask=not (arguments.dry_run or arguments.yes))
    if not (arguments.dry_run or arguments.no_lock):
        resolutions = with_origins_for(resolutions, read_lock(arguments.lock), context)
    plan = planned(surveyed, resolutions, context)
    if arguments.dry_run:
        return show_plan(plan, arguments, context)
    outcomes = carry(plan, context, confirm=not arguments.yes)
    if outcomes is None:
        context.err("nothing was done")
        return UNMET
    code = report_outcomes(plan, outcomes, arguments, context)
    if surveyed.workflows and not arguments.no_lock:
        before = read_lock(arguments.lock)
        lock = write_lock(arguments.lock, surveyed, outcomes, context, keep_others=True)
        context.err(lock_sentence(before, lock, arguments.lock))
    return code
