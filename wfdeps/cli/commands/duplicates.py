"""`wfdeps duplicates`: files that hold the same bytes more than once on disk."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options
from wfdeps.domain.visible import visible
from wfdeps.jobs.library_files import find_duplicates
from wfdeps.report.listings_json import render_duplicates
from wfdeps.report.wording import count_text, size_text

EXAMPLE = "wfdeps duplicates --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/duplicates/1")
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    duplicates = find_duplicates(context.doors)
    for reason in duplicates.unread:
        context.err(f"warning: {reason}")
    if arguments.json:
        context.out(render_duplicates(duplicates))
        return READY
    for group in duplicates.groups:
        context.out(f"{size_text(group.files[0].size):>10}  sha256:{group.sha256[:12]}…")
        for file in group.files:
            context.out(f"{'':>10}  {visible(file.path)}")
    count = count_text(len(duplicates.groups), "file")
    context.err(f"{count} here more than once; {size_text(duplicates.wasted)} could be saved by linking them")
    return READY
