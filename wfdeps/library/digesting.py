"""Digests of the library's files: read once, remembered while the file stays what it was, several read at a time."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from wfdeps.disk.hashing import AUTOV1_SMALLEST, hash_file
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.errors import LibraryError, os_error_words
from wfdeps.library.index import Index, stamp_of
from wfdeps.library.inventory import digests_among
from wfdeps.values import replace

MOST_READERS = 8
"""Hashing lets other threads run; beyond the cores, and beyond this, a disk only seeks more."""
_TRIES = 3


class _Reading(NamedTuple):
    """One file that must be read, and what it was when that was decided."""

    file: LocalFile
    before: os.stat_result
    known: tuple[Digest, ...]
    missing: tuple[Algorithm, ...]


def digests_of(
    file: LocalFile, algorithms: tuple[Algorithm, ...], index: Index, *, afresh: bool = False
) -> LocalFile:
    """The file with all these digests; `afresh` reads it whatever is remembered. Raises LibraryError."""
    for _ in range(_TRIES):
        reading = _needed(file, algorithms, index, afresh)
        if not reading.missing:
            return replace(file, digests=reading.known, size=reading.before.st_size)
        done = _settled(reading, hash_file(file.path, reading.missing), index)
        if done is not None:
            return done
    raise LibraryError(f"`{file.path}` changes while it is read", hint="wait until its writer is done")


def digests_of_all(
    files: Iterable[LocalFile], algorithms: tuple[Algorithm, ...], index: Index, *, afresh: bool = False
) -> Iterator[LocalFile | LibraryError]:
    """Each file as `digests_of` gives it, in their order, or why it could not be read; nothing is raised for one.

    Closing the iterator stops after the files that are being read.
    """
    workers = min(os.cpu_count() or 1, MOST_READERS)
    waiting: deque[tuple[LocalFile, _Reading, Future[tuple[Digest, ...]]] | LibraryError] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for file in files:
            try:
                reading = _needed(file, algorithms, index, afresh)
                waiting.append((file, reading, pool.submit(hash_file, file.path, reading.missing)))
            except LibraryError as error:
                waiting.append(error)
            if len(waiting) > 2 * workers:
                yield _result(waiting.popleft(), algorithms, index)
        while waiting:
            yield _result(waiting.popleft(), algorithms, index)
    finally:
        pool.shutdown(cancel_futures=True)


def _result(
    item: tuple[LocalFile, _Reading, Future[tuple[Digest, ...]]] | LibraryError,
    algorithms: tuple[Algorithm, ...],
    index: Index,
) -> LocalFile | LibraryError:
    if isinstance(item, LibraryError):
        return item
    file, reading, future = item
    try:
        return _settled(reading, future.result(), index) or digests_of(file, algorithms, index, afresh=True)
    except LibraryError as error:
        return error


def _needed(file: LocalFile, algorithms: tuple[Algorithm, ...], index: Index, afresh: bool) -> _Reading:
    before = _stat(file.path)
    known = () if afresh else digests_among(index.facts(file.path, before))
    missing = tuple(
        algorithm
        for algorithm in algorithms
        if find_digest(known, algorithm) is None
        and (algorithm is not Algorithm.AUTOV1 or before.st_size >= AUTOV1_SMALLEST)
    )
    return _Reading(file, before, known, missing)


def _settled(reading: _Reading, found: tuple[Digest, ...], index: Index) -> LocalFile | None:
    """The file with its digests, which are now remembered; None where it changed while it was read.

    Who only gives it another name meanwhile, or takes one away, as processes do that share a folder, changes no byte:
    the digests hold, and are not remembered.
    """
    file, before, known, _ = reading
    after = _stat(file.path)
    if _bytes_of(after) != _bytes_of(before):
        return None
    if found and stamp_of(after) == stamp_of(before):
        index.remember(file.path, before, {str(digest.algorithm): digest.value for digest in found})
    merged = {digest.algorithm: digest for digest in (*known, *found)}
    digests = tuple(sorted(merged.values(), key=lambda digest: digest.strength))
    return replace(file, digests=digests, size=before.st_size)


def _bytes_of(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_size, found.st_mtime_ns, found.st_ino


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise LibraryError(f"cannot read `{path}`: {os_error_words(error)}") from error
