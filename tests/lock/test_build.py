"""The lock says what was chosen, and why; running again, or with less knowledge, loses nothing."""

from __future__ import annotations

from tests.fakes.words import FOLDERS, candidate, local_file, present, ref, resolved, sha256
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import LOCAL, Evidence, RankedCandidate, Why
from wfdeps.domain.findings import RefState
from wfdeps.domain.locks import Lock, LockSource
from wfdeps.domain.outcomes import Failed, Outcome, Placed, Receipt
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Target
from wfdeps.domain.refs import ModelRef, RefStatus, WorkflowRefs
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


def test_only_these_workflows_are_locked_unless_others_are_to_be_kept() -> None:
    before = lock_of(present_step())
    other = WorkflowRefs("other.json", "ui", "json", "d" * 64, ())
    assert build_lock([other], (), relative=str, previous=before) == Lock((("other.json", "d" * 64),), ())


def test_a_file_of_two_workflows_is_used_by_both_and_known_as_the_newer_lock_knows_it() -> None:
    entry = lock_of(present_step()).entries[0]
    older = replace(entry, size=1, used_by=("other.json#2:name", "w.json#9:gone"))
    before = Lock(
        (("other.json", "d" * 64), ("w.json", "0" * 64)), (older,), ("vae/x", "loras/a.safetensors")
    )
    after = lock_of(
        present_step(),
        Blocked(ref("y", "vae"), RefState.AMBIGUOUS, "two"),
        Blocked(ref("z", "vae"), RefState.OPTIONAL, ""),
        previous=replace(before, optional=("vae/y", "vae/o", "loras/a.safetensors")),
        keep_others=True,
    )
    assert after.workflows == (("other.json", "d" * 64), ("w.json", "c" * 64))
    assert after.entries == (replace(entry, used_by=("other.json#2:name", "w.json#1:name")),)
    assert after.unresolved == ("vae/x", "vae/y")
    assert after.optional == ("vae/o", "vae/z")


def test_what_is_not_required_and_not_had_is_not_named() -> None:
    spare = ref("b.safetensors", status=RefStatus.INACTIVE)
    assert lock_of(Blocked(spare, RefState.UNRESOLVED, "")) == lock_of()


def test_a_folder_of_this_machine_is_no_source() -> None:
    step = download(
        ref("a.safetensors"), url="file:///a", mirrors=("https://example.org/a?token=s", "file:///b")
    )
    (entry,) = lock_of(step).entries
    assert entry.sources == (LockSource("mirror", "https://example.org/a"),)


def test_a_file_of_the_library_says_where_the_workflow_or_a_source_has_it() -> None:
    wanted = ref("a.safetensors", urls=("https://example.org/a?token=s",))
    file = local_file("b.safetensors", digests=(sha256("a"),))
    (plain,) = lock_of(Keep(wanted, file)).entries
    assert plain.sources == (LockSource("url", "https://example.org/a"),)
    assert (plain.path, plain.size, plain.air) == ("loras/b.safetensors", 100, None)
    assert (plain.chosen_by, plain.evidence) == (ChosenBy.NAME, ("in the library under this name",))
    air = Air.parse("urn:air:sd1:lora:civitai:1@2")
    told = RankedCandidate(candidate("a_v1.safetensors", air=air), (Evidence(Why.SAME_HASH, "sha256"),), 1.0)
    (known,) = lock_of(Link(wanted, file, Target("loras", "/models/loras", "a.safetensors"), told)).entries
    assert (known.path, known.air) == ("loras/a.safetensors", "urn:air:sd1:lora:civitai:1@2")
    assert [source.source for source in known.sources] == ["civitai"]
    assert (known.chosen_by, len(known.evidence)) == (ChosenBy.HASH, 1)
    own = replace(told, candidate=replace(told.candidate, source=LOCAL))
    (mine,) = lock_of(Keep(wanted, file, own)).entries
    assert (mine.chosen_by, mine.sources) == (ChosenBy.USER, plain.sources)


def test_one_download_for_two_names_is_two_entries_by_name() -> None:
    step = download(ref("b.safetensors"))
    step = replace(step, refs=(ref("b.safetensors"), ref("a.safetensors")))
    first, second = lock_of(step).entries
    assert (first.name, second.name) == ("a.safetensors", "b.safetensors")
    assert first.path == second.path == "loras/b.safetensors"
