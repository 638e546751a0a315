"""A Want ends in a file, or in the reason why there is none; what a person did not allow is not fetched."""

from __future__ import annotations

import pytest

from tests.jobs.helpers import Remembering, doors_of
from tests.whole.conftest import Person
from wfdeps.domain.findings import RefState
from wfdeps.domain.wants import Want, WantSource, WantState
from wfdeps.errors import UsageError
from wfdeps.jobs.acquire import acquire
from wfdeps.jobs.wants import checked_want, is_described, pickle_refusal, want_of, want_state_of

LANTERN, LANTERN_V, HARBOUR = "2100001002", "2100002002", "2100001001"
FILE = "loras/paperLantern.safetensors"


def lantern(**more: str) -> Want:
    return Want(WantSource.CIVITAI, LANTERN, **more)


def test_a_want_is_placed_once_and_present_from_then_on(person: Person) -> None:
    with doors_of(person) as doors:
        (first,) = acquire([lantern()], doors, Remembering())
    with doors_of(person) as doors:
        (again,) = acquire([lantern()], doors, Remembering())
    assert (first.state, again.state) == (WantState.PLACED, WantState.PRESENT)
    assert first.path == again.path == str(person.models / FILE)
    assert first.sha256 == person.tree()[FILE]
    assert len(person.hub.requests.to("/api/download/")) == 1


def test_results_come_in_the_order_of_the_wants_and_one_failure_keeps_no_other_back(person: Person) -> None:
    wants = [Want(WantSource.CIVITAI, "7", "9"), lantern()]
    with doors_of(person) as doors:
        results = acquire(wants, doors, Remembering())
    assert [result.want for result in results] == wants
    assert [result.state for result in results] == [WantState.FAILED, WantState.PLACED]
    assert results[0].reason


def test_without_a_network_a_want_is_undecided(person: Person) -> None:
    with doors_of(person, offline=True) as doors:
        (result,) = acquire([lantern()], doors, Remembering())
    assert (result.state, person.tree()) == (WantState.UNDECIDED, {})


def test_another_file_under_that_name_is_left_alone(person: Person) -> None:
    (person.models / "loras").mkdir()
    (person.models / FILE).write_bytes(b"mine")
    with doors_of(person) as doors:
        (result,) = acquire([lantern()], doors, Remembering())
    assert result.state is WantState.FAILED
    assert "is another file" in result.reason
    assert (person.models / FILE).read_bytes() == b"mine"


def test_two_files_for_one_name_stop_before_anything_is_touched(person: Person) -> None:
    wants = [
        lantern(name="x.safetensors", folder_key="loras"),
        Want(WantSource.CIVITAI, HARBOUR, name="x.safetensors", folder_key="loras"),
    ]
    with doors_of(person) as doors, pytest.raises(UsageError):
        acquire(wants, doors, Remembering())
    assert person.tree() == {}


def test_only_an_allowed_pickle_is_taken() -> None:
    assert pickle_refusal("x.safetensors", allow_pickle=False) is None
    assert pickle_refusal("x.ckpt", allow_pickle=True) is None
    refusal = pickle_refusal("x.ckpt", allow_pickle=False)
    assert refusal is not None
    assert (refusal.state, want_state_of(refusal.state)) == (RefState.REFUSED, WantState.FAILED)


@pytest.mark.parametrize(
    ("state", "ends"),
    [
        (RefState.GATED, WantState.UNDECIDED),
        (RefState.EARLY_ACCESS, WantState.UNDECIDED),
        (RefState.UNDECIDED, WantState.UNDECIDED),
        (RefState.UNRESOLVED, WantState.FAILED),
        (RefState.REFUSED, WantState.FAILED),
        (RefState.FAILED, WantState.FAILED),
    ],
)
def test_what_a_later_try_may_bring_is_undecided(state: RefState, ends: WantState) -> None:
    assert want_state_of(state) is ends


@pytest.mark.parametrize(
    ("text", "want"),
    [
        (f"civitai:{LANTERN}@{LANTERN_V}", Want(WantSource.CIVITAI, LANTERN, LANTERN_V)),
        (
            "https://huggingface.co/owner/name/blob/main/a/x.safetensors",
            Want(WantSource.HUGGINGFACE, "owner/name", "main", "a/x.safetensors"),
        ),
        ("https://example.org/x.bin", Want(WantSource.URL, url="https://example.org/x.bin")),
    ],
)
def test_words_become_the_want_of_their_source(text: str, want: Want) -> None:
    assert want_of(text) == want


@pytest.mark.parametrize(
    "want",
    [
        Want(WantSource.CIVITAI),
        Want(WantSource.CIVITAI, "abc"),
        Want(WantSource.HUGGINGFACE, "no-owner"),
        Want(WantSource.URL),
    ],
)
def test_a_want_that_names_too_little_is_a_usage_error(want: Want) -> None:
    with pytest.raises(UsageError):
        checked_want(want)


def test_an_address_no_source_knows_is_plain_unless_it_goes_into_the_tree() -> None:
    address = "https://example.org/x.bin"
    assert not is_described(address, "", in_tree=False)
    assert is_described(address, "", in_tree=True)
    assert is_described("civitai:7@9", "", in_tree=False)
    assert is_described("https://civitai.com/models/7", "", in_tree=False)
    assert not is_described("x.bin", "", in_tree=False)
