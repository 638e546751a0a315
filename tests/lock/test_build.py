"""The lock says what was chosen, and why; running again, or with less knowledge, loses nothing."""

from __future__ import annotations

from tests.fakes.words import FOLDERS, candidate, local_file, present, ref, resolved, sha256
from wfdeps.domain.findings import RefState
from wfdeps.domain.locks import Lock, LockSource
from wfdeps.domain.outcomes import Failed, Outcome, Placed, Receipt
from wfdeps.domain.plans import Blocked, Download, Keep
from wfdeps.domain.refs import ModelRef, WorkflowRefs
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.lock.build import build_lock
from wfdeps.lock.document import to_text
from wfdeps.lock.refs import DownloadRoutes, candidate_of
from wfdeps.planning.build import Layout, build_plan
from wfdeps.values import replace

WORKFLOW = WorkflowRefs("w.json", "ui", "json", "c" * 64, ())


def lock_of(*outcomes: Outcome | Download, previous: Lock | None = None, keep_others: bool = False) -> Lock:
    return build_lock([WORKFLOW], outcomes, relative=str, previous=previous, keep_others=keep_others)


def download(wanted: ModelRef, **changes: object) -> Download:
    (step,) = build_plan(
        [resolved(wanted, candidate("a_v1.safetensors", **changes))], Layout(FOLDERS, "/")
    ).downloads
    return step


def test_a_placed_file_is_locked_by_the_hash_of_its_bytes() -> None:
    step = download(ref("a.safetensors"))
    (entry,) = lock_of(
        Placed(step, Receipt("/models/loras/a.safetensors", "a" * 64, 7, True), "sha256")
    ).entries
    assert (entry.name, entry.folder, entry.path) == ("a.safetensors", "loras", "loras/a.safetensors")
    assert (entry.sha256, entry.size, entry.chosen_by) == ("a" * 64, 7, ChosenBy.HASH)
    assert entry.used_by == ("w.json#1:name",)
    assert entry.sources[0].url == "https://civitai.com/api/download/a_v1.safetensors"


def test_a_planned_download_is_locked_by_the_hash_its_source_tells() -> None:
    (entry,) = lock_of(download(ref("a.safetensors"), digests=(sha256("b"),))).entries
    assert (entry.sha256, entry.size) == ("b" * 64, None)


def test_a_size_that_is_only_about_right_is_locked_as_such() -> None:
    (entry,) = lock_of(download(ref("a.safetensors"), size_is_exact=True)).entries
    assert (entry.size, entry.about) == (100, None)
    (entry,) = lock_of(download(ref("a.safetensors"), size_is_exact=False)).entries
    assert (entry.size, entry.about) == (None, 100)
    choice = candidate_of(
        replace(entry, sources=(LockSource("url", "https://example.com/a"),)), DownloadRoutes()
    )
    assert choice is not None
    assert (choice.candidate.size, choice.candidate.size_is_exact) == (100, False)


def test_what_failed_or_is_blocked_is_named_as_unresolved() -> None:
    step = download(ref("a.safetensors"))
    blocked = Blocked(ref("b.safetensors", "vae"), RefState.AMBIGUOUS, "two")
    assert lock_of(Failed(step, "cut"), blocked).unresolved == ("loras/a.safetensors", "vae/b.safetensors")


def test_a_present_file_keeps_the_origin_an_earlier_lock_knew() -> None:
    step = download(ref("a.safetensors"))
    before = lock_of(Placed(step, Receipt("/x", "a" * 64, 7, True), "sha256"))
    kept = Keep(ref("a.safetensors"), local_file("a.safetensors", digests=(sha256("a"),), size=7))
    assert to_text(lock_of(kept, previous=before)) == to_text(before)


def test_other_bytes_under_the_same_name_do_not_inherit_an_origin() -> None:
    step = download(ref("a.safetensors"))
    before = lock_of(Placed(step, Receipt("/x", "a" * 64, 7, True), "sha256"))
    other = Keep(ref("a.safetensors"), local_file("a.safetensors", digests=(sha256("d"),)))
    (entry,) = lock_of(other, previous=before).entries
    assert (entry.sha256, entry.sources, entry.chosen_by) == ("d" * 64, (), ChosenBy.NAME)


def test_other_workflows_entries_stay_when_asked_to() -> None:
    other = WorkflowRefs("other.json", "ui", "json", "d" * 64, ())
    before = build_lock(
        [other], [Keep(ref("o.safetensors", sites=()), local_file("o.safetensors"))], relative=str
    )
    from dataclasses import replace

    before = replace(
        before, entries=tuple(replace(entry, used_by=("other.json#1:name",)) for entry in before.entries)
    )
    after = lock_of(
        Keep(ref("a.safetensors"), local_file("a.safetensors")), previous=before, keep_others=True
    )
    assert [entry.name for entry in after.entries] == ["a.safetensors", "o.safetensors"]
    assert [path for path, _ in after.workflows] == ["other.json", "w.json"]
    assert [entry.name for entry in lock_of(present_step(), previous=before).entries] == ["a.safetensors"]


def present_step() -> Keep:
    (step,) = build_plan(
        [present(ref("a.safetensors"), local_file("a.safetensors"))], Layout(FOLDERS, "/")
    ).steps
    assert isinstance(step, Keep)
    return step


def test_a_bad_day_forgets_nothing_that_was_locked() -> None:
    step = download(ref("a.safetensors"))
    before = lock_of(Placed(step, Receipt("/x", "a" * 64, 7, True), "sha256"))
    for outcome in (Failed(step, "cut"), Blocked(ref("a.safetensors"), RefState.UNDECIDED, "no network")):
        assert to_text(lock_of(outcome, previous=before)) == to_text(before)
