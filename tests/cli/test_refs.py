"""`wfdeps refs` from the command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from wfdeps.cli.main import main
from wfdeps.schema import problems

WORKFLOW = {"1": {"class_type": "VAELoader", "inputs": {"vae_name": "v.pt"}}}


def run(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["refs", *argv], stdout=out, stderr=err, environ={"HOME": "/nonexistent"})
    return code, out.getvalue(), err.getvalue()


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "wf.json"
    path.write_text(json.dumps(WORKFLOW))
    return path


def test_refs_as_text(workflow: Path) -> None:
    code, out, err = run(str(workflow))
    assert (code, err) == (0, "")
    assert "vae/" in out and "v.pt" in out


def test_refs_as_json_keep_the_schema(workflow: Path) -> None:
    code, out, _ = run(str(workflow), "--json")
    document = json.loads(out)
    assert (code, problems(document, "refs-1")) == (0, ())
    assert document["workflows"][0]["refs"][0]["name"] == "v.pt"


def test_refs_as_lines(workflow: Path) -> None:
    _, out, _ = run(str(workflow), str(workflow), "--format", "ndjson")
    assert [json.loads(line)["format"] for line in out.splitlines()] == ["api", "api"]


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_done(workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    code, out, _ = run(str(tmp_path / "bad.json"), str(tmp_path / "gone.json"), str(workflow), "--json")
    workflows = json.loads(out)["workflows"]
    assert code == 2
    assert ["error" in one for one in workflows] == [True, True, False]


def test_a_folder_is_walked_and_other_files_in_it_are_left_alone(workflow: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.json").write_text("[1, 2]")
    code, out, _ = run(str(tmp_path), "--json")
    assert (code, [one["path"] for one in json.loads(out)["workflows"]]) == (0, [str(workflow)])


def test_inactive_refs_count_when_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "wf.json"
    path.write_text(
        json.dumps(
            {"nodes": [{"id": 1, "type": "VAELoader", "mode": 2, "widgets_values": ["v.pt"]}], "links": []}
        )
    )
    assert json.loads(run(str(path), "--json")[1])["workflows"][0]["refs"][0]["status"] == "inactive"
    assert (
        json.loads(run(str(path), "--json", "--include-inactive")[1])["workflows"][0]["refs"][0]["status"]
        == "required"
    )
