"""`wfdeps import`: a lock is written, never over another without `--force`, and what was not taken is said."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from wfdeps.cli.main import main

DOCKERFILE = (
    "FROM x\nRUN wget -P /comfyui/models/vae https://huggingface.co/a/b/resolve/main/ae.safetensors\n"
    "RUN wget -P /comfyui/models/loras https://civitai.com/api/download/models/1\n"
)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def wfdeps(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["import", *words], stdout=out, stderr=err, environ={})
    return code, out.getvalue(), err.getvalue()


def test_a_lock_is_written_and_what_is_not_taken_is_said(here: Path) -> None:
    code, out, err = wfdeps("Dockerfile")
    assert (code, out) == (1, "")
    (file,) = json.loads((here / "wfdeps.lock").read_text())["files"]
    assert (file["path"], file["sha256"], file["chosen_by"]) == ("vae/ae.safetensors", None, "url")
    assert "not taken: https://civitai.com/api/download/models/1: only the server knows its file name" in err
    assert "the SHA-256 of 1 is unknown" in err


def test_partial_turns_the_exit_code_and_a_dash_is_stdout(here: Path) -> None:
    code, out, _ = wfdeps("Dockerfile", "--partial", "-o", "-")
    assert code == 0
    assert json.loads(out)["schema"] == "wfdeps/lock/1"
    assert not (here / "wfdeps.lock").exists()


def test_a_lock_that_is_there_is_kept_without_force(here: Path) -> None:
    wfdeps("Dockerfile")
    before = (here / "wfdeps.lock").read_text()
    (here / "Dockerfile").write_text(DOCKERFILE.replace("ae.", "other."))
    assert wfdeps("Dockerfile")[0] == 2
    assert (here / "wfdeps.lock").read_text() == before
    assert wfdeps("Dockerfile", "--force", "--partial")[0] == 0
    assert "other.safetensors" in (here / "wfdeps.lock").read_text()


def test_force_replaces_no_file_that_is_no_lock(here: Path) -> None:
    (here / "mine.txt").write_text("mine")
    assert wfdeps("Dockerfile", "--force", "-o", "mine.txt")[0] == 2
    assert (here / "mine.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nowhere",), "cannot read `nowhere`"),
        (("Dockerfile", "--from", "salat"), "did you mean `salad`?"),
        (("Dockerfile", "--from", "salad"), "the manifest is no"),
        (("notes.txt",), "is in no format that is read here"),
        (("image.png",), "it is not text"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(here: Path, words: tuple[str, ...], message: str) -> None:
    (here / "notes.txt").write_text("hello")
    (here / "image.png").write_bytes(b"\x89PNG\xff\xfe")
    code, _, err = wfdeps(*words)
    assert code == 2
    assert message in err
    assert not (here / "wfdeps.lock").exists()
