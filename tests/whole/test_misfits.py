"""What does not fit is said before the GPU does: from headers where the files are there, else from base models."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from tests.whole.conftest import Person

CHECKPOINT, SDXL_LORA, SD_LORA = (
    "harbourLight_v20.safetensors",
    "copper_line_xl.safetensors",
    "paperLantern.safetensors",
)


def with_lora(name: str) -> dict[str, Any]:
    return {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "2": {
            "class_type": "LoraLoader",
            "inputs": {
                "lora_name": name,
                "model": ["1", 0],
                "clip": ["1", 1],
                "strength_model": 1,
                "strength_clip": 1,
            },
        },
        "3": {"class_type": "KSampler", "inputs": {"model": ["2", 0]}},
        "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
    }


def put(person: Person, shelf: Path, *names: str) -> None:
    for name in names:
        target = person.models / name
        target.parent.mkdir(exist_ok=True)
        shutil.copyfile(shelf / name, target)
        os.utime(
            target, (1_700_000_000, 1_700_000_000.5)
        )  # long enough ago for an index to believe its stamp


def test_an_sdxl_lora_on_an_sd15_checkpoint_is_an_error_told_from_headers(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}", f"loras/{SDXL_LORA}")
    workflow = person.save("w.json", with_lora(SDXL_LORA))
    said = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json")
    assert said.code == 0, (
        "every file is there; what does not fit turns the code only where --fail-on says so"
    )
    (lint,) = [lint for lint in said.json["lints"] if lint["level"] == "error"]
    assert SDXL_LORA in lint["message"]
    assert {site["node_id"] for site in lint["sites"]} == {"1", "2"}
    assert said.json["verdict"] == "ready"
    told = person.wfdeps("check", str(workflow), "--models", str(person.models))
    assert told.out.splitlines()[0].startswith("! ready  ")
    assert told.out.splitlines()[0].endswith("; 1 error below")
    assert "`--fail-on missing,lint-error` counts these too" in told.out
    strict = person.wfdeps(
        "check", str(workflow), "--models", str(person.models), "--fail-on", "missing,lint-error"
    )
    assert strict.code == 1
    assert "counts these too" not in strict.out
    assert f"error: LoRA `{SDXL_LORA}` on `{CHECKPOINT}`" in strict.out


def test_what_fits_is_not_remarked_on(person: Person, shelf: tuple[Path, Any]) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}", f"loras/{SD_LORA}")
    workflow = person.save("w.json", with_lora(SD_LORA))
    said = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json")
    assert (said.code, said.json["lints"]) == (0, [])


def test_before_the_download_another_base_model_is_never_taken_silently(person: Person) -> None:
    workflow = person.save("w.json", with_lora(SDXL_LORA))
    said = person.wfdeps(
        "check", str(workflow), "--models", str(person.models), "--online", "--auto", "best", "--json"
    )
    (lora,) = [ref for ref in said.json["refs"] if ref["name"] == SDXL_LORA]
    assert lora["state"] == "ambiguous"
    assert "base_differs" in [reason["why"] for reason in lora["candidates"][0]["evidence"]]


def test_what_get_has_just_brought_is_judged_by_its_header(person: Person, shelf: tuple[Path, Any]) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}")
    own = person.home / "of my own.safetensors"
    shutil.copyfile(shelf[0] / "loras" / SDXL_LORA, own)
    workflow = person.save("w.json", with_lora("mine.safetensors"))
    assert person.wfdeps("choose", "mine.safetensors", str(own)).code == 0
    got = person.get(workflow, "--json", "--fail-on", "missing,lint-error")
    checked = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json").json["lints"]
    assert [lint["level"] for lint in checked] == ["error"]
    assert (got.code, got.json["lints"]) == (1, checked)


def test_the_second_check_reads_no_header(person: Person, shelf: tuple[Path, Any]) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}", f"loras/{SDXL_LORA}")
    workflow = person.save("w.json", with_lora(SDXL_LORA))
    first = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json").json["lints"]
    with sqlite3.connect(person.home / "cache" / "library.sqlite") as index:
        rows = index.execute("SELECT fact, value FROM facts WHERE fact LIKE 'misfits/%'").fetchall()
        assert len(rows) == 1
        index.execute("UPDATE facts SET value = ? WHERE fact = ?", (json.dumps([]), rows[0][0]))
    assert first
    assert person.wfdeps("check", str(workflow), "--models", str(person.models), "--json").json["lints"] == []


def test_a_lora_in_a_checkpoint_loader_is_said(person: Person, shelf: tuple[Path, Any]) -> None:
    put(person, shelf[0], f"loras/{SD_LORA}")
    (person.models / "checkpoints").mkdir()
    shutil.copyfile(shelf[0] / "loras" / SDXL_LORA, person.models / "checkpoints" / CHECKPOINT)
    workflow = person.save("w.json", with_lora(SD_LORA))
    said = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json")
    assert "wrong-type" in [lint["code"] for lint in said.json["lints"]]


def test_a_lora_for_another_base_than_the_checkpoint_that_is_here_is_never_taken_silently(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}")
    workflow = person.save("w.json", with_lora(SDXL_LORA))
    tree = ("--models", str(person.models))
    for auto in ("exact", "best"):
        got = person.get(workflow, "--json", "--auto", auto)
        (lora,) = [ref for ref in got.json["refs"] if ref["name"] == SDXL_LORA]
        assert (got.code, lora["state"]) == (1, "ambiguous"), auto
        assert lora["detail"] == "made for another base model (SDXL 1.0)"
    why = person.wfdeps("why", SDXL_LORA, str(workflow), *tree)
    assert why.code == 1
    assert "not taken: made for another base model (SDXL 1.0)" in why.out
    assert "base differs: SDXL 1.0, the workflow is sd1" in why.out


def test_why_tells_of_a_file_that_is_here_where_it_is(person: Person, shelf: tuple[Path, Any]) -> None:
    put(person, shelf[0], f"checkpoints/{CHECKPOINT}")
    workflow = person.save("w.json", with_lora(SD_LORA))
    why = person.wfdeps("why", CHECKPOINT, str(workflow), "--models", str(person.models))
    assert why.code == 0
    assert str(person.models / "checkpoints" / CHECKPOINT) in why.out
    assert "asked  by" not in why.out


def test_a_file_that_is_not_what_its_loader_takes_is_said_though_nothing_is_applied_to_it(
    person: Person, shelf: tuple[Path, Any]
) -> None:
    (person.models / "checkpoints").mkdir()
    shutil.copyfile(shelf[0] / "loras" / SDXL_LORA, person.models / "checkpoints" / CHECKPOINT)
    nodes = {
        "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
    }
    workflow = person.save("w.json", nodes)
    (lint,) = person.wfdeps("check", str(workflow), "--models", str(person.models), "--json").json["lints"]
    assert (lint["level"], lint["code"], lint["names"]) == ("error", "wrong-type", [CHECKPOINT])
    assert "HINT: This seems to be a Lora file" in lint["consequence"]
    assert [site["node_id"] for site in lint["sites"]] == ["1"]
    assert person.wfdeps("check", str(workflow), "--models", str(person.models), "--strict").code == 1
