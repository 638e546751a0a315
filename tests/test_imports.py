"""The import rules of pyproject.toml hold, and a circle inside a room breaks them, however the import is written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from tests.conftest import REPOSITORY

LOWER = Path("wfdeps/workflow/model_claims.py")  # `read` imports it
CIRCLES = {
    "at the top": "from wfdeps.workflow.read import read_workflow\n",
    "inside a function": "def late():\n    from wfdeps.workflow.read import read_workflow\n",
    "for type checkers": "if TYPE_CHECKING:\n    from wfdeps.workflow.read import read_workflow\n",
}


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    arguments = [sys.executable, "-c", program, "--no-cache", "--config", str(folder / "pyproject.toml")]
    return subprocess.run(arguments, cwd=folder, capture_output=True, text=True)


def test_the_import_rules_hold() -> None:
    done = lint_imports(REPOSITORY)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("written", CIRCLES)
def test_a_circle_inside_a_room_is_found(tmp_path: Path, written: str) -> None:
    copytree(REPOSITORY / "wfdeps", tmp_path / "wfdeps", ignore=ignore_patterns("__pycache__", "tables"))
    (tmp_path / "pyproject.toml").write_bytes((REPOSITORY / "pyproject.toml").read_bytes())
    module = tmp_path / LOWER
    module.write_text(f"{module.read_text('utf-8')}\n\n{CIRCLES[written]}", "utf-8")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert "inside rooms either BROKEN" in done.stdout
