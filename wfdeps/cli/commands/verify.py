"""`wfdeps verify`: whether the files of the library still are what they were."""

from __future__ import annotations

import argparse
import json

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options
from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.files import LocalFile
from wfdeps.errors import LibraryError
from wfdeps.library import LocalLibrary, as_local
from wfdeps.library.health import trouble_of
from wfdeps.library.sidecars import claimed_digests
from wfdeps.report.sizes import size_text

EXAMPLE = "wfdeps verify --deep --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep", action="store_true", help="read every file whole and compare with the hashes beside it"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/verify/1")
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    rows = [(file, *_verdict(file, library, deep=arguments.deep)) for file in library.files()]
    bad = [row for row in rows if row[1] == "bad"]
    if arguments.json:
        files = [
            {"path": file.path, "size": file.size, "verdict": word, "detail": why} for file, word, why in rows
        ]
        context.out(json.dumps({"schema": "wfdeps/verify/1", "files": files}, indent=2, ensure_ascii=False))
        return UNMET if bad else READY
    for file, _, why in bad:
        context.out(f"{file.path}: {why}")
    proven = sum(1 for row in rows if row[1] == "proven")
    read = size_text(sum(file.size for file, _, _ in rows))
    context.err(
        f"{len(rows)} files ({read}): {proven} proven by a hash, {len(rows) - proven - len(bad)} sound, {len(bad)} bad"
    )
    return UNMET if bad else READY


def _verdict(file: LocalFile, library: LocalLibrary, *, deep: bool) -> tuple[str, str]:
    """`proven`, `sound` or `bad`, and why."""
    if trouble := file.trouble or trouble_of(file.path, file.size):
        return "bad", trouble
    try:
        read = library.digests(file, (Algorithm.SHA256, Algorithm.AUTOV3), afresh=True) if deep else file
    except LibraryError as error:
        return "bad", error.message
    claimed = claimed_digests(file.path)
    same = agreement(claimed, read.digests)
    if same is False:
        wanted = next(
            digest for digest in claimed if any(digest.agrees(own) is False for own in read.digests)
        )
        return "bad", f"its sidecar says {wanted}, the file is {read.digests[0]}"
    if deep and agreement(file.digests, read.digests) is False:
        return "bad", f"was {file.digests[0]}, is {read.digests[0]}: its bytes changed, its times did not"
    return ("proven", "") if same else ("sound", "no hash to compare with" if deep else "")
