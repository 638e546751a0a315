"""The exit code is the verdict's, whoever reads what is printed, and whatever the standard streams are."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from wfdeps.cli.streams import Unheard

MAIN = "from wfdeps.cli.main import run; run()"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the shell's own words for closed streams")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A workflow that misses its one file, one that needs none, and an empty models folder."""
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    (tmp_path / "gone").mkdir()
    load = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "no.safetensors"}}
    save = {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}
    (tmp_path / "missing.json").write_text(json.dumps({"1": load, "2": save}))
    (tmp_path / "ready.json").write_text(json.dumps({"2": save}))
    return tmp_path


def shell(tree: Path, line: str) -> tuple[int, str]:
    """(exit code of the `wfdeps` in this line, what it wrote to the file `err`); W, F and M are put in."""
    words = {
        "W": f"{shlex.quote(sys.executable)} -c {shlex.quote(MAIN)}",
        "F": shlex.quote(str(tree / "missing.json")),
        "M": f"--models {shlex.quote(str(tree / 'models'))}",
    }
    script = " ".join(words.get(word, word) for word in line.split(" "))
    environ = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "PYTHONPATH")},
        "HOME": str(tree),
        "WFDEPS_CACHE_DIR": str(tree / "cache"),
        "WFDEPS_STATE_DIR": str(tree / "state"),
    }
    ran = subprocess.run(
        ["bash", "-c", script], cwd=tree, env=environ, capture_output=True, text=True, timeout=60
    )
    err = tree / "err"
    return ran.returncode, ran.stderr + (err.read_text() if err.exists() else "")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("W check F M 2>err | true; exit ${PIPESTATUS[0]}", 1),
        ("W check F M --json 2>err | true; exit ${PIPESTATUS[0]}", 1),
        ("W check ready.json M 2>err | true; exit ${PIPESTATUS[0]}", 0),
        ("W get F M --offline --yes --no-lock 2>err | true; exit ${PIPESTATUS[0]}", 3),
        ("W nonsense 2>&1 | true; exit ${PIPESTATUS[0]}", 2),
        ("W --help 2>err | true; exit ${PIPESTATUS[0]}", 0),
        ("W check F M 2>err >&-", 1),
        ("W check ready.json M 2>err >&-", 0),
        ("W check F M --format junit 2>err >&-", 1),
        ("W check F M 2>&-", 1),
        ("W check F M >&- 2>&- <&-", 1),
        ("W nonsense >&- 2>&-", 2),
        ("W --version 2>err >&-", 0),
        ("W check F M 2>err <&-", 1),
        ("W check - M 2>err <&-", 2),
        ("W explain - 2>err <&-", 2),
        ("W resolve - --offline 2>err <&-", 2),
        ("W get F M --offline --no-lock 2>err <&-", 3),
        ("cd gone; rmdir ../gone; W check F M", 1),
        ("cd gone; rmdir ../gone; W check missing.json M", 2),
        ("cd gone; rmdir ../gone; W check F", 2),
        ("cd gone; rmdir ../gone; W check F --models models", 2),
        ("cd gone; rmdir ../gone; W get F M --offline --yes", 2),
        ("cd gone; rmdir ../gone; W get F M --offline --yes --no-lock", 3),
    ],
)
def test_the_code_is_the_verdicts_and_there_is_no_traceback(tree: Path, line: str, code: int) -> None:
    ended, err = shell(tree, line)
    assert (ended, "Traceback" in err, "Exception ignored" in err) == (code, False, False), err


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a disk that is always full")
def test_a_full_disk_is_said(tree: Path) -> None:
    code, err = shell(tree, "W check F M >/dev/full 2>err")
    assert code == 4
    assert err.startswith("error: no room left to write the output")


def test_a_watch_that_nobody_reads_ends_with_the_code_of_its_check(tree: Path) -> None:
    assert shell(tree, "W check F M --watch 2>err | true; exit ${PIPESTATUS[0]}")[0] == 1


def test_what_was_closed_is_not_taken_by_the_next_file(tree: Path) -> None:
    """A descriptor that is free goes to whatever is opened next: what is printed must not end up in a database."""
    assert shell(tree, "W check F M --format text >&- 2>&-")[0] == 1
    for path in (tree / "cache").rglob("*"):
        assert path.is_dir() or b"no.safetensors: " not in path.read_bytes()


def test_only_a_missing_reader_is_taken_silently() -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        Unheard(Full()).write("x")
    closed = io.StringIO()
    closed.close()
    stream = Unheard(closed)
    stream.write("x")
    stream.flush()
    assert not stream.is_read
