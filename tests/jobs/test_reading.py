"""Which files are read; what cannot be is a value, and what nobody claimed to be a workflow is left out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.errors import UsageError
from wfdeps.jobs.reading import ReadFiles, WorkflowFiles, read_files
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Settings
from wfdeps.workflow import limits

WORKFLOW = '{"1": {"class_type": "VAELoader", "inputs": {"vae_name": "a.safetensors"}}, "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}'


def read(*paths: Path | str, standard_input: bytes = b"") -> ReadFiles:
    files = WorkflowFiles(tuple(map(str, paths)))
    with Doors(Settings()) as doors:
        return read_files(files, doors, standard_input=lambda at_most: standard_input[:at_most])


def test_standard_input_is_what_the_caller_hands_in() -> None:
    (reading,) = read("-", standard_input=WORKFLOW.encode()).readings
    assert isinstance(reading, WorkflowRefs)
    assert [ref.name for ref in reading.refs] == ["a.safetensors"]


def test_a_named_file_that_is_none_is_said_one_in_a_folder_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(WORKFLOW)
    (tmp_path / "b.json").write_text("[]")
    found = read(tmp_path)
    assert [reading.path for reading in found.readings] == [str(tmp_path / "a.json")]
    assert [reading.path for reading in found.left_out] == [str(tmp_path / "b.json")]
    (named,) = read(tmp_path / "b.json").readings
    assert isinstance(named, UnreadableWorkflow)


def test_a_cut_json_in_a_folder_does_not_go_unseen(tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_text(WORKFLOW[:40])
    found = read(tmp_path)
    assert found.left_out == ()
    assert isinstance(found.readings[0], UnreadableWorkflow)


def test_hidden_folders_are_not_searched_and_an_empty_one_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.json").write_text(WORKFLOW)
    with pytest.raises(UsageError, match="no workflow files"):
        read(tmp_path)


@pytest.mark.parametrize("name", ["a.json", "deep/er/a.png", "a.zip"])
def test_a_folder_in_which_nothing_is_a_workflow_is_an_error_that_names_what_is_there(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "folder" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(b"{}")
    (tmp_path / "good.json").write_text(WORKFLOW)
    with pytest.raises(UsageError, match=f"no workflow in .*`{name}` holds none") as raised:
        read(tmp_path / "good.json", tmp_path / "folder")
    assert raised.value.hint


def test_a_missing_file_is_a_value(tmp_path: Path) -> None:
    (reading,) = read(tmp_path / "none.json").readings
    assert isinstance(reading, UnreadableWorkflow)
    assert "No such file" in reading.message


def test_no_more_of_standard_input_is_asked_for_than_a_file_may_have() -> None:
    asked: list[int] = []

    def standard_input(at_most: int) -> bytes:
        asked.append(at_most)
        return b""

    with Doors(Settings()) as doors:
        read_files(WorkflowFiles(("-",)), doors, standard_input=standard_input)
    assert asked == [limits.MAX_FILE_BYTES + 1]


BARE = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))
from wfdeps.cli.main import main
sys.exit(main(["refs", sys.argv[1]]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS and named pipes of Linux")
def test_a_pipe_in_a_folder_is_not_waited_for_and_a_small_file_takes_no_large_buffer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    (tmp_path / "w.json").write_text(
        '{"1": {"class_type": "VAELoader", "inputs": {"vae_name": "a.safetensors"}}}'
    )
    done = subprocess.run(
        [sys.executable, "-c", BARE, str(tmp_path)], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, "a.safetensors" in done.stdout) == (0, True), done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="named pipes")
def test_a_pipe_that_is_named_is_read(tmp_path: Path) -> None:
    script = '"$0" -m wfdeps refs <(cat "$1")'
    path = tmp_path / "w.json"
    path.write_text('{"1": {"class_type": "VAELoader", "inputs": {"vae_name": "a.safetensors"}}}')
    done = subprocess.run(
        ["bash", "-c", script, sys.executable, str(path)], capture_output=True, text=True, timeout=30
    )
    assert (done.returncode, "a.safetensors" in done.stdout) == (0, True), done.stderr
