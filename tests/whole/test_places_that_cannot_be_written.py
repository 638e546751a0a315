"""A folder or a lock that cannot be written is noticed before the first byte, and called what it is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.local import mounted_disk
from tests.whole.conftest import Person
from wfdeps.packaged import sample_path

DEMO = sample_path("demo.json")


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    with mounted_disk(tmp_path, "size=64m") as disk:
        if disk is None:
            pytest.skip("needs the right to mount")
        (disk / "models").mkdir()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        yield disk


def downloads(person: Person) -> list[str]:
    return [str(seen) for seen in person.hub.requests if "/api/download/" in str(seen)]


def test_a_read_only_model_folder_is_called_that_and_no_space_is_asked_for(
    person: Person, read_only: Path
) -> None:
    said = person.wfdeps("get", DEMO, "--models", str(read_only / "models"), "--no-lock", "--yes")
    assert said.code == 4
    assert "cannot be written (read-only, or no permission)" in said.err
    assert "free some space" not in said.err + said.out
    assert downloads(person) == []


@pytest.mark.parametrize("verb", ["get", "lock"])
@pytest.mark.parametrize("place", ["none/wfdeps.lock", "models", "disk"])
def test_a_lock_that_cannot_be_written_is_noticed_before_the_downloads(
    person: Person, read_only: Path, verb: str, place: str
) -> None:
    path = read_only / "wfdeps.lock" if place == "disk" else person.home / place
    words = ["--yes", "--lock", str(path)] if verb == "get" else ["-o", str(path)]
    said = person.wfdeps(verb, DEMO, "--models", str(person.models), *words)
    assert (said.code, str(path) in said.err) == (2, True)
    assert list(person.hub.requests) == []
    assert person.tree() == {}
