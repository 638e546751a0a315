"""`wfdeps civitai`: the table of types, a search, one model in full, against a hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person
from wfdeps.schema import problems

HARBOUR, VAE = 2_100_001_001, 2_100_001_003


@pytest.fixture
def studio(tmp_path: Path, shelf: tuple[Path, list[Any]]) -> Iterator[Person]:
    """A person before a hub whose Harbour Light has two versions, and whose version 77 belongs to model 88."""
    folder, rows = shelf
    newer = rows[0] | {
        "version_id": rows[0]["version_id"] + 500, "file_id": rows[0]["file_id"] + 500, "version_name": "v3.0",
        "version_description": "<p>Sharper &amp; calmer.</p><ul><li>new hands</li></ul>\x1b[2J",
        "published_at": "2026-06-01T12:00:00.000Z", "allow_commercial_use": ["None"],
    }  # fmt: skip
    plain = rows[1] | {"model_id": 88, "version_id": 77, "file_id": 66}
    with run_hub([*rows, newer, plain], folder, tokens=["s3cret-token"]) as hub:
        yield Person(tmp_path / "home", hub)


def test_types_prints_the_owners_table(person: Person) -> None:
    said = person.wfdeps("civitai", "types")
    assert said.code == 0
    rows = dict(re.findall(r"^(\w+)\s\s+(\S+)", said.out, re.M))
    assert {name: rows[name] for name in ("Checkpoint", "LORA", "TextualInversion", "AestheticGradient", "Poses")} == {
        "Checkpoint": "checkpoints", "LORA": "loras", "TextualInversion": "embeddings",
        "AestheticGradient": "embeddings", "Poses": "controlnet",
    }  # fmt: skip
    assert rows["UNet"] == "diffusion_models"
    assert rows["Detection"] == "ultralytics/bbox"
    assert "any type not listed" in said.out
    assert not person.hub.requests.to("/api")


def test_the_table_of_types_follows_the_config_file_and_its_schema(person: Person) -> None:
    config = person.home / "config" / "config.toml"
    config.write_text(config.read_text() + '[folders]\nMotionModule = "animatediff_models"\n')
    said = person.wfdeps("civitai", "types", "--json")
    assert problems(said.json, "civitai-1") == ()
    assert {row["type"]: row["folder"] for row in said.json["types"]}["MotionModule"] == "animatediff_models"


def test_a_search_shows_numbers_that_info_takes(studio: Person) -> None:
    said = studio.wfdeps(
        "civitai", "search", "--query", "harbour", "--model-type", "Checkpoint", "--limit", "5"
    )
    assert said.code == 0
    assert said.out.startswith(f"{HARBOUR}  Harbour Light  [Checkpoint, wfdeps-samples")
    assert studio.wfdeps("civitai", "info", said.out.split()[0]).code == 0


def test_a_search_is_narrowed_by_type_base_model_and_limit(studio: Person) -> None:
    found = studio.wfdeps(
        "civitai", "search", "--model-type", "loras", "--base-model", "SDXL 1.0", "--sort", "oldest", "--json"
    ).json
    assert problems(found, "civitai-1") == ()
    assert [model["name"] for model in found["models"]] == ["Copper Line XL", "Soft Fog XL"]
    one = studio.wfdeps("civitai", "search", "--model-type", "LORA", "--limit", "1", "--json").json
    assert len(one["models"]) == 1


def test_a_search_by_words_is_ordered_here_because_civitai_ignores_the_order(studio: Person) -> None:
    def names(order: str) -> list[str]:
        said = studio.wfdeps("civitai", "search", "--query", "ink wash", "--sort", order, "--json")
        return [model["name"] for model in said.json["models"]]

    assert names("Most Downloaded") == ["Ink Wash Style", "Ink Wash Style Remix"]
    assert names("Newest") == ["Ink Wash Style Remix", "Ink Wash Style"]


def test_a_search_without_a_hit_is_exit_1_and_says_what_is_searched(studio: Person) -> None:
    said = studio.wfdeps("civitai", "search", "--query", "zzzqqqxxx")
    assert (said.code, said.out) == (1, "")
    assert "not of files" in said.err


def test_info_shows_versions_files_hashes_words_access_and_licence(studio: Person) -> None:
    said = studio.wfdeps("civitai", "info", str(HARBOUR))
    assert said.code == 0
    assert f"(model {HARBOUR})" in said.out
    for piece in (
        "v3.0",
        "v2.0",
        "SD 1.5",
        "sha256: ",
        "commercial use: none",
        "fp16",
        "Sharper & calmer.",
        "new hands",
    ):
        assert piece in said.out
    assert "\x1b" not in said.out
    document = studio.wfdeps("civitai", "info", str(HARBOUR), "--json").json
    assert problems(document, "civitai-1") == ()
    assert document["taken_for"] == "model"
    assert [version["name"] for version in document["models"][0]["versions"]] == ["v3.0", "v2.0"]


def test_info_says_what_a_bare_number_was_taken_for(studio: Person) -> None:
    version = studio.wfdeps("civitai", "info", "77")
    assert "(version 77)" in version.out
    assert "note: there is no model 77" in version.err
    assert studio.wfdeps("civitai", "info", "77", "--json").json["taken_for"] == "version"
    assert studio.wfdeps("civitai", "info", "77", "--as", "model").code == 3


def test_a_number_that_is_both_a_models_and_a_versions_is_said(
    studio: Person, shelf: tuple[Path, list[Any]]
) -> None:
    studio.hub.publish([shelf[1][2] | {"model_id": 77, "version_id": 99, "file_id": 98}])
    said = studio.wfdeps("civitai", "info", "77")
    assert "(model 77)" in said.out
    assert "`--as version` shows it" in said.err
    assert "(version 77)" in studio.wfdeps("civitai", "info", "77", "--as", "version").out


@pytest.mark.parametrize(
    "text", ["urn:air:sd1:lora:civitai:88@77", "civitai:88@77", "HUB/models/88?modelVersionId=77"]
)
def test_info_takes_an_air_and_an_address(studio: Person, text: str) -> None:
    said = studio.wfdeps("civitai", "info", text.replace("HUB", studio.hub.url))
    assert (said.code, "(version 77)" in said.out) == (0, True)


def test_early_access_is_said_with_its_end(studio: Person) -> None:
    studio.hub.row(version_id=77, early_access="2099-01-01T00:00:00.000Z")
    assert "early access until 2099-01-01" in studio.wfdeps("civitai", "info", "77").out


@pytest.mark.parametrize(
    ("words", "code", "piece"),
    [
        (["info"], 2, "name one model"),
        (["info", "not-a-model"], 2, "names no model"),
        (["info", "https://example.org/models/3"], 2, "names no model"),
        (["info", "4040404"], 3, "neither a model nor a version"),
        (["search", "anime"], 2, "--query"),
        (["search", "--sort", "Prettiest"], 2, "unknown order"),
        (["search", "--model-type", "Checkpiont"], 2, "did you mean `Checkpoint`?"),
        (["search", "--limit", "0"], 2, "--limit"),
        (["dance"], 2, "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_a_line_and_a_code(
    studio: Person, words: list[str], code: int, piece: str
) -> None:
    said = studio.wfdeps("civitai", *words)
    assert (said.code, said.out) == (code, "")
    assert piece in said.err


def test_a_hub_that_is_down_is_exit_3(person: Person) -> None:
    said = person.wfdeps("civitai", "search", "--query", "x", WFDEPS_CIVITAI_URL="http://127.0.0.1:9")
    assert said.code == 3
    assert "127.0.0.1" in said.err
