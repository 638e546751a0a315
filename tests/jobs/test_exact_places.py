"""A file goes exactly where a person says, judged as every staged file is, and overwrites nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import lora
from tests.jobs.helpers import Remembering, doors_of
from tests.whole.conftest import Person
from tests.whole.test_what_can_run_code import ATTACK
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched, FetchFailed
from wfdeps.domain.plans import Placement, Target
from wfdeps.domain.wants import Want, WantSource, WantState
from wfdeps.errors import TargetExistsError
from wfdeps.jobs import exact_places
from wfdeps.jobs.exact_places import Destination, downloads_of_wants, fetch_exactly

LANTERN = Want(WantSource.CIVITAI, "2100001002")


def fetch(
    person: Person, destination: Destination, *, said: ModelType = ModelType.UNKNOWN
) -> tuple[Any, Remembering]:
    reporter = Remembering()
    with doors_of(person) as doors:
        downloads, refused = downloads_of_wants([LANTERN], destination, doors, reporter)
        assert refused == []
        failures = fetch_exactly(downloads, doors, reporter, model_type=said)
    return failures, reporter


def test_a_described_file_comes_with_its_sidecar(person: Person) -> None:
    failures, reporter = fetch(person, Destination(folder=str(person.home / "out")))
    placed = person.home / "out" / "paperLantern.safetensors"
    assert (failures, reporter.notes) == ((), [])
    sidecar = json.loads(placed.with_name(placed.name + ".civitai.json").read_text(encoding="utf-8"))
    assert sidecar["hashes"]["sha256"] == hashlib.sha256(placed.read_bytes()).hexdigest()
    assert isinstance(reporter.events[-1], Fetched)


def test_a_header_that_contradicts_the_person_is_noted_and_the_file_is_theirs(person: Person) -> None:
    out = person.home / "x.safetensors"
    failures, reporter = fetch(person, Destination(file=str(out)), said=ModelType.VAE)
    assert (failures, out.exists()) == ((), True)
    assert reporter.notes == ["`x.safetensors` is a lora by its header, not a vae"]
    assert (
        fetch(person, Destination(file=str(out.with_name("y.safetensors"))), said=ModelType.LORA)[1].notes
        == []
    )


def test_what_stands_there_with_another_hash_stays_and_is_told(person: Person) -> None:
    out = person.home / "x.safetensors"
    out.write_bytes(b"mine")
    failures, reporter = fetch(person, Destination(file=str(out)))
    assert [failure.kind for failure in failures] == ["placement"]
    assert reporter.events == list(failures)
    assert (out.read_bytes(), person.hub.requests.to("/api/download/")) == (b"mine", [])


def test_a_sidecar_that_was_there_before_is_left(person: Person) -> None:
    out = person.home / "x.safetensors"
    sidecar = out.with_name("x.safetensors.civitai.json")
    sidecar.write_text("{}", encoding="utf-8")
    failures, reporter = fetch(person, Destination(file=str(out)))
    assert (failures, out.exists(), sidecar.read_text(encoding="utf-8")) == ((), True, "{}")
    assert any("was there before" in note for note in reporter.notes)


def test_a_pickle_under_a_safe_name_goes_nowhere(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "file").write_bytes(ATTACK)
    row = lora(1, "Broad Harbour", file_name="broad_harbour.safetensors", path="file")
    with run_hub([row], shelf, tokens=["s3cret-token"]) as hub:
        person = Person(tmp_path / "home", hub)
        reporter = Remembering()
        with doors_of(person, allow_pickle=True) as doors:
            out = person.home / "x.safetensors"
            want = Want(WantSource.CIVITAI, "1")
            downloads, _ = downloads_of_wants([want], Destination(file=str(out)), doors, reporter)
            (failure,) = fetch_exactly(downloads, doors, reporter)
    assert (failure.kind, out.exists()) == ("misfit", False)
    assert isinstance(reporter.events[-1], FetchFailed)


def test_what_its_source_does_not_know_is_a_result_and_no_download(person: Person) -> None:
    with doors_of(person) as doors:
        want = Want(WantSource.CIVITAI, "7", "9")
        downloads, (result,) = downloads_of_wants([want], Destination(), doors, Remembering())
    assert (downloads, result.state) == ([], WantState.FAILED)


@pytest.mark.parametrize(("there", "wins"), [(b"same", True), (b"other", False)])
def test_of_two_processes_the_second_keeps_equal_bytes_and_refuses_others(
    tmp_path: Path, there: bytes, wins: bool
) -> None:
    staged, final = tmp_path / "staged", tmp_path / "x.bin"
    staged.write_bytes(b"same")
    final.write_bytes(there)
    digest = Digest(Algorithm.SHA256, hashlib.sha256(b"same").hexdigest())
    placement = Placement(str(staged), Target("", str(tmp_path), "x.bin"), None, (digest,))
    if wins:
        receipt = exact_places._put(placement, size=4, reporter=Remembering())
        assert (receipt.wrote, staged.exists()) == (False, False)
    else:
        with pytest.raises(TargetExistsError):
            exact_places._put(placement, size=4, reporter=Remembering())
        assert staged.exists()
    assert final.read_bytes() == there
