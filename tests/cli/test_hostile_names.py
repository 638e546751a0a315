"""What a workflow, a file name or a sidecar says never moves the cursor of the person who reads about it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from wfdeps.cli.main import main
from wfdeps.fetch.staging import BAD, FOLDER

ESCAPE = "\x1b[31m"
TOKEN = "a-token-nobody-may-see"

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no file can have such a name there")


@pytest.fixture
def wfdeps(tmp_path: Path) -> Callable[..., str]:
    """Runs a line over a hostile workflow and a hostile library; all that it said."""
    models = tmp_path / "models"
    for folder in ("checkpoints", "loras"):
        (models / folder).mkdir(parents=True)
        (models / folder / f"evil{ESCAPE}.safetensors").write_bytes(b"\x02" + bytes(7) + b"{}")
    (models / "loras" / f"cut{ESCAPE}.safetensors").write_bytes(b"\x40" + bytes(7) + b'{"a"')
    staging = models / "loras" / FOLDER
    staging.mkdir()
    (staging / f"key{BAD}").write_bytes(b"not the file")
    tries = [{"algorithm": "sha256", "actual": "1", "expected": "2"}]
    note = json.dumps({"wanted": f"evil{ESCAPE}", "tries": tries})
    (staging / f"key{BAD}.json").write_text(note, encoding="utf-8")
    workflow = tmp_path / f"wf{ESCAPE}.json"
    workflow.write_text(json.dumps(WORKFLOW), encoding="utf-8")
    (tmp_path / "home").mkdir()

    def run(*words: str) -> str:
        told = io.StringIO()
        environ = {"HOME": str(tmp_path / "home"), "WFDEPS_CACHE_DIR": str(tmp_path / "cache")}
        line = [word.replace("WORKFLOW", str(workflow)) for word in words]
        main(
            [*line, "--models", str(models), "--offline", "--no-input"],
            stdout=told,
            stderr=told,
            environ=environ,
        )
        return told.getvalue()

    return run


WORKFLOW = {
    "nodes": [
        {
            "id": 1,
            "type": f"CheckpointLoader{ESCAPE}Simple",
            "widgets_values": [f"other/evil{ESCAPE}.safetensors"],
            "outputs": [{"name": "MODEL", "type": "MODEL", "links": [1]}],
            "properties": {
                "models": [
                    {
                        "name": f"other/evil{ESCAPE}.safetensors",
                        "url": f"https://example.org/evil.safetensors?token={TOKEN}",
                        "directory": "checkpoints",
                    }
                ]
            },
        },
        {"id": 2, "type": "PreviewAny", "inputs": [{"name": "source", "type": "MODEL", "link": 1}]},
    ],
    "links": [[1, 1, 0, 2, 0, "MODEL"]],
    "version": 0.4,
}


@pytest.mark.parametrize(
    "line",
    [
        ("check", "WORKFLOW"),
        ("why", "evil", "WORKFLOW"),
        ("why", f"{ESCAPE}nobody", "WORKFLOW"),
        ("get", "WORKFLOW", "--dry-run"),
        ("graph", "WORKFLOW"),
        ("fix", "WORKFLOW", "--link"),
        ("list",),
        ("unused", "WORKFLOW"),
        ("duplicates",),
        ("verify",),
        ("clean",),
        ("paths", "--names"),
    ],
    ids=lambda line: line[0],
)
def test_no_name_moves_the_cursor(wfdeps: Callable[..., str], line: tuple[str, ...]) -> None:
    told = wfdeps(*line)
    assert "\\x1b[31m" in told
    assert "\x1b" not in told


def test_why_tells_where_a_workflow_says_a_file_is_and_no_token(wfdeps: Callable[..., str]) -> None:
    told = wfdeps("why", "evil", "WORKFLOW")
    assert "the workflow also says  https://example.org/evil.safetensors\n" in told
    assert TOKEN not in told
