"""`wfdeps clean`: what downloads that failed or were stopped left behind, listed, and removed on request."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options
from wfdeps.domain.visible import visible
from wfdeps.fetch.staging import Leftover
from wfdeps.jobs.clean import find_leftovers, remove_leftovers
from wfdeps.report.wording import count_text, size_text

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
    leftovers = find_leftovers(context.doors, arguments.folders, parts=arguments.parts)
    for leftover in leftovers.removable:
        context.out(visible(f"{size_text(leftover.size):>10}  {leftover.path}  {leftover.what}"))
    gone = remove_leftovers(leftovers.removable) if arguments.apply else None
    context.err(_sentence(leftovers.removable, gone))
    if kept := leftovers.resumable:
        context.err(
            f"{count_text(len(kept), 'half-done file')}, {_size(kept)}, that a rerun resumes; --parts names them too"
        )
    return READY


def _sentence(found: Sequence[Leftover], gone: Sequence[Leftover] | None) -> str:
    """`gone`: what was removed; None where nothing was to be."""
    if gone is None:
        end = "; --apply removes them" if found else ""
        return f"{count_text(len(found), 'file')}, {_size(found)}{end}"
    busy = len(found) - len(gone)
    more = f"; {count_text(busy, 'file')} in use by a download, left alone" if busy else ""
    return f"{count_text(len(gone), 'file')}, {_size(gone)} removed{more}"


def _size(leftovers: Sequence[Leftover]) -> str:
    return size_text(sum(leftover.size for leftover in leftovers))
