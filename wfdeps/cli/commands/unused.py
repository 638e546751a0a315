"""`wfdeps unused`: files of the library that none of these workflows names."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options, add_reading_options, add_workflows, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.visible import visible
from wfdeps.jobs.library_files import size_on_disk, unused_files
from wfdeps.report.listings_json import render_unused
from wfdeps.report.wording import count_text, size_text

EXAMPLE = "wfdeps unused ~/workflows --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument("--model-type", metavar="TYPE", help="only this folder: checkpoints, loras, LORA …")
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/unused/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    unused = unused_files(
        context.doors, read_all(workflow_files(arguments), context), folder=arguments.model_type
    )
    if arguments.json:
        context.out(render_unused(unused.files))
        return READY
    for file in unused.files:
        context.out(f"{size_text(file.size):>10}  {visible(file.path)}")
    total = size_text(size_on_disk(unused.files))
    count = len(unused.files)
    context.err(f"{count} of {count_text(count + unused.used, 'file')} unused, {total}; nothing was removed")
    return READY
