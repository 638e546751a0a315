"""A staged file is judged by its header before it goes anywhere, whoever fetched it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.detect.files import pickle, safetensors, torch_zip
from tests.fetch.fetching import download
from wfdeps.console.silent import Silent
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.identity import Identity
from wfdeps.domain.outcomes import Failed, FailureKind, Fetched, Placed, Receipt
from wfdeps.domain.plans import Placement
from wfdeps.errors import DiskFullError
from wfdeps.pipeline.staged import put_in_place, settle_staged
from wfdeps.planning.settle import Misfit, Settled

CODE = pickle(b"cos\nsystem\n(S'true'\ntR")


class Notes(Silent):
    def __init__(self) -> None:
        self.heard: list[str] = []

    def note(self, text: str) -> None:
        self.heard.append(text)


class Place:
    """A place that takes what it is given, or has no room."""

    def __init__(self, *, full: bool = False) -> None:
        self.full = full
        self.taken: list[Placement] = []

    def put(self, placement: Placement) -> Receipt:
        if self.full:
            raise DiskFullError("no room left", hint="free some space")
        self.taken.append(placement)
        return Receipt(placement.target.name, "", 0, wrote=True)


def staged(tmp_path: Path, data: bytes, name: str) -> Fetched:
    path = tmp_path / "staged.part"
    path.write_bytes(data)
    digest = Digest(Algorithm.SHA256, hashlib.sha256(data).hexdigest())
    wanted = download(tmp_path, "https://x.org/a", name=name)
    return Fetched(wanted, str(path), len(data), (digest,), "sha256", reused=7)


def anywhere(fetched: Fetched, identity: Identity) -> Settled:
    placement = Placement(fetched.staged, fetched.download.target, None, fetched.digests)
    return Settled(placement, "a remark")


@pytest.mark.parametrize("data", [CODE, torch_zip(CODE)])
def test_what_can_run_code_goes_nowhere_under_a_name_that_promises_it_cannot(
    tmp_path: Path, data: bytes
) -> None:
    place = Place()
    fetched = staged(tmp_path, data, "a.safetensors")
    outcome = settle_staged(fetched, Silent(), place_of=anywhere, put=place.put)
    assert isinstance(outcome, Failed)
    assert outcome.kind == FailureKind.MISFIT
    assert place.taken == []


def test_under_its_own_name_it_is_placed_and_warned_of(tmp_path: Path) -> None:
    notes, place = Notes(), Place()
    fetched = staged(tmp_path, CODE, "a.ckpt")
    outcome = settle_staged(fetched, notes, place_of=anywhere, put=place.put)
    assert isinstance(outcome, Placed)
    assert notes.heard[0] == "a remark"
    assert "can run code" in notes.heard[1]


def test_a_sound_file_is_placed_with_what_is_known_of_its_bytes(tmp_path: Path) -> None:
    place = Place()
    fetched = staged(tmp_path, safetensors({"a": (2, 2)}), "a.safetensors")
    outcome = settle_staged(fetched, Silent(), place_of=anywhere, put=place.put)
    assert isinstance(outcome, Placed)
    assert (outcome.verified_by, outcome.reused) == ("sha256", 7)
    assert [placement.digests for placement in place.taken] == [fetched.digests]


def test_a_misfit_is_not_placed_and_says_why(tmp_path: Path) -> None:
    notes, place = Notes(), Place()
    fetched = staged(tmp_path, safetensors({"a": (2, 2)}), "a.safetensors")
    outcome = settle_staged(
        fetched, notes, place_of=lambda fetched, identity: Misfit("not it", "look again"), put=place.put
    )
    assert outcome == Failed(fetched.download, "not it", "look again", FailureKind.MISFIT)
    assert (place.taken, notes.heard) == ([], [])


def test_a_place_that_cannot_take_it_is_an_outcome_not_an_error(tmp_path: Path) -> None:
    fetched = staged(tmp_path, safetensors({"a": (2, 2)}), "a.safetensors")
    outcome = settle_staged(fetched, Silent(), place_of=anywhere, put=Place(full=True).put)
    assert isinstance(outcome, Failed)
    assert (outcome.reason, outcome.hint, outcome.kind) == (
        "no room left",
        "free some space",
        FailureKind.PLACEMENT,
    )


def test_a_plain_address_is_placed_as_it_is(tmp_path: Path) -> None:
    place = Place()
    fetched = staged(tmp_path, CODE, "a.ckpt")
    placement = Placement(fetched.staged, fetched.download.target, None, fetched.digests)
    assert isinstance(put_in_place(fetched, placement, place.put), Placed)
    assert place.taken == [placement]
