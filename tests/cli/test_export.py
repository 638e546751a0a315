"""`wfdeps export`: where the files go, what is said of those left out, and the exit code."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.exports.making import CIVITAI, HF, entry, lock
from wfdeps.cli.main import main
from wfdeps.lock.document import to_text


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a lock of an open file and of one that needs a token."""
    monkeypatch.chdir(tmp_path)
    text = to_text(lock(entry("vae/a.safetensors", HF), entry("loras/b.safetensors", CIVITAI)))
    (tmp_path / "wfdeps.lock").write_text(text)
    return tmp_path


def wfdeps(*words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["export", *words], stdout=out, stderr=err, environ={})
    return code, out.getvalue(), err.getvalue()


def test_what_is_not_carried_is_said_and_turns_the_exit_code(locked: Path) -> None:
    code, out, err = wfdeps("--to", "salad")
    assert code == 1
    assert (
        "not carried: loras/b.safetensors: it needs CIVITAI_API_TOKEN, and this format fetches anonymously"
        in err
    )
    assert HF in out
    assert wfdeps("--to", "salad", "--partial")[0] == 0


def test_a_format_that_carries_all_exits_with_nought(locked: Path) -> None:
    assert wfdeps("wfdeps.lock", "--to", "shell")[0] == 0


def test_the_files_of_an_export_stand_beside_the_named_one(locked: Path) -> None:
    (locked / "out").mkdir()
    code, out, err = wfdeps("--to", "aria2", "-o", "out/list.txt")
    assert (code, out) == (1, "")
    assert sorted(path.name for path in (locked / "out").iterdir()) == ["SHA256SUMS", "finish.sh", "list.txt"]
    assert "wrote out/list.txt" in err


def test_without_a_file_the_others_are_named(locked: Path) -> None:
    assert "with -o FILE, SHA256SUMS, finish.sh is written beside it" in wfdeps("--to", "aria2")[2]


def test_a_file_that_nobody_named_is_not_overwritten_without_force(locked: Path) -> None:
    (locked / "SHA256SUMS").write_text("mine\n")
    code, _, err = wfdeps("--to", "aria2", "-o", "list.txt")
    assert code == 2
    assert "`SHA256SUMS` is there and says something else" in err
    assert (locked / "SHA256SUMS").read_text() == "mine\n"
    assert not (locked / "list.txt").exists()
    assert wfdeps("--to", "aria2", "-o", "list.txt", "--force")[0] == 1
    assert wfdeps("--to", "aria2", "-o", "list.txt")[0] == 1  # says the same as is there


def test_scripts_have_no_carriage_returns(locked: Path) -> None:
    wfdeps("--to", "shell", "-o", "models.sh")
    assert b"\r" not in (locked / "models.sh").read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--to", "shel"), "did you mean `shell`?"),
        ((), "--to says which format"),
        (("nowhere.lock", "--to", "shell"), "no lock at `nowhere.lock`"),
        (("--to", "shell", "--with", "x"), "`x` is no option of a format"),
        (("--to", "shell", "-o", "no/such/folder/x"), "cannot write `no/such/folder/x`"),
        (("--to", "shell", "--spec-version", "1.7"), "the format has no option `spec-version`"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(locked: Path, words: tuple[str, ...], message: str) -> None:
    code, _, err = wfdeps(*words)
    assert code == 2
    assert message in err


def test_the_list_shows_every_format_with_its_options(locked: Path) -> None:
    code, out, _ = wfdeps("--list")
    assert code == 0
    assert "dockerfile: a Dockerfile for RunPod's worker-comfyui\n    --with image=…" in out
