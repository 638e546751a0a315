"""`wfdeps verify`: whether the files of the library still are what they were."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options
from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.files import LocalFile
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError
from wfdeps.library import LocalLibrary, as_local
from wfdeps.library.sidecars import claimed_digests
from wfdeps.report.sizes import count_text, size_text

EXAMPLE = "wfdeps verify --deep --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--deep", action="store_true", help="read every file whole and compare with the hashes beside it"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/verify/1")
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    rows = list(_verdicts(library, deep=arguments.deep))
    bad = [row for row in rows if row[1] == "bad"]
    if arguments.json:
        files = [
            {"path": file.path, "size": file.size, "verdict": word, "detail": why} for file, word, why in rows
        ]
        context.out(json.dumps({"schema": "wfdeps/verify/1", "files": files}, indent=2, ensure_ascii=False))
        return UNMET if bad else READY
    for file, _, why in bad:
        context.out(visible(f"{file.path}: {why}"))
    proven = sum(1 for row in rows if row[1] == "proven")
    read = size_text(sum(file.size for file, _, _ in rows))
    context.err(
        f"{count_text(len(rows), 'file')} ({read}): {proven} proven by a hash, {len(rows) - proven - len(bad)} sound, {len(bad)} bad"
    )
    return UNMET if bad else READY


Row = tuple[LocalFile, str, str]


def _verdicts(library: LocalLibrary, *, deep: bool) -> Iterator[Row]:
    """(file, `proven`, `sound` or `bad`, why) for every file."""
    files = [(file, file.trouble) for file in library.files()]
    yield from ((file, "bad", trouble) for file, trouble in files if trouble)
    sound = [file for file, trouble in files if not trouble]
    if not deep:
        yield from (_compared(file, file, deep=False) for file in sound)
        return
    # AutoV3 is a second hash over nearly the whole file: only where nothing else could prove it.
    by_tensors = [file for file in sound if _is_known_by_tensors(file)]
    others = [file for file in sound if file not in by_tensors]
    for some, algorithms in (
        (others, (Algorithm.SHA256,)),
        (by_tensors, (Algorithm.SHA256, Algorithm.AUTOV3)),
    ):
        read = library.digests_of_all(some, algorithms, afresh=True)
        for before, after in zip(some, read, strict=True):
            if isinstance(after, LibraryError):
                yield before, "bad", after.message
            else:
                yield _compared(before, after, deep=True)


def _is_known_by_tensors(file: LocalFile) -> bool:
    """Whether AutoV3 is all that a sidecar claims, or that was remembered, of what SHA-256 could be compared with."""
    known = {digest.algorithm for digest in (*claimed_digests(file.path), *file.digests)}
    return Algorithm.AUTOV3 in known and known.isdisjoint((Algorithm.SHA256, Algorithm.AUTOV2))


def _compared(before: LocalFile, after: LocalFile, *, deep: bool) -> Row:
    """What the sidecars claim, and what was remembered, against what is known now."""
    claimed = claimed_digests(after.path)
    same = agreement(claimed, after.digests)
    if same is False:
        wanted = next(
            digest for digest in claimed if any(digest.agrees(own) is False for own in after.digests)
        )
        return after, "bad", f"its sidecar says {wanted}, the file is {after.digests[0]}"
    if deep and agreement(before.digests, after.digests) is False:
        why = f"was {before.digests[0]}, is {after.digests[0]}: its bytes changed, its times did not"
        return after, "bad", why
    return after, "proven" if same else "sound", "" if same or not deep else "no hash to compare with"
