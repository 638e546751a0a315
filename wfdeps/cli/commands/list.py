"""`wfdeps list`: the library, with what each file is, where it came from and which workflows use it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.listings import ListedFile
from wfdeps.domain.visible import visible
from wfdeps.jobs.library_files import list_files, size_on_disk
from wfdeps.report.listings_json import render_library
from wfdeps.report.wording import count_text, size_text

EXAMPLE = "wfdeps list --model-type loras --workflows ~/workflows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model-type",
        metavar="TYPE",
        help="a folder key or a model type: checkpoints, loras, vae, lora, upscaler …",
    )
    parser.add_argument(
        "--workflows", nargs="+", default=[], metavar="WORKFLOW", help="also say which of these use each file"
    )
    parser.add_argument(
        "--no-headers", action="store_true", help="do not look into the files, only at their names"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/library/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    files = list_files(
        context.doors,
        read_all(workflow_files(arguments), context) if arguments.workflows else (),
        model_type=arguments.model_type,
        with_headers=not arguments.no_headers,
    )
    if arguments.json:
        context.out(render_library(files))
    else:
        context.out(_text(files))
    return UNMET if any(listed.file.trouble for listed in files) else READY


def _text(files: Sequence[ListedFile]) -> str:
    total = size_text(size_on_disk(listed.file for listed in files))
    return "\n".join([*map(_line, files), f"{count_text(len(files), 'file')}, {total}"])


def _line(listed: ListedFile) -> str:
    file, identity = listed.file, listed.identity
    families = "|".join(identity.architectures) if identity else ""
    words = [size_text(file.size), f"{file.folder_key}/{file.name}"]
    words += [str(identity.model_type) if identity else ""]
    words += [str(listed.sidecar.get("base_model") or families), listed.origin]
    if file.trouble:
        words.append(f"[{file.trouble}]")
    if listed.users:
        words.append("used by " + ", ".join(listed.users))
    return visible("  ".join(_kept(words)))


def _kept(words: Iterable[str]) -> list[str]:
    first, *rest = words
    return [f"{first:>10}", *(word for word in rest if word)]
