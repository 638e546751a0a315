"""What can run code comes only on a person's word, under a name that says so, and is never loaded to find out."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.detect import files
from tests.fakes.hub import run_hub
from tests.hub.rows import lora
from tests.whole.conftest import Person
from tests.whole.test_main_job import api
from wfdeps.schema import problems

DOWN, UP = "lora_unet_mid_block.lora_down.weight", "lora_unet_mid_block.lora_up.weight"
WEIGHTS = files.torch_zip(files.state_dict_pickle({DOWN: (8, 768), UP: (320, 8)}))
ATTACK = files.torch_zip(files.global_("os", "system") + b"(" + files.text("touch hacked") + b"tR")
PROGRAM = files.torch_zip(b"}", extra={"archive/code/__torch__.py": b"pass"})


@contextmanager
def person_with(name: str, data: bytes, tmp_path: Path) -> Iterator[Person]:
    """A person beside a hub that has one file."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "file").write_bytes(data)
    row = lora(1, "Broad Harbour", file_name=name, path="file")
    with run_hub([row], shelf, tokens=["s3cret-token"]) as hub:
        yield Person(tmp_path / "home", hub)


@pytest.mark.parametrize("flags", [(), ("--allow-pickle",)])
@pytest.mark.parametrize("data", [WEIGHTS, ATTACK, PROGRAM], ids=["weights", "attack", "program"])
def test_a_pickle_that_calls_itself_safetensors_is_not_placed_whatever_is_allowed(
    data: bytes, flags: tuple[str, ...], tmp_path: Path
) -> None:
    with person_with("broad_harbour.safetensors", data, tmp_path) as person:
        workflow = person.save("wf.json", api(LoraLoader={"lora_name": "broad_harbour.safetensors"}))
        said = person.get(workflow, "--json", *flags)
        assert said.code == 4
        assert "by its bytes, whatever its name says" in said.json["refs"][0]["detail"]
        assert person.wfdeps("download", "civitai:1", "--models", str(person.models), *flags).code == 4
        there = person.home / "there.safetensors"
        told = person.wfdeps("download", "civitai:1", "--out", str(there), "--json", *flags).out.splitlines()
        assert [problems(json.loads(line), "events-1") for line in told] == [()] * len(told)
        assert person.wfdeps("download", "civitai:1", "--out", str(there), *flags).code == 4
        assert (person.tree(), there.exists()) == ({}, False)
        assert not os.path.exists("hacked")


def test_a_pickle_is_taken_by_a_workflow_only_where_it_is_allowed(tmp_path: Path) -> None:
    with person_with("broad_harbour.pt", WEIGHTS, tmp_path) as person:
        workflow = person.save("wf.json", api(LoraLoader={"lora_name": "broad_harbour.pt"}))
        refused = person.get(workflow)
        assert (refused.code, person.tree()) == (1, {})
        assert "a pickle can run code" in refused.out
        assert person.get(workflow, "--allow-pickle").code == 0
        assert list(person.tree()) == ["loras/broad_harbour.pt"]


def test_a_pickle_is_downloaded_by_number_only_where_it_is_allowed(tmp_path: Path) -> None:
    with person_with("broad_harbour.pt", WEIGHTS, tmp_path) as person:
        there = person.home / "there"
        aside = person.wfdeps("download", "civitai:1", "-o", str(there))
        assert (aside.code, there.exists()) == (4, False)
        assert "--allow-pickle" in aside.err
        words = ("download", "civitai:1", "--models", str(person.models))
        refused = person.wfdeps(*words)
        assert (refused.code, person.tree()) == (4, {})
        assert "`broad_harbour.pt` is a pickle" in refused.err and "--allow-pickle" in refused.err
        assert person.wfdeps(*words, "--allow-pickle").code == 0
        assert list(person.tree()) == ["loras/broad_harbour.pt"]


def test_of_a_pickle_that_was_allowed_it_is_said_what_its_opcodes_call(tmp_path: Path) -> None:
    with person_with("broad_harbour.pt", ATTACK, tmp_path) as person:
        workflow = person.save("wf.json", api(LoraLoader={"lora_name": "broad_harbour.pt"}))
        said = person.get(workflow, "--allow-pickle")
        assert "can run code when it is loaded: unsafe or unknown: it imports `os.system`" in said.err
        aside = person.wfdeps("download", "civitai:1", "--allow-pickle", "-o", str(person.home / "there"))
        assert "can run code when it is loaded: unsafe or unknown: it imports `os.system`" in aside.err
        assert not os.path.exists("hacked")
