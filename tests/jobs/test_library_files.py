"""What lies in the library: by type, by who uses it, and what is there twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.weights import holding
from tests.jobs.helpers import doors_of, readings_of
from tests.whole.conftest import Person
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.errors import WorkflowError
from wfdeps.jobs.library_files import find_duplicates, list_files, unused_files

CHECKPOINT = {"ckpt_name": "base.safetensors"}


@pytest.fixture
def tree(person: Person) -> Path:
    for name, content in (
        ("checkpoints/base.safetensors", b"base"),
        ("loras/a.safetensors", b"twice"),
        ("loras/b.safetensors", b"twice"),
        ("loras/c.safetensors", b"alone"),
    ):
        path = person.models / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(holding(content))
    return person.models


def test_a_list_knows_folder_header_and_users(person: Person, tree: Path) -> None:
    with doors_of(person) as doors:
        rows = list_files(doors, readings_of(CheckpointLoaderSimple=CHECKPOINT))
        assert {row.file.name: row.users for row in rows} == {
            "base.safetensors": ("wf.json",), "a.safetensors": (), "b.safetensors": (), "c.safetensors": (),
        }  # fmt: skip
        assert all(row.identity is not None for row in rows)
        by_key = list_files(doors, model_type="loras", with_headers=False)
        assert [row.file.name for row in by_key] == ["a.safetensors", "b.safetensors", "c.safetensors"]
        assert {row.identity for row in by_key} == {None}


def test_unused_is_what_no_workflow_names_the_largest_first(person: Person, tree: Path) -> None:
    (tree / "loras" / "c.safetensors").write_bytes(holding(b"alone" * 100))
    readings = readings_of(CheckpointLoaderSimple=CHECKPOINT)
    with doors_of(person) as doors:
        unused = unused_files(doors, readings)
        assert [file.name for file in unused.files] == ["c.safetensors", "a.safetensors", "b.safetensors"]
        assert unused.used == 1
        assert unused_files(doors, readings, folder="checkpoints").files == ()


def test_what_an_unreadable_workflow_uses_is_not_called_unused(person: Person, tree: Path) -> None:
    with doors_of(person) as doors, pytest.raises(WorkflowError, match=r"x\.json"):
        unused_files(doors, [UnreadableWorkflow("x.json", "no JSON")])


def test_duplicates_are_equal_bytes_in_two_places_on_disk(person: Person, tree: Path) -> None:
    os.link(tree / "loras" / "c.safetensors", tree / "loras" / "linked.safetensors")
    with doors_of(person) as doors:
        found = find_duplicates(doors)
    (group,) = found.groups
    assert [file.name for file in group.files] == ["a.safetensors", "b.safetensors"]
    assert group.wasted == (tree / "loras" / "a.safetensors").stat().st_size
    assert found.unread == ()
