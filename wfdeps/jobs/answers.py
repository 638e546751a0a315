"""The answers a person gave before: all of them, and forgetting some."""

from __future__ import annotations

from contextlib import ExitStack

from wfdeps.domain.listings import RememberedAnswer
from wfdeps.pipeline.locking import forget_choices
from wfdeps.wiring.answers import open_answers
from wfdeps.wiring.doors import Doors


def list_answers(doors: Doors) -> tuple[RememberedAnswer, ...]:
    """Every answer, the oldest first."""
    with ExitStack() as exits:
        return tuple(open_answers(doors.settings, exits).choices())


def forget_answers(doors: Doors, which: str | None) -> int:
    """How many answers were dropped: that of a number, all of a file name, or all there are (None).

    What the run's lock says of that name by a person's word goes too; a lock that cannot be read raises LockError,
    and then nothing is forgotten.
    """
    with ExitStack() as exits:
        book = open_answers(doors.settings, exits)
        if which is None:
            return book.forget()
        if which.isdecimal():
            return book.forget(number=int(which))
        return forget_choices(doors.lock, which) + book.forget(name=which)
