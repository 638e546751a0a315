"""What a person answered before, and what they marked optional: there, or in the lock that a team shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack

from wfdeps.disk.filesystem import working_folder
from wfdeps.domain.locks import Lock, LockEntry
from wfdeps.domain.refs import ModelRef
from wfdeps.errors import LockError
from wfdeps.pipeline.locking import read_lock
from wfdeps.sources.answers import AnswerBook
from wfdeps.wiring.marks import answer_book
from wfdeps.wiring.settings import Settings


def open_answers(settings: Settings, exits: ExitStack, *, workflows: Sequence[str] = ()) -> AnswerBook:
    """What the person chose before, for these workflows, this project, or always."""
    book = AnswerBook(answer_book(settings), project=working_folder(), workflows=workflows)
    exits.callback(book.close)
    return book


def marks_of(settings: Settings, exits: ExitStack, lock: str) -> Callable[[ModelRef], bool]:
    """Whether a ref is marked optional; an answer of one's own is stronger than the lock's word."""
    book = open_answers(settings, exits)
    locked = _marked_in(lock)

    def is_optional(ref: ModelRef) -> bool:
        if book.is_answered(ref):
            return book.is_optional(ref)
        return f"{ref.folder}/{ref.name}" in locked

    return is_optional


def locked_entries(path: str) -> tuple[LockEntry, ...]:
    """The entries of the lock there."""
    lock = _lock_at(path)
    return lock.entries if lock else ()


def _marked_in(path: str) -> frozenset[str]:
    lock = _lock_at(path)
    return frozenset(lock.optional) if lock else frozenset()


def _lock_at(path: str) -> Lock | None:
    """None where there is no lock, or none of ours: who reads it for itself will say so."""
    try:
        return read_lock(path) if path else None
    except LockError:
        return None
