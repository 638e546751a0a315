"""The command line and the API run the same jobs: what one reports, the other reports."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

import wfdeps
from tests.whole.conftest import Person
from tests.whole.test_misfits import SDXL_LORA, put, with_lora
from wfdeps.domain.findings import RefState
from wfdeps.domain.locks import Lock
from wfdeps.domain.reports import CheckReport
from wfdeps.packaged import sample_path
from wfdeps.report.json import to_document

DEMO = sample_path("demo.json")


@pytest.fixture
def comfyui(person: Person, monkeypatch: pytest.MonkeyPatch) -> Person:
    """The person with an old ComfyUI around the tree, whose extra_model_paths.yaml names a folder that is not there."""
    person.models.rmdir()
    home = person.home / "ComfyUI"
    person.models = home / "models"
    (person.models / "checkpoints").mkdir(parents=True)
    (home / "main.py").touch()
    (home / "extra_model_paths.yaml").write_text("a:\n  base_path: /nowhere\n  ipadaptr: ip\n")
    person.environ["COMFYUI_PATH"] = str(home)
    for name, value in person.environ.items():
        monkeypatch.setenv(name, value)
    return person


def as_json(report: CheckReport) -> Any:
    return comparable(json.loads(json.dumps(to_document(report))))


def comparable(document: Any) -> Any:
    """The document without what another moment changes: the space that is free."""
    for row in document["totals"].get("file_systems", ()):
        row.pop("free", None)
    return document


def forget(person: Person) -> None:
    """What the run before learned from the hub must not tell the next one anything."""
    shutil.rmtree(person.home / "cache", ignore_errors=True)


@pytest.mark.parametrize("online", [False, True])
def test_check_reports_the_same_to_both(comfyui: Person, online: bool) -> None:
    said = comfyui.wfdeps("check", DEMO, "--json", *(["--online"] if online else []))
    forget(comfyui)
    report = wfdeps.check(DEMO, online=online)
    assert report.warnings, "the tree is odd, and the report says so"
    assert as_json(report) == comparable(said.json)
    assert report.exit_code == said.code


def test_what_does_not_fit_is_said_to_both(comfyui: Person, shelf: tuple[Path, Any]) -> None:
    put(comfyui, shelf[0], "checkpoints/harbourLight_v20.safetensors", f"loras/{SDXL_LORA}")
    workflow = comfyui.save("w.json", with_lora(SDXL_LORA))
    said = comfyui.wfdeps("check", str(workflow), "--json")
    report = wfdeps.check(workflow)
    assert report.lints
    assert as_json(report) == comparable(said.json)


def test_a_policy_of_the_config_holds_for_both(comfyui: Person) -> None:
    rules = comfyui.save("policy.toml", '[formats]\nallow = ["gguf"]\n')
    with (comfyui.home / "config" / "config.toml").open("a", encoding="utf-8") as config:
        config.write(f'[check]\npolicy = "{rules.as_posix()}"\n')
    said = comfyui.wfdeps("check", DEMO, "--online", "--json")
    forget(comfyui)
    report = wfdeps.check(DEMO, online=True)
    assert RefState.REFUSED in {item.state for item in report.needed}
    assert as_json(report) == comparable(said.json)
    assert wfdeps.plan(DEMO).downloads == ()
    assert {item.state for item in wfdeps.get(DEMO).needed} == {RefState.REFUSED}
    assert comfyui.tree() == {}


def test_what_turns_the_exit_code_is_the_settings_word_for_both(comfyui: Person) -> None:
    with (comfyui.home / "config" / "config.toml").open("a", encoding="utf-8") as config:
        config.write("[check]\nfail_on = []\n")
    assert comfyui.wfdeps("check", DEMO).code == 0
    assert wfdeps.check(DEMO).exit_code == 0


def test_rows_of_the_config_teach_both_a_class(comfyui: Person) -> None:
    with (comfyui.home / "config" / "config.toml").open("a", encoding="utf-8") as config:
        config.write('[nodes.NobodysLoader]\nthing = "style_models"\n')
    workflow = comfyui.save(
        "w.json",
        {
            "1": {"class_type": "NobodysLoader", "inputs": {"thing": "a.safetensors"}},
            "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
        },
    )
    said = comfyui.wfdeps("check", str(workflow), "--json")
    report = wfdeps.check(workflow)
    assert [item.ref.folder for item in report.items] == ["style_models"]
    assert as_json(report) == comparable(said.json)


def test_get_does_and_reports_the_same_for_both(comfyui: Person, shelf: tuple[Path, Any]) -> None:
    put(comfyui, shelf[0], f"loras/{SDXL_LORA}")
    workflow = comfyui.save("w.json", with_lora(SDXL_LORA))
    lock = comfyui.home / "a.lock"
    kept = comfyui.home / "kept"
    shutil.copytree(comfyui.models, kept)
    said = comfyui.wfdeps("get", str(workflow), "--yes", "--lock", str(lock), "--json")
    tree, locked = comfyui.tree(), lock_at(lock)
    shutil.rmtree(comfyui.models)
    forget(comfyui)
    shutil.copytree(kept, comfyui.models)
    lock.unlink()
    report = wfdeps.get(workflow, lock=lock)
    assert comfyui.tree() == tree
    assert lock_at(lock) == locked
    assert report.warnings
    assert as_json(report) == comparable(said.json)
    now = comfyui.wfdeps("check", str(workflow), "--json").json
    assert any(lint["level"] == "error" for lint in now["lints"])
    assert said.json["lints"] == now["lints"], "what does not fit is told of the files that are there now"


def test_what_the_settings_take_alone_is_taken_for_both(comfyui: Person) -> None:
    config = comfyui.home / "config" / "config.toml"
    config.write_text(config.read_text().replace("[resolve]\n", '[resolve]\nauto = "best"\n'))
    said = comfyui.wfdeps("get", DEMO, "--dry-run", "--json")
    planned = [ref["name"] for ref in said.json["refs"] if ref["state"] == "resolved"]
    assert len(planned) == len(wfdeps.plan(DEMO).downloads)
    assert len(wfdeps.plan(DEMO, auto="exact").downloads) < len(planned)


def lock_at(path: Path) -> Lock:
    return wfdeps.Lock.read(os.fspath(path))
