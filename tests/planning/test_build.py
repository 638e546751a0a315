"""A plan has a step for every ref, none that leaves its folder, and one download for one file in one place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.words import FOLDERS, candidate, local_file, present, ref, resolved, sha256
from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.candidates import RankedCandidate
from wfdeps.domain.findings import RefState
from wfdeps.domain.plans import Blocked, Download, Keep, Link
from wfdeps.domain.refs import NodeSite
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Unresolved
from wfdeps.planning.build import Layout, build_plan, without_collisions
from wfdeps.values import replace

LAYOUT = Layout(FOLDERS, "/")


def test_what_is_there_is_kept() -> None:
    wanted, file = ref("a.safetensors"), local_file("a.safetensors")
    assert build_plan([present(wanted, file)], LAYOUT).steps == (Keep(wanted, file),)


def test_what_lies_elsewhere_is_linked_not_downloaded() -> None:
    wanted, file = ref("sub/a.safetensors"), local_file("a.safetensors")
    (step,) = build_plan([present(wanted, file, RefState.PRESENT_ELSEWHERE)], LAYOUT).steps
    assert isinstance(step, Link)
    assert (step.target.folder_key, step.target.name) == ("loras", "sub/a.safetensors")


def test_a_download_stands_under_the_name_the_workflow_asks_for() -> None:
    (step,) = build_plan(
        [resolved(ref("my\\own.safetensors"), candidate("other_v1.safetensors"))], LAYOUT
    ).downloads
    assert (step.target.root, step.target.name) == ("/models/loras", "my/own.safetensors")


def test_an_embedding_without_an_ending_takes_its_files() -> None:
    (step,) = build_plan(
        [resolved(ref("easynegative", "embeddings"), candidate("easynegative.pt"))], LAYOUT
    ).downloads
    assert step.target.name == "easynegative.pt"


def test_a_version_number_is_no_ending() -> None:
    wanted = ref("detail_v1.5_final_release", "embeddings")
    (step,) = build_plan([resolved(wanted, candidate("x.safetensors"))], LAYOUT).downloads
    assert step.target.name == "detail_v1.5_final_release.safetensors"


def test_refs_that_want_one_file_in_one_place_share_a_download() -> None:
    one = ref("a.safetensors")
    other = ref("a.safetensors", sites=(NodeSite("v.json", "7", "Loader", "name"),))
    (download,) = build_plan(
        [resolved(one, candidate("a.safetensors")), resolved(other, candidate("a.safetensors"))], LAYOUT
    ).steps
    assert isinstance(download, Download)
    assert download.refs == (one, other)


@pytest.mark.parametrize(
    ("access", "state"),
    [
        (AccessState.TOKEN, RefState.GATED),
        (AccessState.EARLY_ACCESS, RefState.EARLY_ACCESS),
        (AccessState.DISABLED, RefState.UNAVAILABLE),
        (AccessState.ARCHIVED, RefState.UNAVAILABLE),
    ],
)
def test_what_cannot_be_downloaded_is_known_before_the_first_byte(
    access: AccessState, state: RefState
) -> None:
    closed = candidate("a.safetensors", access=Access(access, "why"))
    (step,) = build_plan([resolved(ref("a.safetensors"), closed)], LAYOUT).steps
    assert isinstance(step, Blocked)
    assert (step.state, step.reason) == (state, "why")


def test_what_is_open_stays_open_with_its_reason() -> None:
    wanted = ref("a.safetensors")
    rivals = (RankedCandidate(candidate("a.safetensors"), (), 0.5),)
    (step,) = build_plan([Ambiguous(wanted, rivals, "two of that name")], LAYOUT).steps
    assert isinstance(step, Blocked)
    assert (step.state, step.reason) == (RefState.AMBIGUOUS, "two of that name")
    (step,) = build_plan([Unresolved(wanted, RefState.UNDECIDED, "no network", "try later")], LAYOUT).steps
    assert step == Blocked(wanted, RefState.UNDECIDED, "no network", "try later")


HOSTILE = ["../x.safetensors", "/etc/passwd", "C:\\x.safetensors", "a\0b.safetensors", "CON.safetensors", "..\\..\\x.ckpt",
           "\\\\server\\share\\x.pt", "a/../../b.pt", "x.safetensors:stream"]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_at_plan_time_and_named(name: str) -> None:
    (step,) = build_plan([resolved(ref(name), candidate("x.safetensors"))], LAYOUT).steps
    assert isinstance(step, Blocked)
    assert step.state is RefState.REFUSED
    assert step.reason


@given(st.text(min_size=1, max_size=60))
def test_no_target_leaves_its_folder(name: str) -> None:
    (step,) = build_plan([resolved(ref(name), candidate("x.safetensors"))], LAYOUT).steps
    if isinstance(step, Download):
        parts = step.target.name.split("/")
        assert step.target.root == "/models/loras"
        assert parts
        assert not {"", ".", ".."} & set(parts)
        assert "\0" not in step.target.name


@given(st.permutations(["a.safetensors", "b.safetensors", "c.safetensors"]))
def test_the_order_of_refs_does_not_change_the_plan(names: list[str]) -> None:
    plan = build_plan([resolved(ref(name), candidate(name)) for name in names], LAYOUT)
    assert [step.target.name for step in plan.downloads] == sorted(names)
    assert plan.bytes_to_fetch == 300


def test_two_files_that_a_case_blind_disk_takes_for_one_are_both_blocked() -> None:
    one, other = (
        resolved(ref(name), candidate(name, digests=(sha256(letter),)))
        for name, letter in (("Ink.safetensors", "a"), ("ink.safetensors", "b"))
    )
    plan = without_collisions(build_plan([one, other], LAYOUT))
    assert [type(step) for step in plan.steps] == [Blocked, Blocked]
    assert "Ink.safetensors" in plan.steps[0].reason


def test_without_a_collision_the_plan_stays_as_it_is() -> None:
    plan = build_plan(
        [resolved(ref(name), candidate(name)) for name in ("a.safetensors", "b.safetensors")], LAYOUT
    )
    assert without_collisions(plan) is plan


def test_a_download_has_all_that_its_candidate_and_its_ref_know() -> None:
    near = candidate(
        "a_v1.safetensors", nearer=("http://192.168.0.2/a",), mirrors=("https://b/a",), digests=(sha256("b"),)
    )
    (step,) = build_plan(
        [resolved(ref("a.safetensors", digests=(sha256("a"),)), near, ChosenBy.ID)], LAYOUT
    ).steps
    assert isinstance(step, Download)
    assert step.urls == ("http://192.168.0.2/a", near.url, "https://b/a")
    assert (step.size, step.digests, step.chosen_by) == (100, (sha256("b"),), ChosenBy.ID)
    plain = replace(near, digests=())
    (step,) = build_plan([resolved(ref("a.safetensors", digests=(sha256("a"),)), plain)], LAYOUT).downloads
    assert step.digests == (sha256("a"),)


def test_what_a_mirror_of_ours_holds_is_fetched_though_its_source_is_closed() -> None:
    closed = candidate(
        "a.safetensors", access=Access(AccessState.TOKEN, "why"), nearer=("http://192.168.0.2/a",)
    )
    assert build_plan([resolved(ref("a.safetensors"), closed)], LAYOUT).downloads


def test_without_a_folder_the_step_says_how_to_name_one() -> None:
    (step,) = build_plan([resolved(ref("a.pt"), candidate("a.pt"))], Layout((), "/")).steps
    assert step == Blocked(
        ref("a.pt"), RefState.REFUSED, "no folder is known for `a.pt`", "pass --comfyui or --models"
    )


@pytest.mark.parametrize(
    ("name", "source", "whole"),
    [
        ("easy", "e.pt", "easy.pt"),
        ("easy", "e", "easy"),
        ("v1.5-of-something-long", "e.pt", "v1.5-of-something-long.pt"),
        ("a.safetensors", "e.pt", "a.safetensors"),
        ("b.1234567890123", "e.pt", "b.1234567890123.pt"),
        ("a.12345678901", "e.pt", "a.12345678901"),
        ("s.d/easy", "e.pt", "s.d/easy.pt"),
        ("s.d\\easy", "e.x.pt", "s.d/easy.pt"),
    ],
)
def test_a_name_takes_its_sources_ending_only_where_it_has_none(name: str, source: str, whole: str) -> None:
    (step,) = build_plan([resolved(ref(name), candidate(source))], LAYOUT).downloads
    assert step.target.name == whole


def test_what_no_link_helps_is_blocked_with_the_reason() -> None:
    (step,) = build_plan([present(ref("a.pt"), local_file("a.pt"), RefState.PRESENT_ELSEWHERE)], LAYOUT).steps
    assert isinstance(step, Blocked)
    assert (step.state, step.hint) == (RefState.PRESENT_ELSEWHERE, "`wfdeps fix` shows what would help")


def test_a_link_knows_where_its_bytes_are_from() -> None:
    origin = RankedCandidate(candidate("real.pt"), (), 1.0)
    elsewhere = present(ref("easy"), local_file("store"), RefState.PRESENT_ELSEWHERE)
    (step,) = build_plan([replace(elsewhere, origin=origin)], LAYOUT).steps
    assert isinstance(step, Link)
    assert (step.origin, step.target.name) == (origin, "easy.pt")


def test_a_collision_blocks_both_and_leaves_the_rest() -> None:
    files = ("A.pt", "a.pt", "b.pt")
    plan = build_plan([resolved(ref(name), candidate(name)) for name in files], LAYOUT)
    steps = without_collisions(plan).steps
    blocked = [step for step in steps if isinstance(step, Blocked)]
    assert [step.ref.name for step in blocked] == ["A.pt", "a.pt"]
    assert {step.state for step in blocked} == {RefState.REFUSED}
    assert {step.hint for step in blocked} == {
        "rename one of them in its workflow; nothing was chosen between them"
    }
    assert [step.target.name for step in steps if isinstance(step, Download)] == ["b.pt"]


def test_a_plan_is_sorted_by_folder_and_name_whatever_its_steps_are() -> None:
    resolutions = [
        Unresolved(ref("c.pt", "vae"), RefState.UNRESOLVED, ""),
        resolved(ref("b.pt"), candidate("b.pt")),
        present(ref("a.pt", "vae"), local_file("a.pt", "vae")),
        present(ref("a.pt"), local_file("a.pt")),
        resolved(ref("b.pt", "vae"), candidate("b.pt", url="https://b")),
    ]
    plan = build_plan(resolutions, LAYOUT)
    assert [
        (step.target.folder_key, step.target.name) if isinstance(step, Download) else step.ref.key
        for step in plan.steps
    ] == [("loras", "a.pt"), ("loras", "b.pt"), ("vae", "a.pt"), ("vae", "b.pt"), ("vae", "c.pt")]
