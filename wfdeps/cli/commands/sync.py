"""`wfdeps sync`: make the model folders match a lock."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.cli.output import add_report_options, report_wishes
from wfdeps.cli.plan_output import show_done, show_plan
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.errors import LockError
from wfdeps.jobs.get import carry
from wfdeps.jobs.sync import lock_at, plan_sync, what_is_stale

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
    lock, wishes = lock_at(arguments.lock), report_wishes(arguments)
    stale = () if arguments.frozen else what_is_stale(lock, arguments.lock)
    if stale and arguments.locked:
        raise LockError(f"the lock is stale: {', '.join(stale)}", hint="write it anew with `wfdeps lock`")
    for clause in stale:
        context.err(f"warning: {clause}")
    planned = plan_sync(lock, arguments.lock, context.doors)
    if arguments.dry_run:
        return show_plan(planned, wishes, context)
    with stopping_on_signals():
        done = carry(planned, context.doors, context.reporter, place=wishes.place)
    show_done(done, wishes, context)
    return done.report.exit_code
