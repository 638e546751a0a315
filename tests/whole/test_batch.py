"""`wfdeps batch`: the owner's shape, at once, resumable, a summary, 4 when some failed, and no key ever shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person, Said
from wfdeps.schema import problems

HARBOUR, LANTERN, RIVER = 2_100_001_001, 2_100_001_002, 2_100_001_011
OWNERS = {
    "downloads": [
        {
            "name": "Harbour Light", "model_type": "checkpoints", "source": "civitai",
            "model_id": str(HARBOUR), "version_id": str(HARBOUR + 1000),
        },
        {"name": "renamed.safetensors", "model_type": "loras", "source": "civitai", "model_id": LANTERN},
        {"air": f"urn:air:flux1:checkpoint:civitai:{RIVER}@{RIVER + 1000}"},
    ],
    "settings": {"civitai_api_key": "b4tch-key"},
}  # fmt: skip
PLACED = {
    "checkpoints/harbourLight_v20.safetensors", "loras/renamed.safetensors", "diffusion_models/riverStone_v10.safetensors",
}  # fmt: skip


def batch(person: Person, document: Any, *words: str, name: str = "models.json") -> Said:
    path = person.save(name, document)
    said = person.wfdeps("batch", str(path), "--models", str(person.models), *words)
    assert "b4tch-key" not in said.out + said.err
    return said


def test_the_owners_shape_is_fetched_named_and_placed(person: Person) -> None:
    said = batch(person, OWNERS)
    assert said.code == 0, said
    assert set(person.tree()) == PLACED
    assert said.out.count("placed") == 3
    assert "3 downloads: 3 placed" in said.err
    assert all((person.models / f"{name}.civitai.json").is_file() for name in PLACED)


def test_a_second_run_fetches_nothing(person: Person) -> None:
    batch(person, OWNERS)
    asked = len(person.hub.requests.to("/api/download/"))
    said = batch(person, OWNERS, "--json")
    assert (said.code, len(person.hub.requests.to("/api/download/"))) == (0, asked)
    assert problems(said.json, "batch-result-1") == ()
    assert {row["state"] for row in said.json["downloads"]} == {"present"}


def test_yaml_says_the_same(person: Person) -> None:
    text = f"downloads:\n  - model_id: {LANTERN}   # a lora\nsettings:\n  jobs: 2\n"
    assert batch(person, text, name="models.yaml").code == 0
    assert list(person.tree()) == ["loras/paperLantern.safetensors"]


def test_one_that_fails_is_exit_4_and_the_rest_is_done_and_taken_up_again(person: Person) -> None:
    broken = {"downloads": [*OWNERS["downloads"], {"name": "Nobody", "model_id": 12345}]}
    said = batch(person, broken)
    assert said.code == 4
    assert set(person.tree()) == PLACED
    assert "failed     Nobody: " in said.out
    assert "3 placed, 1 failed" in said.err
    document = batch(person, broken, "--json").json
    assert document["totals"]["present"] == 3
    assert [row["state"] for row in document["downloads"]] == ["present", "present", "present", "failed"]


def test_the_key_of_the_file_opens_the_door(tmp_path: Path, shelf: tuple[Path, list[Any]]) -> None:
    with run_hub(shelf[1], shelf[0], tokens=["b4tch-key"], login_everywhere=True) as hub:
        person = Person(tmp_path / "home", hub)
        person.environ.pop("CIVITAI_API_TOKEN")
        without = {"downloads": OWNERS["downloads"]}
        said = batch(person, without, "--json")
        assert (said.code, {row["state"] for row in said.json["downloads"]}) == (4, {"undecided"})
        assert batch(person, OWNERS).code == 0
    assert set(person.tree()) == PLACED
    assert not any("b4tch-key" in path.read_text() for path in person.models.rglob("*.json"))


def test_a_stray_setting_is_named_and_left_out(person: Person) -> None:
    said = batch(person, {"downloads": [{"model_id": LANTERN}], "settings": {"base_path": "/x"}})
    assert said.code == 0
    assert "warning: settings: `base_path` is not known" in said.err


def test_two_files_that_want_one_name_are_refused_before_anything_is_touched(person: Person) -> None:
    rows = [{"model_id": LANTERN + 2}, {"model_id": LANTERN + 3}]
    said = batch(person, {"downloads": rows})
    assert (said.code, person.tree()) == (2, {})
    assert "two different files want" in said.err


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("", "neither JSON nor YAML|no JSON|the file: is not as it must be"),
        ('{"downloads": [', "no JSON: look at line 1"),
        ("[]", "the file: is not as it must be: type object"),
        ("{}", "'downloads' is a required property"),
        ('{"downloads": []}', "downloads: "),
        ('{"downloads": [{}]}', "download 1: one of model_id"),
        ('{"downloads": [{"model_id": 1, "modle_type": "x"}]}', "'modle_type' was unexpected"),
        ('{"downloads": [{"model_id": 1, "model_type": "lorras"}]}', "did you mean `loras`?"),
        ('{"downloads": [{"model_id": "one"}]}', "have numbers"),
        ('{"downloads": [{"model_id": 1, "source": "tensorart"}]}', "download 1, source"),
        ('{"downloads": [{"model_id": 1, "name": "../evil.safetensors"}]}', ""),
        (
            '{"downloads": [{"model_id": 1}], "settings": {"civitai_api_key": ["b4tch-key"]}}',
            "civitai_api_key",
        ),
        ('{"downloads": [{"model_id": 1}], "settings": "b4tch-key"}', "settings"),
        ('["b4tch-key"]', "the file"),
    ],
)
def test_a_file_that_is_no_batch_is_a_line_that_quotes_no_value(
    person: Person, text: str, piece: str
) -> None:
    said = batch(person, text)
    assert said.code == (4 if "evil" in text else 2), said
    assert person.tree() == {}
    assert "Traceback" not in said.err
    assert any(part in said.err + said.out for part in piece.split("|"))


def test_a_file_that_is_not_there_is_exit_2(person: Person) -> None:
    assert person.wfdeps("batch", "none.yaml", "--models", str(person.models)).code == 2


def test_the_schema_describes_the_owners_shape() -> None:
    assert problems(json.loads(json.dumps(OWNERS)), "batch") == ()
