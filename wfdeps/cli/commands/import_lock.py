"""`wfdeps import`: another tool's file as a lock."""

from __future__ import annotations

import argparse
import os

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.errors import LockError
from wfdeps.exports.registry import READERS, WFDEPS_LOCK
from wfdeps.jobs.import_lock import import_file
from wfdeps.lock.document import to_text
from wfdeps.pipeline.locking import keep_lock
from wfdeps.report.wording import count_text

EXAMPLE = "wfdeps import Dockerfile -o wfdeps.lock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="the other tool's file; it is read as text, nothing in it is run"
    )
    parser.add_argument(
        "-o",
        "--output",
        dest="lock",
        metavar="FILE",
        default="wfdeps.lock",
        help="default: wfdeps.lock; - for stdout",
    )
    parser.add_argument(
        "--from",
        dest="form",
        metavar="FORMAT",
        help=f"{', '.join((*READERS, WFDEPS_LOCK))} (default: told by the file)",
    )
    parser.add_argument(
        "--partial", action="store_true", help="exit with 0 though not everything could be taken"
    )
    parser.add_argument("--force", action="store_true", help="replace a lock that is there")


def run(arguments: argparse.Namespace, context: Context) -> int:
    path: str = arguments.lock
    if path != "-" and os.path.lexists(path) and not arguments.force:
        raise LockError(f"`{path}` is there", hint="--force replaces a lock; -o names another file")
    imported = import_file(arguments.file, arguments.form)
    lock = imported.lock
    if path == "-":
        context.out(to_text(lock))
    else:
        keep_lock(path, lock)
        context.err(f"locked {count_text(len(lock.entries), 'file')} in {path}")
    for one in imported.left_out:
        context.err(f"not taken: {one.what}: {one.reason}")
    unknown = sum(1 for entry in lock.entries if entry.sha256 is None)
    if unknown:
        context.err(
            f"note: the SHA-256 of {unknown} is unknown; `wfdeps sync` takes the bytes that their URLs give"
        )
    if lock.unresolved:
        context.err(f"note: {count_text(len(lock.unresolved), 'file')} without a URL left open")
    return UNMET if imported.left_out and not arguments.partial else READY
