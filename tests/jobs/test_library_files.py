"""What lies in the library: by type, by who uses it, and what is there twice."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fakes.weights import holding
from tests.jobs.helpers import doors_of, readings_of
from tests.whole.conftest import Person
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.errors import UsageError, WorkflowError
from wfdeps.jobs.library_files import find_duplicates, list_files, size_on_disk, unused_files

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


def test_a_file_is_used_under_all_of_its_names(person: Person, tree: Path) -> None:
    loras, kept = tree / "loras", tree / "diffusion_models"
    kept.mkdir()
    os.rename(tree / "checkpoints" / "base.safetensors", kept / "shared.safetensors")
    os.symlink(kept / "shared.safetensors", tree / "checkpoints" / "base.safetensors")
    os.link(kept / "shared.safetensors", loras / "second name.safetensors")
    readings = readings_of(CheckpointLoaderSimple=CHECKPOINT)
    with doors_of(person) as doors:
        unused = unused_files(doors, readings)
        assert [file.name for file in unused.files] == ["a.safetensors", "b.safetensors", "c.safetensors"]
        assert unused.used == 3
        users = {row.file.path: row.users for row in list_files(doors, readings)}
    assert users[str(kept / "shared.safetensors")] == ("wf.json",)


def test_sums_count_a_file_with_several_names_once(person: Person, tree: Path) -> None:
    os.link(tree / "loras" / "c.safetensors", tree / "loras" / "hard.safetensors")
    os.symlink(tree / "loras" / "c.safetensors", tree / "loras" / "soft.safetensors")
    os.symlink(tree / "nowhere", tree / "loras" / "dangling.safetensors")
    with doors_of(person) as doors:
        files = [row.file for row in list_files(doors, model_type="loras")]
    assert len(files) == 6
    assert size_on_disk(files) == sum(
        (tree / "loras" / f"{name}.safetensors").stat().st_size for name in "abc"
    )


def test_a_file_in_a_folder_that_is_a_used_model_is_used(person: Person, tree: Path) -> None:
    model = tree / "diffusers" / "tiny"
    (model / "unet").mkdir(parents=True)
    (model / "model_index.json").write_text("{}")
    (model / "unet" / "weights.safetensors").write_bytes(holding(b"unet"))
    readings = readings_of(DiffusersLoader={"model_path": "tiny"})
    with doors_of(person) as doors:
        assert "weights.safetensors" not in {file.basename for file in unused_files(doors, readings).files}


@pytest.mark.parametrize("word", ["LORA", "Lora", "lora", "loras", "LoCon"])
def test_a_type_is_understood_however_a_person_spells_it(person: Person, tree: Path, word: str) -> None:
    with doors_of(person) as doors:
        rows = list_files(doors, model_type=word, with_headers=False)
        assert [row.file.name for row in rows] == ["a.safetensors", "b.safetensors", "c.safetensors"]
        unused = unused_files(doors, readings_of(CheckpointLoaderSimple=CHECKPOINT), folder=word)
        assert {file.folder_key for file in unused.files} == {"loras"}


def test_a_type_nobody_knows_is_an_error_and_a_key_of_this_library_alone_is_none(
    person: Person, tree: Path
) -> None:
    (tree / "own_models").mkdir()
    (tree / "own_models" / "x.safetensors").write_bytes(holding(b"own"))
    with doors_of(person) as doors:
        assert [row.file.name for row in list_files(doors, model_type="own_models")] == ["x.safetensors"]
        assert list_files(doors, model_type="upscaler") == ()
        with pytest.raises(UsageError, match="lorra"):
            list_files(doors, model_type="lorra")
        with pytest.raises(UsageError, match="lorra"):
            unused_files(doors, (), folder="lorra")
