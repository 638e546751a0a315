"""A file that lies in the wrong folder gets its name there, by link, copy or move; a failure stops no other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes.weights import holding
from tests.jobs.helpers import doors_of, readings_of
from tests.whole.conftest import Person
from wfdeps.domain.outcomes import Receipt
from wfdeps.errors import LibraryError, UsageError
from wfdeps.jobs.fix import FixBy, carry_out_links, planned_links, rewrite_workflow

READINGS = readings_of(
    CheckpointLoaderSimple={"ckpt_name": "base.safetensors"}, VAELoader={"vae_name": "sharp.safetensors"}
)


@pytest.fixture
def misplaced(person: Person) -> Path:
    for name in ("loras/base.safetensors", "loras/sharp.safetensors"):
        path = person.models / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(holding(name.encode()))
    return person.models


@pytest.mark.parametrize(("how", "stays"), [(FixBy.LINK, True), (FixBy.COPY, True), (FixBy.MOVE, False)])
def test_the_file_is_there_under_the_name_that_is_asked_for(
    person: Person, misplaced: Path, how: FixBy, stays: bool
) -> None:
    content = (misplaced / "loras" / "base.safetensors").read_bytes()
    with doors_of(person) as doors:
        links, left = planned_links(READINGS, doors)
        assert (len(links), left) == (2, ())
        assert not (misplaced / "checkpoints").exists(), "planning touches nothing"
        outcomes = list(carry_out_links(links, doors, how))
    assert [type(outcome) for outcome in outcomes] == [Receipt, Receipt]
    assert (misplaced / "checkpoints" / "base.safetensors").read_bytes() == content
    assert (misplaced / "loras" / "base.safetensors").exists() is stays


def test_a_failure_is_a_value_and_the_next_is_done(person: Person, misplaced: Path) -> None:
    with doors_of(person) as doors:
        links, _ = planned_links(READINGS, doors)
        first = misplaced / "checkpoints" / "base.safetensors"
        first.parent.mkdir()
        first.write_bytes(b"mine")
        outcomes = list(carry_out_links(links, doors))
    assert [isinstance(outcome, LibraryError) for outcome in outcomes] == [True, False]
    assert first.read_bytes() == b"mine"


def test_a_rewrite_changes_only_the_copy_that_is_returned(person: Person) -> None:
    path = person.models / "checkpoints" / "SDXL" / "base.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(holding(b"x"))
    document = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
        "99": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    workflow = person.save("wf.json", document)
    readings = readings_of(CheckpointLoaderSimple={"ckpt_name": "base.safetensors"})
    with doors_of(person) as doors:
        rewrite = rewrite_workflow(str(workflow), readings, doors, as_png=False)
        with pytest.raises(UsageError, match="cannot read"):
            rewrite_workflow("nowhere.json", readings, doors, as_png=False)
    assert (rewrite.values, rewrite.left) == (1, ())
    assert json.loads(rewrite.data)["1"]["inputs"]["ckpt_name"] == "SDXL/base.safetensors"
    assert json.loads(workflow.read_text()) == document
