"""What a person is asked before anything is fetched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fetch.fetching import download
from wfdeps.cli.plan_output import lock_sentence, question_of
from wfdeps.domain.locks import Lock, LockEntry
from wfdeps.domain.plans import Plan
from wfdeps.domain.resolutions import ChosenBy

ONE = replace(download(Path("/models"), "https://x.org/a.bin", name="a.bin"), size=1_300_000_000)


def test_the_question_before_a_download_says_how_much_and_where() -> None:
    assert question_of(Plan((ONE,))) == f"download 1 file, 1.30 GB to {ONE.target.root}?"


def test_a_size_nobody_knows_is_not_counted_as_nothing() -> None:
    unknown = replace(ONE, size=None)
    assert question_of(Plan((unknown,))).startswith("download 1 file, size unknown to ")
    assert question_of(Plan((ONE, unknown))).startswith("download 2 files, 1.30 GB and 1 of unknown size to ")


def test_locked_is_said_only_of_what_the_lock_did_not_say_before() -> None:
    entry = LockEntry("a.bin", "loras", "loras/a.bin", None, None, None, (), (), ChosenBy.HASH, ())
    lock = Lock((), (entry,))
    assert lock_sentence(None, lock, "wfdeps.lock") == "locked in wfdeps.lock"
    assert lock_sentence(lock, lock, "wfdeps.lock") == "nothing new to lock: wfdeps.lock stays as it was"
    open_end = Lock((), (), ("loras/a.bin",))
    assert (
        lock_sentence(None, open_end, "x.lock") == "nothing new was locked: x.lock names what is still open"
    )
