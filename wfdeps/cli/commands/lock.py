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
    workflow_files,
)
from wfdeps.cli.output import add_report_options, report_wishes
from wfdeps.cli.plan_output import show_plan
from wfdeps.cli.prompts import chooser_for
from wfdeps.cli.reading import read_all
from wfdeps.jobs.lock import plan_lock, write_planned_lock
from wfdeps.report.wording import count_text

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
    path: str = arguments.lock
    wishes, chooser = report_wishes(arguments), chooser_for(context, ask=True)
    readings = read_all(workflow_files(arguments), context)
    planned = plan_lock(readings, context.doors, chooser=chooser, reporter=context.reporter, path=path)
    code = show_plan(planned, wishes, context)
    lock = write_planned_lock(planned, path, context.doors)
    if lock is None:
        return code
    context.err(f"locked {count_text(len(lock.entries), 'file')} in {path}")
    unknown = sum(1 for entry in lock.entries if entry.sha256 is None)
    if unknown:
        context.err(
            f"note: no source told the SHA-256 of {unknown}; `wfdeps get` writes it once they are fetched"
        )
    return READY if code == UNMET and not lock.unresolved else code
