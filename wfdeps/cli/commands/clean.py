"""`wfdeps clean`: what downloads that failed or were stopped left behind, listed, and removed on request."""

from __future__ import annotations

import argparse
import os

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options
from wfdeps.domain.visible import visible
from wfdeps.fetch.staging import Leftover, leftovers_in, remove_leftover
from wfdeps.report.sizes import count_text, size_text

EXAMPLE = "wfdeps clean --comfyui ~/ComfyUI --apply"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="*",
        metavar="DIR",
        help="folders that were downloaded to (default: the model folders)",
    )
    parser.add_argument(
        "--parts",
        action="store_true",
        help="half-done downloads too: they could be resumed (default: only wrong bytes that were set aside)",
    )
    parser.add_argument(
        "--apply", action="store_true", help="really remove (default: say what would be removed)"
    )
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    folders = arguments.folders or _own_folders(context)
    there = [
        one
        for folder in sorted({os.path.abspath(folder) for folder in folders})
        for one in leftovers_in(folder)
    ]
    found = [one for one in there if one.is_bad or arguments.parts]
    for one in found:
        context.out(visible(f"{size_text(one.size):>10}  {one.path}  {one.what}"))
    gone = [one for one in found if arguments.apply and remove_leftover(one)]
    context.err(_sentence(found, gone, apply=arguments.apply))
    if kept := [one for one in there if one not in found]:
        size = size_text(sum(one.size for one in kept))
        context.err(
            f"{count_text(len(kept), 'half-done file')}, {size}, that a rerun resumes; --parts names them too"
        )
    return READY


def _own_folders(context: Context) -> list[str]:
    """Where this person's downloads leave something: the model folders, and the store."""
    store = context.settings.store
    return [*(folder.path for folder in context.doors.library().folders()), *([store] if store else [])]


def _sentence(found: list[Leftover], gone: list[Leftover], *, apply: bool) -> str:
    if not apply:
        end = "; --apply removes them" if found else ""
        return f"{count_text(len(found), 'file')}, {size_text(sum(one.size for one in found))}{end}"
    busy = len(found) - len(gone)
    more = f"; {count_text(busy, 'file')} in use by a download, left alone" if busy else ""
    return f"{count_text(len(gone), 'file')}, {size_text(sum(one.size for one in gone))} removed{more}"
