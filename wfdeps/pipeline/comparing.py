"""Files that a workflow tells the hash of: read before anything is said of them, where that costs but a moment.

A file of the right name may hold other bytes, and one of another name the right ones; only reading tells. What is read
is remembered, so the second look costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.findings import Finding, RefState
from wfdeps.errors import LibraryError
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.domain.files import LocalFile
    from wfdeps.ports import Library

A_MOMENT = 512 << 20
"""Bytes that are read without being asked for: about a second's worth."""
EVERY_BYTE = 1 << 62
"""For those who read the files for a lock anyway."""
_COMPARABLE = frozenset({Algorithm.SHA256, Algorithm.AUTOV2})
_FOUND_BY_NAME = frozenset({RefState.PRESENT, RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER})


def read_for_hashes(
    findings: Iterable[Finding], library: Library, *, at_most: int = A_MOMENT
) -> tuple[LocalFile, ...]:
    """The files whose hashes these findings hang on, with those hashes.

    Files that have the name are read while they fit into `at_most` bytes, the smallest first. Where a name is missing,
    the unread files of its folders are read if all of them together cost no more than a moment.
    """
    by_hash = [finding for finding in findings if _names_a_hash(finding)]
    unread = {file.path: file for finding in by_hash for file in _uncompared(finding)}
    chosen = list(_fitting(unread.values(), at_most))
    keys = {key for finding in by_hash if finding.state is RefState.MISSING for key in finding.ref.folders}
    chosen += library.unread(keys, A_MOMENT) if keys else ()
    return tuple(_read(chosen, library))


def with_uncompared_noted(finding: Finding) -> Finding:
    """The finding; of a file that has the name, its detail says where its bytes were not compared."""
    if finding.state is not RefState.PRESENT or finding.detail or not _names_a_hash(finding):
        return finding
    if not any(_uncompared(finding)):
        return finding
    wanted = next(digest for digest in finding.ref.digests if digest.algorithm in _COMPARABLE)
    return replace(finding, detail=f"not yet compared with {wanted}: `wfdeps verify` reads it")


def _names_a_hash(finding: Finding) -> bool:
    return any(digest.algorithm in _COMPARABLE for digest in finding.ref.digests)


def _uncompared(finding: Finding) -> Iterator[LocalFile]:
    """The files that have the name, and whose bytes nobody has compared with the hash."""
    return (
        file
        for file in finding.files
        if finding.state in _FOUND_BY_NAME
        and not (file.trouble or file.is_directory)
        and agreement(finding.ref.digests, file.digests) is None
    )


def _read(files: Iterable[LocalFile], library: Library) -> Iterator[LocalFile]:
    for file in files:
        with suppress(LibraryError):  # gone meanwhile, or not for us to read
            yield library.digest(file)


def _fitting(files: Iterable[LocalFile], at_most: int) -> Iterator[LocalFile]:
    for file in sorted(files, key=lambda file: (file.size, file.path)):
        at_most -= file.size
        if at_most < 0:
            return
        yield file
