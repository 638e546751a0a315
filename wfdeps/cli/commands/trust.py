"""`wfdeps trust`: take what a project's own config file says, once it was seen; take it no longer; list those taken."""

from __future__ import annotations

import argparse
import json

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.trust import revoke_trust, trust_project, trusted_files

EXAMPLE = "wfdeps trust ~/projects/portraits"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", help="the project's folder (default: here)"
    )
    parser.add_argument("--revoke", action="store_true", help="trust its file no longer")
    parser.add_argument("--list", action="store_true", help="show which files are trusted")


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.list and arguments.revoke:
        raise UsageError("--list and --revoke cannot be used together")
    if arguments.list:
        for path in trusted_files(context.settings):
            context.out(visible(path))
        return READY
    if arguments.revoke:
        was = revoke_trust(arguments.folder, context.settings)
        context.err("trusted no longer" if was else "it was not trusted")
        return READY if was else UNMET
    done = trust_project(arguments.folder, context.settings)
    context.out(visible(done.path))
    for entry in done.asked:
        value = json.dumps(entry.value, ensure_ascii=False, default=str)
        context.out(visible(f"  [{entry.table}] {entry.word} = {value}"))
    for entry in done.never:
        context.err(f"{entry} is not taken: only your own config file may say it")
    if not done.asked:
        context.err("it says nothing that needs trust")
    else:
        context.err(
            "it was trusted before"
            if done.was_trusted
            else "trusted until it changes; --revoke takes it back"
        )
    return READY
