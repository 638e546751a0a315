"""`wfdeps unused`: files of the library that none of these workflows names."""

from __future__ import annotations

import argparse
import json

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options, add_reading_options, add_workflows, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.visible import visible
from wfdeps.jobs.users import users_of_files
from wfdeps.library import as_local
from wfdeps.report.sizes import count_text, size_text

EXAMPLE = "wfdeps unused ~/workflows --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument("--model-type", metavar="KEY", help="only this folder: checkpoints, loras …")
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/unused/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    used = users_of_files(read_all(workflow_files(arguments), context), library)
    wanted = canonical_key(arguments.model_type) if arguments.model_type else None
    idle = [file for file in library.files() if file.path not in used and wanted in (None, file.folder_key)]
    idle.sort(key=lambda file: (-file.size, file.path))
    if arguments.json:
        rows = [
            {"folder": file.folder_key, "name": file.name, "path": file.path, "size": file.size}
            for file in idle
        ]
        context.out(json.dumps({"schema": "wfdeps/unused/1", "files": rows}, indent=2, ensure_ascii=False))
        return READY
    for file in idle:
        context.out(f"{size_text(file.size):>10}  {visible(file.path)}")
    total = size_text(sum(file.size for file in idle))
    context.err(
        f"{len(idle)} of {count_text(len(idle) + len(used), 'file')} unused, {total}; nothing was removed"
    )
    return READY
