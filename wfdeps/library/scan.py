"""Walks the model folders as ComfyUI does, and looks again only into directories that changed.

ComfyUI walks with `os.walk(followlinks=True)` and skips `.git` alone; links in a circle it follows until the system
refuses. We stop at a link to an ancestor and remember where it leads, so that such names are still known.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from wfdeps.errors import LibraryError, os_error_words
from wfdeps.library.index import Index, KnownDirectory, Listing, stamp_of
from wfdeps.library.inventory import is_text

SKIPPED = frozenset({".git"})
DEEPEST = 60
"""Folders below a root; real trees have five, links that cross each other have no end."""

MOST_WALKED = 20_000

Identity = tuple[int, int]


def refresh(index: Index, tops: Iterable[str], clock: Callable[[], int] = time.time_ns) -> None:
    """The index knows every directory below these tops as it is now.

    Raises LibraryError where a top cannot be read at all; one that does not exist is simply empty.
    """
    for top in outermost(tops):
        _refresh_top(index, top, clock)


def walked(top: str) -> Iterator[tuple[str, str]]:
    """(directory, name) of every file below `top` as ComfyUI meets them: through a link in a circle again and again.

    Ends when the system refuses such a path, as ComfyUI does, or after MOST_WALKED directories, where it would go on.
    """
    for folder, below, files in islice(os.walk(top, followlinks=True), MOST_WALKED):
        below[:] = [name for name in below if name not in SKIPPED]
        yield from ((folder, name) for name in files if is_text(name))


def outermost(tops: Iterable[str]) -> tuple[str, ...]:
    """The folders that lie below no other of them, sorted. What `.git` would hide stays a top of its own."""
    kept: list[str] = []
    for top in sorted(set(tops), key=lambda path: (path.count(os.sep), path)):
        if not any(_is_walked_from(top, other) for other in kept):
            kept.append(top)
    return tuple(sorted(kept))


def _is_walked_from(path: str, top: str) -> bool:
    inside = path.startswith(top.rstrip(os.sep) + os.sep)
    return inside and SKIPPED.isdisjoint(path[len(top) :].split(os.sep))


def _refresh_top(index: Index, top: str, clock: Callable[[], int]) -> None:
    known = index.directories(top)
    if top not in known:
        index.update(_walk(top, (), clock), ())
        return
    read: list[Listing] = []
    gone: list[str] = []
    for path, directory in known.items():
        found = _stat(path)
        if found is None:
            gone.append(path)
        elif stamp_of(found) != directory.stamp or not directory.is_settled:
            read.extend(_again(path, top, known, gone, clock))
    index.update((listing for listing in read if not _is_at_or_below(listing.path, gone)), gone)


def _again(
    path: str, top: str, known: dict[str, KnownDirectory], gone: list[str], clock: Callable[[], int]
) -> Iterator[Listing]:
    """One directory read anew, with everything below its new subfolders; vanished ones are added to `gone`."""
    ancestry = _ancestry(path, top)
    listing, below = _read(path, ancestry, clock)
    if listing is None:
        gone.append(path)
        return
    yield listing
    prefix = path + os.sep
    now = set(below)
    gone.extend(
        other
        for other in known
        if other.startswith(prefix) and os.sep not in other[len(prefix) :] and other not in now
    )
    for folder in below:
        if folder not in known:
            yield from _walk(folder, ancestry, clock)


def _walk(start: str, ancestry: tuple[Identity, ...], clock: Callable[[], int]) -> Iterator[Listing]:
    """Every directory at and below `start`; `ancestry` are the identities of those above it."""
    waiting = [(start, ancestry)]
    while waiting:
        path, above = waiting.pop()
        listing, below = _read(path, above, clock)
        if listing is None:
            continue
        yield listing
        if below and len(above) < DEEPEST:
            found = _stat(path)
            here = above if found is None else (*above, (found.st_dev, found.st_ino))
            waiting.extend((folder, here) for folder in below)


def _read(
    path: str, above: tuple[Identity, ...], clock: Callable[[], int]
) -> tuple[Listing | None, list[str]]:
    """One directory and the folders in it; None where it is gone or closed to us."""
    found = _stat(path)
    if found is None:
        return None, []
    known = clock()
    if found.st_ino and (found.st_dev, found.st_ino) in above:
        return Listing(path, stamp_of(found), known, (), os.path.realpath(path)), []
    files: list[str] = []
    below: list[str] = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if not is_text(entry.name):  # in no encoding: no workflow can say it
                    continue
                if not _is_folder(entry):
                    files.append(entry.name)
                elif entry.name not in SKIPPED:
                    below.append(entry.path)
    except FileNotFoundError:
        return None, []
    except OSError as error:
        if not above:
            raise LibraryError(f"`{path}` cannot be read: {os_error_words(error)}") from error
    return Listing(path, stamp_of(found), known, tuple(files)), below


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """As `os.walk` judges: a link in a circle or into a closed folder is a file."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _ancestry(path: str, top: str) -> tuple[Identity, ...]:
    """The identities of every directory from the top down to the parent of `path`."""
    above: list[Identity] = []
    while path != top and len(path) > len(top):
        path = os.path.dirname(path)
        found = _stat(path)
        if found is not None:
            above.append((found.st_dev, found.st_ino))
    return tuple(reversed(above))


def _stat(path: str) -> os.stat_result | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found if (found.st_mode & 0o170000) == 0o040000 else None


def _is_at_or_below(path: str, tops: list[str]) -> bool:
    return any(path == top or path.startswith(top + os.sep) for top in tops)
