"""The main job, end to end: real commands, a real hub over real sockets, real files."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Person, tree_of
from wfdeps.packaged import sample_path
from wfdeps.schema import problems

SAMPLES = (
    "sd15_lora_vae.json", "sdxl_lora_stack.json", "flux_parts.json", "sd15_api.json", "sdxl_subgraph.json",
    "sd15_in_image.png",
)  # fmt: skip
DEMO = sample_path("demo.json")


def api(**inputs: dict[str, Any]) -> dict[str, Any]:
    """An API prompt of one loader a keyword (`CheckpointLoaderSimple={"ckpt_name": …}`) feeding an output node."""
    nodes: dict[str, Any] = {
        str(number): {"class_type": kind, "inputs": given}
        for number, (kind, given) in enumerate(inputs.items(), 1)
    }
    feeds = {f"in{number}": [number, 0] for number in nodes}
    return {**nodes, "99": {"class_type": "SaveImage", "inputs": {"filename_prefix": "x", **feeds}}}


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_sample_is_got_locked_checked_and_synced_to_the_same_tree(person: Person, sample: str) -> None:
    workflow = sample_path(sample)
    before = person.wfdeps("check", workflow, "--models", str(person.models))
    assert (before.code, person.tree()) == (1, {})

    got = person.get(workflow, "--auto", "best")
    assert got.code == 0, got.out + got.err
    placed = person.tree()
    assert placed
    assert person.wfdeps("check", workflow, "--models", str(person.models)).code == 0

    asked = len(person.hub.requests.to("/api/download/"))
    assert person.get(workflow).code == 0
    assert len(person.hub.requests.to("/api/download/")) == asked
    assert person.tree() == placed

    other = person.home / "other"
    other.mkdir()
    synced = person.wfdeps("sync", str(person.lock), "--locked", "--models", str(other))
    assert synced.code == 0, synced.out + synced.err
    assert tree_of(other) == placed


def test_the_lock_keeps_its_schema_and_is_the_same_bytes_when_written_again(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    first = person.lock.read_text(encoding="utf-8")
    assert problems(json.loads(first), "lock-1") == ()
    person.get(DEMO)
    assert person.lock.read_text(encoding="utf-8") == first


def test_a_lock_names_civitai_and_not_the_hub_that_stood_in_for_it(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    lock = json.loads(person.lock.read_text(encoding="utf-8"))
    urls = [source["url"] for entry in lock["files"] for source in entry["sources"]]
    assert urls
    assert all(url.startswith("https://civitai.com/api/download/models/") for url in urls)
    assert "127.0.0.1" not in person.lock.read_text(encoding="utf-8")
    assert str(person.home) not in person.lock.read_text(encoding="utf-8")


def test_a_file_under_another_name_is_found_by_its_hash_and_placed_under_the_workflows(
    person: Person,
) -> None:
    person.get(DEMO, "--auto", "best")
    entry = next(
        one for one in json.loads(person.lock.read_text())["files"] if one["name"].startswith("lantern")
    )
    assert (entry["chosen_by"], entry["path"]) == ("hash", "loras/lantern_night_final2.safetensors")


def test_an_ambiguous_name_is_never_taken_unless_told_to(person: Person) -> None:
    got = person.get(DEMO, "--json")
    assert got.code == 1
    report = got.json
    assert problems(report, "report-1") == ()
    (ambiguous,) = [ref for ref in report["refs"] if ref["state"] == "ambiguous"]
    assert ambiguous["name"] == "ink_wash_style.safetensors"
    assert len(ambiguous["candidates"]) == 2
    assert all(candidate["evidence"] for candidate in ambiguous["candidates"])
    assert "loras/ink_wash_style.safetensors" not in person.tree()
    assert len(person.tree()) == 4


def test_a_choice_made_once_is_remembered(person: Person) -> None:
    person.get(DEMO)
    (ambiguous,) = [ref for ref in person.get(DEMO, "--json").json["refs"] if ref["state"] == "ambiguous"]
    command = ambiguous["next"].split()
    assert command[:2] == ["wfdeps", "choose"]
    assert person.wfdeps(*command[1:]).code == 0
    assert person.get(DEMO).code == 0
    entry = next(
        one for one in json.loads(person.lock.read_text())["files"] if one["name"].startswith("ink_wash")
    )
    assert entry["chosen_by"] == "user"


def test_a_dry_run_prints_the_bytes_and_touches_nothing(person: Person) -> None:
    got = person.get(DEMO, "--auto", "best", "--dry-run", "--json")
    assert got.code == 1
    assert got.json["totals"]["bytes_to_fetch"] > 1_000_000
    assert list(person.models.iterdir()) == []
    assert not person.lock.exists()
    assert not person.hub.requests.to("/api/download/")


def test_every_placed_file_has_a_sidecar_without_secrets(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    for name, sha256 in person.tree().items():
        sidecar = json.loads((person.models / f"{name}.civitai.json").read_text(encoding="utf-8"))
        assert sidecar["hashes"]["sha256"] == sha256
        assert "s3cret-token" not in json.dumps(sidecar)


def test_a_file_in_another_subfolder_is_linked_not_downloaded(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    old = person.models / "loras" / "ink_wash_style.safetensors"
    (person.models / "loras" / "styles").mkdir()
    old.rename(person.models / "loras" / "styles" / old.name)
    asked = len(person.hub.requests.to("/api/download/"))
    assert person.wfdeps("check", DEMO, "--models", str(person.models)).code == 1
    assert person.get(DEMO).code == 0
    assert len(person.hub.requests.to("/api/download/")) == asked
    assert old.exists()


@pytest.mark.parametrize(
    "name", ["../evil.safetensors", "/etc/evil.safetensors", "C:\\evil.safetensors", "CON.safetensors"]
)
def test_a_name_that_would_leave_its_folder_is_refused_and_named(person: Person, name: str) -> None:
    workflow = person.save("evil.json", api(CheckpointLoaderSimple={"ckpt_name": name}))
    got = person.get(workflow, "--json")
    assert got.code in (1, 3)
    assert [ref["name"] for ref in got.json["refs"]] == [name]
    assert got.json["refs"][0]["state"] in ("refused", "unresolved")
    assert person.tree() == {}
    assert not (person.home / "evil.safetensors").exists()


def test_a_file_that_stands_in_the_way_is_never_overwritten(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    victim = person.models / "vae" / "clearwater_vae.safetensors"
    mine = b"\x10\0\0\0\0\0\0\0" + b'{"a":{"dtype":"F8_E4M3","shape":[0],"data_offsets":[0,0]}}'[:16]
    victim.write_bytes(mine)
    (victim.parent / f"{victim.name}.civitai.json").unlink()
    synced = person.wfdeps("sync", str(person.lock), "--models", str(person.models))
    assert synced.code == 1
    assert victim.read_bytes() == mine


def test_sync_says_when_the_workflow_changed_since_the_lock(person: Person) -> None:
    workflow = person.save("w.json", Path(DEMO).read_text(encoding="utf-8"))
    person.get(workflow, "--auto", "best")
    person.save("w.json", api(VAELoader={"vae_name": "clearwater_vae.safetensors"}))
    stale = person.wfdeps("sync", str(person.lock), "--locked", "--models", str(person.models))
    assert stale.code == 2
    assert "`w.json` changed since" in stale.err
    loose = person.wfdeps("sync", str(person.lock), "--models", str(person.models))
    assert loose.code == 0
    assert "warning: `w.json` changed since" in loose.err
    frozen = person.wfdeps("sync", str(person.lock), "--frozen", "--models", str(person.models))
    assert "changed" not in frozen.err


def test_a_lock_is_never_written_over_a_file_that_is_none(person: Person) -> None:
    person.lock.write_text("my notes", encoding="utf-8")
    assert person.get(DEMO, "--auto", "best").code == 2
    assert person.lock.read_text(encoding="utf-8") == "my notes"


def test_a_dry_run_of_sync_says_what_it_would_fetch_and_what_is_here(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    (person.models / "vae" / "clearwater_vae.safetensors").unlink()
    place = ("--models", str(person.models))
    told = person.wfdeps("sync", str(person.lock), "--dry-run", "--json", *place).json
    states = {ref["name"]: (ref["state"], ref["detail"]) for ref in told["refs"]}
    assert states.pop("clearwater_vae.safetensors") == ("resolved", "")
    assert set(states.values()) == {("present", "")}


def test_lock_alone_downloads_nothing_and_sync_then_gets_it_all(person: Person) -> None:
    locked = person.wfdeps(
        "lock", DEMO, "-o", str(person.lock), "--auto", "best", "--models", str(person.models)
    )
    assert locked.code == 0, locked.out + locked.err
    assert person.tree() == {}
    assert person.wfdeps("sync", str(person.lock), "--locked", "--models", str(person.models)).code == 0
    assert person.wfdeps("check", DEMO, "--models", str(person.models)).code == 0


def test_a_renamed_file_is_recognised_by_the_hash_its_source_tells(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    vae = person.models / "vae" / "clearwater_vae.safetensors"
    vae.rename(vae.with_name("renamed_by_me.safetensors"))
    os.utime(vae.with_name("renamed_by_me.safetensors"), (1_700_000_000, 1_700_000_000.5))
    person.wfdeps("verify", "--deep", "--models", str(person.models))  # the index learns its hash
    asked = len(person.hub.requests.to("/api/download/"))
    assert person.get(DEMO).code == 0
    assert len(person.hub.requests.to("/api/download/")) == asked
    assert vae.exists()


@pytest.mark.parametrize("is_young", [False, True])
def test_a_renamed_file_that_was_never_read_is_recognised_by_its_length_and_then_its_hash(
    person: Person, is_young: bool
) -> None:
    person.get(DEMO, "--auto", "best")
    placed = person.tree()
    vae = person.models / "vae" / "clearwater_vae.safetensors"
    for sidecar in vae.parent.glob("*.json"):
        sidecar.unlink()
    mine = vae.rename(person.models / "vae" / "mine.safetensors")
    if is_young:
        tomorrow = time.time() + 86_400
        os.utime(mine, (tomorrow, tomorrow))  # of such a stamp the index remembers nothing
    asked = len(person.hub.requests.to("/api/download/"))
    got = person.get(DEMO, WFDEPS_CACHE_DIR=str(person.home / "another cache"))
    assert got.code == 0, got.out + got.err
    assert len(person.hub.requests.to("/api/download/")) == asked
    assert person.tree() == {**placed, "vae/mine.safetensors": placed["vae/clearwater_vae.safetensors"]}


def test_a_file_that_is_here_is_searched_for_by_no_name(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    vae = person.models / "vae" / "clearwater_vae.safetensors"
    vae.write_bytes(vae.read_bytes()[:-1] + b"x")
    person.hub.requests.clear()
    said = person.wfdeps(
        "lock",
        DEMO,
        "-o",
        str(person.home / "new.lock"),
        "--models",
        str(person.models),
        WFDEPS_CACHE_DIR=str(person.home / "other cache"),
    )
    assert said.code == 0, said.out + said.err
    assert [asked.path for asked in person.hub.requests] == ["/api/v1/model-versions/by-hash"]


def test_a_file_of_the_same_length_that_is_another_is_left_alone(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    vae = person.models / "vae" / "clearwater_vae.safetensors"
    data = vae.read_bytes()
    vae.unlink()
    other = vae.with_name("clearwater_vae2.safetensors")
    other.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert person.get(DEMO).code == 0
    assert vae.read_bytes() == data
    assert other.read_bytes() != data


def test_a_windows_spelling_is_placed_and_its_refusal_by_comfyui_said(person: Person) -> None:
    name = "styles\\copper_line_xl.safetensors"
    workflow = person.save("w.json", api(LoraLoaderModelOnly={"lora_name": name, "strength_model": 1}))
    got = person.get(workflow, "--json")
    assert list(person.tree()) == ["loras/styles/copper_line_xl.safetensors"]
    (ref,) = got.json["refs"]
    assert (got.code, ref["state"], ref["name"]) == (1, "present_elsewhere", name)
    assert person.wfdeps("check", str(workflow), "--models", str(person.models)).code == 1
    fixed = person.home / "fixed.json"
    _, *advised = ref["next"].replace("OUT.json", str(fixed)).split()
    assert person.wfdeps(*advised, "--apply").code == 0
    assert person.wfdeps("check", str(fixed), "--models", str(person.models)).code == 0


def test_two_files_for_one_place_are_refused_and_named(person: Person) -> None:
    nodes = api(LoraLoaderModelOnly={"lora_name": "ink_wash_style.safetensors"})
    nodes["7"] = {"class_type": "LoraLoaderModelOnly", "inputs": {"lora_name": "Ink_Wash_Style.safetensors"}}
    nodes["99"]["inputs"]["more"] = ["7", 0]
    got = person.get(person.save("w.json", nodes), "--auto", "best", "--json")
    assert {ref["state"] for ref in got.json["refs"]} <= {
        "refused",
        "ambiguous",
        "present",
        "present_elsewhere",
    }
    assert len(person.tree()) <= 2


def test_a_hub_that_is_down_does_not_empty_the_lock(person: Person) -> None:
    person.get(DEMO, "--auto", "best")
    before = person.lock.read_text(encoding="utf-8")
    for path in person.models.rglob("*.safetensors"):
        path.unlink()
    assert person.get(DEMO, "--offline", WFDEPS_CACHE_DIR=str(person.home / "empty")).code == 3
    assert person.lock.read_text(encoding="utf-8") == before


def test_what_to_do_next_names_the_folders_the_person_named(person: Person) -> None:
    said = person.wfdeps("check", DEMO, "--models", str(person.models), "--json").json
    commands = {ref["next"] for ref in said["refs"]}
    assert commands == {f"wfdeps get {DEMO} --models {person.models}"}


def test_a_lock_needs_no_comfyui(person: Person) -> None:
    locked = person.wfdeps("lock", DEMO, "-o", str(person.lock), "--auto", "best")
    assert locked.code == 0, locked.out + locked.err
    assert len(json.loads(person.lock.read_text(encoding="utf-8"))["files"]) == 5
    assert not (person.home.parent / "models").exists()
