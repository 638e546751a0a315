"""`wfdeps rollback`: the version before, under the same name: from the store, else from where it came from."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_download_options, add_library_options
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.visible import visible
from wfdeps.jobs.versions import find_known, roll_back
from wfdeps.library import as_local

EXAMPLE = "wfdeps rollback loras/paperLantern.safetensors --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="files of the library: `loras/x.safetensors`, or just `x`"
    )
    add_library_options(parser)
    add_download_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    with stopping_on_signals():
        for known in [find_known(name, library) for name in arguments.names]:
            version, origin = roll_back(known, context.doors, context.reporter)
            context.out(visible(f"{known.label}: {known.version} → {version}, {origin}"))
    return READY
