"""`wfdeps verify`: whether the files of the library still are what they were."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options
from wfdeps.domain.listings import FileVerdict, Verified
from wfdeps.domain.visible import visible
from wfdeps.jobs.verify import verify
from wfdeps.report.listings_json import render_verified
from wfdeps.report.wording import count_text, size_text

EXAMPLE = "wfdeps verify --deep --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep", action="store_true", help="read every file whole and compare with the hashes beside it"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/verify/1")
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    rows = verify(context.doors, deep=arguments.deep)
    bad = [row for row in rows if row.verdict is FileVerdict.BAD]
    if arguments.json:
        context.out(render_verified(rows))
    else:
        for row in bad:
            context.out(visible(f"{row.file.path}: {row.reason}"))
        context.err(_summary(rows))
    return UNMET if bad else READY


def _summary(rows: Sequence[Verified]) -> str:
    count = Counter(row.verdict for row in rows)
    size = size_text(sum(row.file.size for row in rows))
    return (
        f"{count_text(len(rows), 'file')} ({size}): {count[FileVerdict.PROVEN]} proven by a hash, "
        f"{count[FileVerdict.SOUND]} sound, {count[FileVerdict.BAD]} bad"
    )
