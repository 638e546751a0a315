"""A share that is not mounted: check says so, and get puts nothing on the local disk below its mount point."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.whole.conftest import Person
from wfdeps.packaged import sample_path

DEMO = sample_path("demo.json")


@pytest.fixture
def extra(person: Person) -> tuple[str, ...]:
    (person.home / "mnt").mkdir()
    path = person.home / "extra.yaml"
    path.write_text(
        f"nas:\n  base_path: {person.home}/mnt/Share\n  is_default: true\n  checkpoints: models/checkpoints\n"
    )
    return ("--extra-model-paths-config", str(path))


def below(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*.safetensors"))


def test_a_missing_share_is_a_warning_of_check_and_takes_no_file(
    person: Person, extra: tuple[str, ...]
) -> None:
    said = person.wfdeps("check", DEMO, "--models", str(person.models), *extra)
    assert (
        f"warning: extra.yaml [nas]: `{person.home}/mnt/Share` does not exist: share not mounted?" in said.out
    )
    said = person.get(DEMO, *extra)
    assert said.code == 1
    assert "--make-folders makes the folder" in said.out
    assert below(person.home / "mnt") == []
    assert "harbourLight_v20.safetensors" not in below(person.models), (
        "a file for a share goes nowhere else instead"
    )
    assert below(person.models), "what other folders lack is fetched"


def test_a_person_who_knows_that_no_share_is_missing_has_the_folder_made(
    person: Person, extra: tuple[str, ...]
) -> None:
    said = person.get(DEMO, "--make-folders", *extra)
    assert (person.home / "mnt" / "Share" / "models" / "checkpoints").is_dir(), said.out
    assert below(person.home / "mnt") == ["harbourLight_v20.safetensors"]
    assert "does not exist" in said.out


def test_a_linked_folder_that_leads_nowhere_is_said_and_takes_no_file(person: Person) -> None:
    (person.models / "vae").symlink_to(person.home / "gone")
    said = person.get(DEMO, "--make-folders")
    assert said.code == 1
    assert f"`{person.models}/vae` is a link to nowhere" in said.out
    assert "mount what it leads to, or remove the link" in said.out
    assert not (person.home / "gone").exists()
    (person.home / "gone").mkdir()
    person.get(DEMO)
    assert below(person.home / "gone") == ["clearwater_vae.safetensors"]
