"""Bad input and bad weather: one line, a hint, the right exit code, and never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.conftest import Person
from tests.whole.test_main_job import api
from wfdeps.packaged import sample_path

DEMO = sample_path("demo.json")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\0\0\0\0:~\x9bU\0\0\0\0IEND\xaeB`\x82"


@pytest.mark.parametrize("verb", ["refs", "check", "get", "lock", "graph"])
@pytest.mark.parametrize(
    "content",
    [b"", b"not json", b"[1, 2]", b'{"a": 1}', b"null", PNG, b"\xff\xfe", b'{"nodes": [', b"\0" * 100],
    ids=["empty", "text", "list", "other", "null", "bare-png", "bom-only", "cut", "zeros"],
)
def test_what_is_no_workflow_is_exit_2_in_a_line(person: Person, verb: str, content: bytes) -> None:
    path = person.home / "w.json"
    path.write_bytes(content)
    said = person.wfdeps(verb, str(path), *(["--models", str(person.models)] if verb != "refs" else []))
    assert said.code == 2, said
    assert "Traceback" not in said.out + said.err
    assert "w.json" in said.out + said.err
    assert not (person.home.parent / "wfdeps.lock").exists()


def test_a_workflow_that_is_not_there_does_not_hide_the_others(person: Person) -> None:
    said = person.wfdeps("refs", str(person.home / "none.json"), DEMO, "--json")
    assert said.code == 2
    first, second = said.json["workflows"]
    assert "error" in first
    assert len(second["refs"]) == 5


def test_an_empty_model_file_is_corrupt_not_present(person: Person) -> None:
    (person.models / "vae").mkdir()
    (person.models / "vae" / "clearwater_vae.safetensors").touch()
    said = person.wfdeps("check", DEMO, "--models", str(person.models), "--json")
    (vae,) = [ref for ref in said.json["refs"] if ref["name"].startswith("clearwater")]
    assert (said.code, vae["state"]) == (1, "corrupt")


def test_a_hub_that_is_down_is_undecided_not_missing(person: Person) -> None:
    said = person.get(DEMO, WFDEPS_CIVITAI_URL="http://127.0.0.1:9", HF_ENDPOINT="http://127.0.0.1:9")
    assert said.code == 3
    assert "127.0.0.1" in said.out
    assert person.tree() == {}


def test_offline_asks_nobody(person: Person) -> None:
    said = person.get(DEMO, "--offline")
    assert said.code == 3
    assert len(person.hub.requests.to("/")) == 0


def test_a_folder_without_workflows_is_a_usage_error(person: Person) -> None:
    said = person.wfdeps("check", str(person.models), "--models", str(person.models))
    assert said.code == 2
    assert said.err.startswith("error: no workflow files in ")


def test_without_a_comfyui_the_error_names_the_flag(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(person.home / "config")
    said = person.wfdeps("check", DEMO)
    assert said.code in (2, 4)
    assert "--comfyui" in said.err


def test_a_login_that_is_needed_and_missing_is_said_before_the_first_byte(
    person: Person, shelf: tuple[Path, list[dict[str, object]]]
) -> None:
    for row in shelf[1]:
        person.hub.row(version_id=row["version_id"], require_auth=True)
    person.environ.pop("CIVITAI_API_TOKEN")
    said = person.get(DEMO, "--auto", "best", "--json")
    assert said.code == 3
    assert {ref["state"] for ref in said.json["refs"]} <= {"gated", "failed", "undecided"}
    assert person.tree() == {}


def test_a_passing_fault_is_waited_out(person: Person) -> None:
    person.hub.fail_next(503, retry_after=0)
    assert person.get(DEMO, "--auto", "best").code == 0


@pytest.mark.parametrize(
    "content", [b"", b"<!doctype html><html>", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"]
)
def test_what_is_damaged_and_in_the_way_is_known_before_a_byte_is_fetched(
    person: Person, content: bytes
) -> None:
    (person.models / "vae").mkdir()
    (person.models / "vae" / "clearwater_vae.safetensors").write_bytes(content)
    said = person.get(DEMO, "--auto", "best", "--json")
    (vae,) = [ref for ref in said.json["refs"] if ref["name"].startswith("clearwater")]
    assert (said.code, vae["state"]) == (1, "corrupt")
    assert "move or delete" in vae["hint"]
    assert not [seen for seen in person.hub.requests.to("/api/download/") if "2100002003" in seen.path]


@pytest.mark.parametrize("host", ["127.0.0.1:9", "169.254.169.254", "localhost", "[::1]:9", "10.0.0.1"])
def test_a_lock_sends_nobody_to_their_own_machine(person: Person, host: str) -> None:
    person.get(DEMO, "--auto", "best")
    text = person.lock.read_text(encoding="utf-8").replace("https://civitai.com/", f"https://{host}/")
    hostile = person.save("hostile.lock", text)
    other = person.home / "other"
    other.mkdir()
    said = person.wfdeps("sync", str(hostile), "--models", str(other), "--json")
    assert said.code == 1
    assert {ref["state"] for ref in said.json["refs"]} == {"unresolved"}


def test_half_a_surrogate_pair_in_a_name_is_a_name_like_any_other(person: Person) -> None:
    """JSON may say `\\ud83d` alone; neither SQLite nor an address nor UTF-8 takes it."""
    name = "half\ud83d.safetensors"
    workflow = person.save("wf.json", json.dumps(api(LoraLoader={"lora_name": name})))
    got = person.get(workflow, "--json")
    assert got.code == 1
    assert [(ref["name"], ref["state"]) for ref in got.json["refs"]] == [(name, "unresolved")]
    assert json.loads(person.lock.read_text(encoding="utf-8"))["unresolved"] == [f"loras/{name}"]
    assert person.wfdeps("choose", name, "optional").code == 0
    assert person.get(workflow).code == 0


@pytest.mark.parametrize(
    "environ", [{"LC_ALL": "C"}, {"PYTHONIOENCODING": "cp1252"}, {"PYTHONIOENCODING": "ascii"}]
)
def test_a_stream_that_cannot_spell_a_name_is_no_reason_to_fall_over(
    person: Person, environ: dict[str, str]
) -> None:
    name = "汉服 \udcff.safetensors"
    workflow = person.save("wf.json", json.dumps(api(LoraLoader={"lora_name": name})))
    plain = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PATH": os.environ["PATH"]}
    for words in (
        ["refs", str(workflow), "--json"],
        ["check", str(workflow), "--models", str(person.models)],
    ):
        said = subprocess.run(
            [sys.executable, "-m", "wfdeps", *words],
            env=person.environ | plain | environ,
            capture_output=True,
            check=False,
        )
        assert said.returncode in (0, 1)
        assert b"Traceback" not in said.stderr
        if "--json" in words:
            encoding = environ.get("PYTHONIOENCODING", "utf-8")
            (ref,) = json.loads(said.stdout.decode(encoding))["workflows"][0]["refs"]
            assert ref["name"] == name


def test_a_file_nobody_knows_a_hash_of_is_said_to_be_unverified_and_its_hash_is_locked(
    person: Person,
) -> None:
    person.hub.row(model_id=2_100_001_002, hashes={})
    workflow = person.home / "w.json"
    workflow.write_text(json.dumps(api(LoraLoader={"lora_name": "paperLantern.safetensors"})))
    said = person.get(str(workflow), "--auto", "best")
    assert said.code == 0, said
    assert "unverified" in said.out + said.err
    (entry,) = json.loads(person.lock.read_text())["files"]
    assert entry["sha256"] in person.tree().values()
