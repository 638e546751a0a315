"""`wfdeps duplicates`: files that hold the same bytes more than once on disk."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError
from wfdeps.library import LocalLibrary, as_local
from wfdeps.report.sizes import count_text, size_text

EXAMPLE = "wfdeps duplicates --comfyui ~/ComfyUI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/duplicates/1")
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    groups = sorted(
        _groups(library, context), key=lambda group: (-group[1][0].size * (len(group[1]) - 1), group[0])
    )
    wasted = sum(files[0].size * (len(files) - 1) for _, files in groups)
    if arguments.json:
        rows = [
            {"sha256": sha, "size": files[0].size, "paths": [file.path for file in files]}
            for sha, files in groups
        ]
        document = {"schema": "wfdeps/duplicates/1", "wasted": wasted, "groups": rows}
        context.out(json.dumps(document, indent=2, ensure_ascii=False))
        return READY
    for sha256, files in groups:
        context.out(f"{size_text(files[0].size):>10}  sha256:{sha256[:12]}…")
        for file in files:
            context.out(f"{'':>10}  {visible(file.path)}")
    context.err(
        f"{count_text(len(groups), 'file')} here more than once; {size_text(wasted)} could be saved by linking them"
    )
    return READY


def _groups(library: LocalLibrary, context: Context) -> Iterator[tuple[str, list[LocalFile]]]:
    """(SHA-256, files) of each content with two or more places; only files of equal size are read."""
    by_size: dict[int, list[LocalFile]] = {}
    for file in library.files():
        if file.size and not file.trouble:
            by_size.setdefault(file.size, []).append(file)
    for files in by_size.values():
        apart = list(_apart(files))
        if len(apart) < 2:
            continue
        by_hash: dict[str, list[LocalFile]] = {}
        for read in library.digests_of_all(apart, (Algorithm.SHA256,)):
            if isinstance(read, LibraryError):
                context.err(f"warning: {read.message}")
            elif digest := find_digest(read.digests, Algorithm.SHA256):
                by_hash.setdefault(digest.value, []).append(read)
        yield from ((sha256, same) for sha256, same in by_hash.items() if len(same) > 1)


def _apart(files: Iterable[LocalFile]) -> Iterator[LocalFile]:
    """One file of each place on disk: hard links and symbolic links to the same bytes cost nothing."""
    seen: set[tuple[int, int]] = set()
    for file in files:
        found = os.stat(file.path)
        place = found.st_dev, found.st_ino
        if place not in seen:
            seen.add(place)
            yield file
