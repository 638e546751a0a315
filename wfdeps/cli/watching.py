"""`--watch`: a command run again whenever its workflows, or the model folders, change. Polls; needs nothing installed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import exit_code_of
from wfdeps.errors import UsageError, WfdepsError

PAUSE = 0.5
"""Seconds between two looks."""
_NAMED = 3

Stamps = dict[str, tuple[int, int]]


def watch(once: Callable[[Context], int], workflows: Sequence[str], context: Context) -> int:
    """Run it now and after every change, each time with fresh doors, until it is interrupted or nobody reads it."""
    if "-" in workflows:
        raise UsageError("standard input cannot be watched", hint="name a file or a folder")
    while True:
        folders: tuple[str, ...] = ()
        before = _stamps(workflows, folders)
        with context.afresh() as round_:
            try:
                folders = tuple(folder.path for folder in round_.doors.library().folders())
                before |= _stamps((), folders)
                code = once(round_)
            except WfdepsError as error:
                code = exit_code_of(error)
                round_.err(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))
        context.stdout.flush()
        if not context.is_read:
            return code
        changed = _wait(before, lambda: _stamps(workflows, folders))  # noqa: B023
        context.err(f"── changed: {_shown(changed)}")


def _wait(before: Stamps, look: Callable[[], Stamps]) -> list[str]:
    """What is not as it was before the run, once something is not: a change during the run counts too."""
    while True:
        now = look()
        if found := sorted(path for path in {*before, *now} if before.get(path) != now.get(path)):
            return found
        time.sleep(PAUSE)


def _stamps(workflows: Iterable[str], folders: Iterable[str]) -> Stamps:
    """Files that may hold workflows by time and size; of the model folders, the directories: placing a file touches one."""
    found: Stamps = {}
    for word in workflows:
        for path in _files(word):
            _stamp(path, found)
    for folder in folders:
        for directory, _, _ in os.walk(folder):
            _stamp(directory, found)
    return found


def _files(word: str) -> Iterator[str]:
    if not os.path.isdir(word):
        yield word
        return
    for parent, folders, names in os.walk(word):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (os.path.join(parent, name) for name in names)


def _stamp(path: str, found: Stamps) -> None:
    try:
        told = os.stat(path)
    except OSError:
        return
    found[path] = (told.st_mtime_ns, 0 if os.path.isdir(path) else told.st_size)


def _shown(paths: list[str]) -> str:
    more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
    return ", ".join(paths[:_NAMED]) + more
