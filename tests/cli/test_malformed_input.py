"""A malformed file ends each command with a sentence and exit code 2, never with a traceback.

Each line runs in a process of its own: what a module has imported before decides whether a reader works
(a C scanner of CPython 3.11 raises SystemError until `json.decoder` has been imported).
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

MALFORMED = {
    "cut off": b'{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.saf',
    "not UTF-8": b'{"1": "\xff\xfe\x80"}',
    "too deep": b"[" * 100_000,
    "a number of 5,000 digits": b'{"1": ' + b"9" * 5000 + b"}",
    "a lone quote": b'"',
}
"""What a damaged download, another encoding or a hostile file looks like."""

WORKFLOWS = (
    "refs BAD",
    "check BAD --models M",
    "check BAD --models M --format json",
    "check BAD --models M --online",
    "get BAD --models M --yes --no-lock",
    "lock BAD --models M",
    "graph BAD --models M",
    "fix BAD --models M",
    "list --models M --workflows BAD",
    "unused BAD --models M",
    "check good.json --models M --object-info BAD",
    "check good.json --models M --policy BAD",
    "check good.json --models M --target BAD",
    "check good.json --models M --config BAD",
    "batch BAD --models M",
    "why a.safetensors BAD --models M",
)
"""Lines that read a file a person names; BAD is the malformed one."""


@pytest.mark.parametrize("line", WORKFLOWS)
@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_file_is_exit_code_2(line: str, kind: str, tmp_path: Path) -> None:
    done = run_bare(line, MALFORMED[kind], tmp_path)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert "bad.json" in done.stdout + done.stderr
    assert done.returncode == 2, (done.stdout, done.stderr)


@pytest.mark.parametrize("kind", MALFORMED)
def test_a_malformed_lock_is_exit_code_2(kind: str, tmp_path: Path) -> None:
    done = run_bare("sync BAD --models M", MALFORMED[kind], tmp_path)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert done.returncode == 2, (done.stdout, done.stderr)


@pytest.mark.parametrize("kind", MALFORMED)
def test_an_error_that_is_no_json_is_explained_or_refused(kind: str, tmp_path: Path) -> None:
    done = run_bare("explain BAD --models M", MALFORMED[kind], tmp_path)
    assert "Traceback" not in done.stderr + done.stdout, done.stderr
    assert done.returncode in (1, 2), (done.stdout, done.stderr)


def run_bare(line: str, content: bytes, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command line in a fresh interpreter, with `bad.json` holding the content."""
    (folder / "M" / "checkpoints").mkdir(parents=True)
    (folder / "good.json").write_text(
        '{"1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}}}'
    )
    (folder / "bad.json").write_bytes(content)
    words = ["bad.json" if word == "BAD" else word for word in line.split()]
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("WFDEPS_", "HF_"))}
    return subprocess.run(
        [sys.executable, "-m", "wfdeps", *words, "--offline", "--no-input"],
        cwd=folder,
        env={**environ, "HOME": str(folder)},
        capture_output=True,
        encoding="utf-8",
    )
