"""A large file chosen by its name alone is looked at before it is fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import lora
from tests.whole.conftest import Person
from tests.whole.test_main_job import api
from wfdeps.hub import anatomy
from wfdeps.hub.samples import safetensors_bytes

NAME = "broadHarbour_v10.safetensors"
LARGE = {**anatomy.SD1_LORA, "lora_unet_large.lora_down.weight": (4096, 4300)}
"""A LoRA of 35 MB."""
LOOK = "bytes=0-99999"


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """The hub's models: one large LoRA."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    (folder / "large.safetensors").write_bytes(safetensors_bytes(LARGE, "F16", {}, seed=1))
    return folder


def test_a_large_file_of_the_right_name_and_another_type_costs_its_header_only(
    shelf: Path, tmp_path: Path
) -> None:
    row = lora(1, "Broad Harbour", model_type="Checkpoint", path="large.safetensors")
    with run_hub([row], shelf, tokens=["s3cret-token"]) as hub:
        person = Person(tmp_path / "home", hub)
        workflow = person.save("wf.json", api(CheckpointLoaderSimple={"ckpt_name": NAME}))
        said = person.get(workflow, "--json")
        (ref,) = said.json["refs"]
        assert said.code == 4
        assert "is a lora by its header" in ref["detail"]
        assert person.tree() == {}
        assert [seen.range for seen in hub.requests if seen.storage] == [LOOK]


def test_what_a_lock_names_by_its_hash_is_fetched_without_a_look(shelf: Path, tmp_path: Path) -> None:
    row = lora(1, "Broad Harbour", file_name="broad_harbour.safetensors", path="large.safetensors")
    with run_hub([row], shelf, tokens=["s3cret-token"]) as hub:
        person = Person(tmp_path / "home", hub)
        workflow = person.save("wf.json", api(LoraLoader={"lora_name": "broad_harbour.safetensors"}))
        assert person.get(workflow).code == 0
        assert LOOK in [seen.range for seen in hub.requests if seen.storage]
        hub.requests.clear()
        other = person.home / "other"
        other.mkdir()
        assert person.wfdeps("sync", str(person.lock), "--models", str(other)).code == 0
        assert LOOK not in [seen.range for seen in hub.requests if seen.storage]
