"""`wfdeps download` by number, AIR and page: into the folder its header names, verified, with its sidecar."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person, Said
from wfdeps.hub.samples import SAMPLES, safetensors_bytes
from wfdeps.schema import problems

HARBOUR, LANTERN, RIVER = 2_100_001_001, 2_100_001_002, 2_100_001_011
HARBOUR_V, LANTERN_V, RIVER_V = 2_100_002_001, 2_100_002_002, 2_100_002_011
LANTERN_FILE = "loras/paperLantern.safetensors"


def download(person: Person, *words: str | int | Path, **environ: str) -> Said:
    return person.wfdeps("download", *map(str, words), "--models", str(person.models), **environ)


def sidecar(person: Person, name: str) -> Any:
    return json.loads((person.models / f"{name}.civitai.json").read_text(encoding="utf-8"))


def test_a_number_is_placed_by_its_header_with_its_sidecar(person: Person) -> None:
    said = download(person, "--source", "civitai", "--model-id", LANTERN)
    assert said.code == 0, said
    assert said.out == f"{person.models / LANTERN_FILE}\n"
    assert list(person.tree()) == [LANTERN_FILE]
    told = sidecar(person, LANTERN_FILE)
    assert (told["model_id"], told["version_id"], told["trained_words"]) == (
        LANTERN,
        LANTERN_V,
        ["paper lantern"],
    )
    assert told["hashes"]["sha256"] == person.tree()[LANTERN_FILE]


def test_each_event_keeps_the_schema_and_each_want_ends_in_a_result(person: Person) -> None:
    said = download(person, "--json", f"civitai:{LANTERN}@{LANTERN_V}", "civitai:7@9")
    events = [json.loads(line) for line in said.out.splitlines()]
    assert [problems(event, "events-1") for event in events] == [()] * len(events)
    results = {event["name"]: event for event in events if event["event"] == "result"}
    assert [result["state"] for result in results.values()] == ["placed", "failed"]
    assert results[f"civitai:{LANTERN}@{LANTERN_V}"]["path"] == str(person.models / LANTERN_FILE)
    assert said.code == 4


@pytest.mark.parametrize(
    "words",
    [
        ["--source", "civitai", "--model-id", LANTERN, "--version-id", LANTERN_V, "--model-type", "loras"],
        ["--model-id", LANTERN, "--model-type", "LORA"],
        ["--version-id", LANTERN_V],
        ["--version-id", LANTERN_V, "--file-id", 2_100_003_002],
        [f"urn:air:sd1:lora:civitai:{LANTERN}@{LANTERN_V}"],
        [f"civitai:{LANTERN}@{LANTERN_V}"],
        [f"HUB/models/{LANTERN}?modelVersionId={LANTERN_V}"],
        [f"https://civitai.com/models/{LANTERN}"],
        [f"HUB/api/download/models/{LANTERN_V}"],
    ],
)
def test_every_way_to_name_it_brings_the_same_file(person: Person, words: list[Any]) -> None:
    said = download(person, *(str(word).replace("HUB", person.hub.url) for word in words))
    assert said.code == 0, said
    assert list(person.tree()) == [LANTERN_FILE]
    told = sidecar(person, LANTERN_FILE)
    assert (told["creator"], told["licence"]) == ("wfdeps-samples", ["commercial use: Image, RentCivit"])


def test_a_second_run_downloads_nothing(person: Person) -> None:
    download(person, "--model-id", LANTERN)
    asked = len(person.hub.requests.to("/api/download/"))
    said = download(person, "--model-id", LANTERN)
    assert (said.code, len(person.hub.requests.to("/api/download/"))) == (0, asked)
    assert "is there already" in said.err
    assert said.out == f"{person.models / LANTERN_FILE}\n"


def test_a_checkpoint_that_is_a_diffusion_model_goes_to_diffusion_models(person: Person) -> None:
    assert download(person, "--model-id", RIVER).code == 0
    assert list(person.tree()) == ["diffusion_models/riverStone_v10.safetensors"]


def test_a_contradiction_between_page_and_header_is_said_aloud(person: Person) -> None:
    person.hub.row(model_id=LANTERN, model_type="Checkpoint", file_type="Model")
    said = download(person, "--model-id", LANTERN)
    assert (said.code, list(person.tree())) == (0, [LANTERN_FILE])
    assert "is a lora by its header" in said.err
    assert "though civitai calls it a checkpoint" in said.err


def test_the_folder_a_person_says_counts_and_the_contradiction_is_said(person: Person) -> None:
    said = download(person, "--model-id", LANTERN, "--model-type", "checkpoints")
    assert (said.code, list(person.tree())) == (0, ["checkpoints/paperLantern.safetensors"])
    assert "is a lora by its header" in said.err
    assert "as you said" in said.err


def test_out_and_output_put_it_exactly_there_with_its_sidecar(person: Person) -> None:
    there = person.home / "elsewhere" / "mine.safetensors"
    said = person.wfdeps("download", "--model-id", str(LANTERN), "--out", str(there))
    assert said.code == 0, said
    assert sorted(path.name for path in there.parent.iterdir() if not path.name.startswith(".")) == [
        "mine.safetensors", "mine.safetensors.civitai.json",
    ]  # fmt: skip
    assert person.tree() == {}
    folder = person.home / "folder"
    assert person.wfdeps("download", f"civitai:{LANTERN}", "-o", str(folder), "--model-type", "vae").code == 0
    assert (folder / "paperLantern.safetensors").is_file()


def test_an_address_with_a_type_goes_into_the_tree(person: Person) -> None:
    said = download(
        person, f"{person.hub.url}/api/download/models/{HARBOUR_V}", "--model-type", "checkpoints"
    )
    assert said.code == 0, said
    assert list(person.tree()) == ["checkpoints/harbourLight_v20.safetensors"]


def test_a_download_of_civitais_comes_here_under_its_name_verified(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(person.home)
    address = f"https://civitai.com/api/download/models/{LANTERN_V}"
    said = person.wfdeps("download", address)
    assert said.code == 0, said
    assert "verified by sha256" in said.err
    assert (person.home / "paperLantern.safetensors").is_file()
    assert person.wfdeps("download", address, "-o", str(person.home / "there")).code == 0
    assert (person.home / "there" / "paperLantern.safetensors").is_file()
    assert person.tree() == {}


def test_a_download_of_civitais_means_the_file_of_the_type_it_names(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    model, vae = (
        next(row for row in shelf[1] if row["model_name"].startswith(name)) for name in ("Harb", "Clear")
    )
    person.hub.publish([model, {**vae, "model_id": HARBOUR, "version_id": HARBOUR_V, "primary": False}])
    address = f"{person.hub.url}/api/download/models/{HARBOUR_V}?type=VAE"
    assert download(person, address).code == 0
    assert list(person.tree()) == ["vae/clearwater_vae.safetensors"]


def test_what_stands_there_already_is_neither_overwritten_nor_fetched_for_nothing(person: Person) -> None:
    mine = person.models / LANTERN_FILE
    mine.parent.mkdir()
    mine.write_bytes(safetensors_bytes(SAMPLES[1].shapes, "F16", {}, seed=99))
    before = mine.read_bytes()
    said = download(person, "--model-id", LANTERN)
    assert (said.code, mine.read_bytes()) == (4, before)
    assert "is another file" in said.err
    assert not person.hub.requests.to("/api/download/")


def test_a_copy_in_another_folder_is_linked_where_the_person_wants_it(person: Person) -> None:
    download(person, "--model-id", LANTERN)
    asked = len(person.hub.requests.to("/api/download/"))
    said = download(person, "--model-id", LANTERN, "--model-type", "controlnet")
    assert (said.code, len(person.hub.requests.to("/api/download/"))) == (0, asked)
    assert set(person.tree()) == {LANTERN_FILE, "controlnet/paperLantern.safetensors"}


def test_the_newest_version_that_can_be_had_is_taken_and_the_newer_one_named(
    person: Person, shelf: tuple[Path, list[Any]]
) -> None:
    newer = shelf[1][1] | {
        "version_id": 7_001, "file_id": 7_002, "version_name": "v2.0", "early_access": "2099-01-01T00:00:00.000Z",
        "published_at": "2026-09-01T12:00:00.000Z",
    }  # fmt: skip
    person.hub.publish([shelf[1][1], newer])
    said = download(person, "--model-id", LANTERN)
    assert said.code == 0, said
    assert sidecar(person, LANTERN_FILE)["version_id"] == LANTERN_V
    assert "v2.0` is newer, and early access until 2099-01-01: `v1.0` is taken" in said.err


def test_a_wrong_hash_is_never_placed(person: Person) -> None:
    said = download(person, "--model-id", LANTERN, "--sha256", "0" * 64)
    assert (said.code, person.tree()) == (4, {})


def test_a_login_that_is_missing_is_exit_3(person: Person) -> None:
    person.hub.row(model_id=LANTERN, require_auth=True)
    person.environ.pop("CIVITAI_API_TOKEN")
    said = download(person, "--model-id", LANTERN)
    assert (said.code, person.tree()) == (3, {})
    assert "logged in" in said.err


def test_a_key_on_the_line_is_used_and_never_shown(tmp_path: Path, shelf: tuple[Path, list[Any]]) -> None:
    key = "k3y-on-the-line"
    with run_hub(shelf[1], shelf[0], tokens=[key], login_everywhere=True) as hub:
        person = Person(tmp_path / "home", hub)
        assert download(person, "--model-id", LANTERN).code == 3
        said = download(person, "--model-id", LANTERN, "--api-key", key)
    assert said.code == 0, said
    written = (person.models / f"{LANTERN_FILE}.civitai.json").read_text()
    assert key not in said.out + said.err + written


def test_results_are_json_lines(person: Person) -> None:
    said = download(person, "--model-id", LANTERN, "--json")
    last = json.loads(said.out.splitlines()[-1])
    assert (last["event"], last["state"], last["path"]) == (
        "result",
        "placed",
        str(person.models / LANTERN_FILE),
    )


@pytest.mark.parametrize(
    ("words", "code", "piece"),
    [
        ([], 2, "nothing to download"),
        (["--source", "civitai"], 2, "no model and no version"),
        (["--source", "huggingface", "--model-id", "justaname"], 2, "no repository"),
        (["--model-id", "abc"], 2, "numbers"),
        (["--model-id", "1", "https://example.org/a.safetensors"], 2, "not both"),
        (["--model-id", "1", "--model-type", "lorras"], 2, "did you mean `loras`?"),
        (["--model-id", "1", "--model-type", "Workflows"], 2, "no model folder"),
        (["urn:air:sd1:lora:tensorart:1@2"], 2, "neither an AIR nor an address"),
        (["--model-id", "999"], 4, "civitai:999"),
        (["--model-id", LANTERN, "--version-id", LANTERN_V, "--file-id", "5"], 4, "has no file 5"),
    ],
)
def test_what_makes_no_sense_is_a_line_and_a_code(
    person: Person, words: list[Any], code: int, piece: str
) -> None:
    said = download(person, *words)
    assert (said.code, person.tree()) == (code, {})
    assert piece in said.err


@pytest.fixture
def repository(person: Person, shelf: tuple[Path, list[Any]]) -> str:
    """A Hugging Face repository with two of the samples."""
    rows = [
        shelf[1][number] | {"hf": {"repo": "studio/lights", "path": path}}
        for number, path in ((1, "split/lantern.safetensors"), (2, "vae.safetensors"))
    ]
    person.hub.publish(rows)
    return "studio/lights"


def test_a_file_of_a_repository_is_placed_by_its_header(person: Person, repository: str) -> None:
    words = ["--source", "huggingface", "--model-id", repository, "--file-id", "split/lantern.safetensors"]
    said = download(person, *words)
    assert said.code == 0, said
    assert list(person.tree()) == ["loras/lantern.safetensors"]
    assert sidecar(person, "loras/lantern.safetensors")["source"] == "huggingface"


def test_a_repository_with_several_files_names_them(person: Person, repository: str) -> None:
    said = download(person, "--source", "huggingface", "--model-id", repository)
    assert (said.code, person.tree()) == (4, {})
    assert "has 2 model files" in said.err
    assert "split/lantern.safetensors" in said.err
