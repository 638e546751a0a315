"""What a mirror of one's own holds is had from there, whatever it was found by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person, tree_of
from tests.whole.test_main_job import DEMO, api
from wfdeps.sources.mirror import LAYOUTS


@pytest.fixture
def store(person: Person) -> Path:
    """A store that one `get` has filled."""
    folder = person.home / "the store"
    got = person.get(DEMO, "--auto", "best", "--store", str(folder))
    assert got.code == 0, got.out + got.err
    return folder


def downloads(person: Person) -> int:
    return len(person.hub.requests.to("/api/download/"))


def mirrored(person: Person, folder: Path) -> None:
    config = person.home / "config" / "config.toml"
    config.write_text(f'{config.read_text()}mirrors = ["{folder.as_uri()}"]\n')


def test_a_name_that_civitai_settles_is_had_from_the_mirror_that_holds_its_bytes(
    person: Person, store: Path
) -> None:
    placed, lock, asked = person.tree(), json.loads(person.lock.read_text()), downloads(person)
    mirrored(person, store)
    person.models, person.lock = person.home / "other", person.home / "other.lock"
    person.models.mkdir()
    assert person.get(DEMO, "--auto", "best").code == 0
    assert person.tree() == placed
    assert downloads(person) == asked
    assert json.loads(person.lock.read_text())["files"] == lock["files"], (
        "a lock is not about one's own mirrors"
    )


def test_what_needs_a_login_is_had_without_one_from_the_mirror(person: Person, store: Path) -> None:
    for entry in json.loads(person.lock.read_text())["files"]:
        person.hub.row(version_id=int(entry["air"].rpartition("@")[2].partition("+")[0]), require_auth=True)
    person.models, person.lock = person.home / "other", person.home / "other.lock"
    person.models.mkdir()
    person.environ |= {"CIVITAI_API_TOKEN": "", "WFDEPS_CACHE_DIR": str(person.home / "other cache")}
    assert person.get(DEMO, "--auto", "best").code == 3
    mirrored(person, store)
    assert person.get(DEMO, "--auto", "best").code == 0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_lock_is_synced_from_a_mirror_however_it_is_laid_out(
    person: Person, store: Path, layout: str
) -> None:
    placed, asked = person.tree(), downloads(person)
    laid_out = person.home / "laid out"
    for file in (store / "sha256").iterdir():
        path = laid_out / layout.format(hash=file.name, start=file.name[:2])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.read_bytes())
    mirrored(person, laid_out)
    other = person.home / "other"
    other.mkdir()
    said = person.wfdeps("sync", str(person.lock), "--models", str(other))
    assert said.code == 0, said.out + said.err
    assert (tree_of(other), downloads(person)) == (placed, asked)


def test_a_lock_whose_sources_are_gone_is_synced_from_the_mirror(person: Person, store: Path) -> None:
    lock = json.loads(person.lock.read_text())
    for entry in lock["files"]:
        entry["sources"] = []
    person.lock.write_text(json.dumps(lock))
    mirrored(person, store)
    other = person.home / "other"
    other.mkdir()
    assert person.wfdeps("sync", str(person.lock), "--models", str(other)).code == 0
    assert tree_of(other) == person.tree()


def test_a_hub_over_a_tree_that_wfdeps_filled_answers_the_lock_it_was_filled_by(
    person: Person, tmp_path: Path
) -> None:
    workflow = person.save("w.json", api(LoraLoader={"lora_name": "paperLantern.safetensors"}))
    assert person.get(workflow).code == 0
    renamed = person.models / "loras" / "my own word.safetensors"
    shutil.copyfile(person.models / "loras" / "paperLantern.safetensors", renamed)
    shutil.copyfile(f"{person.models}/loras/paperLantern.safetensors.civitai.json", f"{renamed}.civitai.json")
    known = json.loads(Path(f"{renamed}.civitai.json").read_text())
    with run_hub(models=person.models) as mirror:
        other = Person(tmp_path / "other", mirror)
        place = ("--models", str(other.models))
        synced = other.wfdeps("sync", str(person.lock), *place)
        assert (synced.code, list(other.tree())) == (0, ["loras/paperLantern.safetensors"])
        names = ("paperLantern.safetensors", renamed.name)
        found = other.wfdeps("resolve", *names, "--folder", "loras", "--json").json["resolutions"]
        theirs, own = (one["chosen"] for one in found)
        assert [theirs[key] for key in ("version_id", "base_model")] == [
            known[key] for key in ("version_id", "base_model")
        ]
        assert own["sha256"] == theirs["sha256"] == known["hashes"]["sha256"]


@pytest.mark.parametrize("how", ["get", "sync"])
def test_a_tree_linked_from_a_store_knows_of_its_files_what_the_first_tree_does(
    person: Person, store: Path, how: str
) -> None:
    first = person.models
    known = {path.name: json.loads(path.read_text()) for path in first.rglob("*.civitai.json")}
    person.models = person.home / "other"
    person.models.mkdir()
    place = ("--models", str(person.models), "--store", str(store))
    asked = downloads(person)
    words = (
        ("get", DEMO, "--auto", "best", "--yes", "--lock", f"{person.lock}.2")
        if how == "get"
        else ("sync", str(person.lock))
    )
    assert person.wfdeps(*words, *place).code == 0
    assert downloads(person) == asked
    told = {path.name: json.loads(path.read_text()) for path in person.models.rglob("*.civitai.json")}
    same = ("air", "model_id", "version_id", "file_id", "model_type", "size", "verified_by")
    assert {name: [one[key] for key in same] for name, one in told.items()} == {
        name: [one[key] for key in same] for name, one in known.items()
    }
    assert person.tree() == tree_of(first)
    proven = person.wfdeps("verify", "--deep", "--json", "--models", str(person.models))
    assert proven.code == 0
