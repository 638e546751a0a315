"""A file that its source does not hand out stands the same in every command, and no command calls it worth a retry."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import wfdeps
from tests.whole.conftest import Person, Said
from wfdeps.domain.findings import RefState

CKPT = "harbourLight_v20.safetensors"


@pytest.fixture
def workflow(person: Person, shelf: tuple[Path, list[dict[str, object]]]) -> Path:
    """A workflow that needs one checkpoint, whose creator switched downloads off."""
    for row in shelf[1]:
        if row["file_name"] == CKPT:
            person.hub.row(version_id=row["version_id"], downloads_disabled=True)
    return person.save("w.json", workflow_with(sha256=""))


@pytest.fixture
def known(person: Person, workflow: Path, shelf: tuple[Path, list[dict[str, object]]]) -> Path:
    """That workflow with the file's hash, by which the site tells what it knows of the version."""
    sha256 = hashlib.sha256((shelf[0] / "checkpoints" / CKPT).read_bytes()).hexdigest()
    return person.save("known.json", workflow_with(sha256))


def workflow_with(sha256: str) -> dict[str, object]:
    """A loader of the checkpoint, whose node carries its hash where one is given."""
    model = {"name": CKPT, "url": "", "directory": "checkpoints", "hash": sha256, "hash_type": "SHA256"}
    node = {"id": 1, "type": "CheckpointLoaderSimple", "mode": 0, "inputs": [], "outputs": []}
    node |= {"widgets_values": [CKPT], "properties": {"models": [model] if sha256 else []}}
    return {"version": 0.4, "nodes": [node], "links": []}


def state_and_words(said: Said) -> tuple[int, str, str, str]:
    (ref,) = said.json["refs"]
    return said.code, ref["state"], ref["detail"], ref["hint"]


def test_a_file_whose_creator_switched_downloads_off_is_unavailable_everywhere(
    person: Person, known: Path
) -> None:
    tree = ("--models", str(person.models), "--json")
    answers = {
        "check": state_and_words(person.wfdeps("check", str(known), "--online", *tree)),
        "dry run": state_and_words(person.get(known, "--dry-run", "--json")),
        "get": state_and_words(person.get(known, "--json")),
    }
    code, state, detail, hint = answers["check"]
    assert (code, state) == (1, "unavailable")
    assert "creator" in detail and "no token helps" in hint
    assert answers == dict.fromkeys(answers, answers["check"])
    assert person.tree() == {}


def test_where_only_the_download_tells_get_says_it_too(person: Person, workflow: Path) -> None:
    """Civitai's search says nothing of it: the 401 of the download does."""
    code, state, detail, hint = state_and_words(person.get(workflow, "--auto", "best", "--json"))
    assert (code, state) == (1, "unavailable")
    assert "disabled downloads" in detail and "no token helps" in hint


def test_the_api_says_it_too(person: Person, known: Path) -> None:
    settings = wfdeps.load_settings(
        models=person.models, civitai_url=person.hub.url, civitai_token="s3cret-token"
    )
    report = wfdeps.check(known, settings=settings, online=True)
    assert [item.state for item in report.items] == [RefState.UNAVAILABLE]
    assert report.exit_code == 1
