"""`wfdeps lock`: resolve every file, download none, write the lock."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import (
    add_library_options,
    add_policy_option,
    add_reading_options,
    add_resolving_options,
    add_workflows,
)
from wfdeps.cli.output import add_report_options
from wfdeps.cli.reading import read_all
from wfdeps.cli.resolving import resolve_for, with_origins_for
from wfdeps.cli.running import planned, show_plan, write_lock
from wfdeps.pipeline.comparing import EVERY_BYTE
from wfdeps.pipeline.locking import read_lock
from wfdeps.pipeline.survey import survey
from wfdeps.report.sizes import count_text

EXAMPLE = "wfdeps lock workflows/ -o wfdeps.lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument(
        "-o", "--output", dest="lock", metavar="FILE", default="wfdeps.lock", help="default: wfdeps.lock"
    )
    add_policy_option(parser)
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)
    add_report_options(parser, with_output=False)


def run(arguments: argparse.Namespace, context: Context) -> int:
    doors = context.doors
    surveyed = survey(
        read_all(arguments, context), doors.library_or_new(), doors.is_optional, read_at_most=EVERY_BYTE
    )
    resolutions = resolve_for(surveyed, context, ask=True)
    resolutions = with_origins_for(resolutions, read_lock(arguments.lock), context)
    plan = planned(surveyed, resolutions, context)
    code = show_plan(plan, arguments, context)
    if not surveyed.workflows:
        return code
    lock = write_lock(arguments.lock, surveyed, plan.plan.steps, context, keep_others=False)
    context.err(f"locked {count_text(len(lock.entries), 'file')} in {arguments.lock}")
    unknown = sum(1 for entry in lock.entries if entry.sha256 is None)
    if unknown:
        context.err(
            f"note: no source told the SHA-256 of {unknown}; `wfdeps get` writes it once they are fetched"
        )
    return READY if code == UNMET and not lock.unresolved else code
