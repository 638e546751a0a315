"""Workflows that others made, got whole from a hub that holds what they need, and repeated from the lock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person, tree_of
from wfdeps.domain.model_types import TO_CIVITAI
from wfdeps.domain.refs import ModelRef, RefStatus, WorkflowRefs
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.workflow.read import read_workflow

THIRD_PARTY = (
    "comfyui-wiki__ComfyUI-Wiki-Workflows__workflows_video_wan2.1_fun_control_native_",
    "pollockjj__ComfyUI-MultiGPU__ci_example_workflows_api_wan2_2_t2i_lightx2v_lora_d",
    "pwillia7__Basic_ComfyUI_Workflows__Video_WorkflowImages_wan22_lx2v_gguf",
)
TEMPLATES = ("video_wan2_2_14B_i2v.json", "flux_dev_checkpoint_example.json", "sdxl_simple_example.json")


def test_an_official_template_is_got_from_its_own_urls(tmp_path: Path, template: Path) -> None:
    refs = required(template)
    assert refs
    assert all(ref.urls for ref in refs)
    got_locked_and_synced(tmp_path, template, refs)


@pytest.mark.parametrize("start", THIRD_PARTY)
def test_a_third_party_workflow_is_got_by_the_names_it_carries(
    tmp_path: Path, shared: Path, start: str
) -> None:
    (workflow,) = (shared / "data/workflows/corpus").glob(f"{start}*")
    refs = required(workflow)
    assert len(refs) >= 4
    got_locked_and_synced(tmp_path, workflow, refs)


@pytest.fixture(params=TEMPLATES)
def template(request: pytest.FixtureRequest) -> Path:
    folder = Path(str(files("comfyui_workflow_templates_json"))) / "templates"
    return next(folder.rglob(request.param))


def got_locked_and_synced(tmp_path: Path, workflow: Path, refs: tuple[ModelRef, ...]) -> None:
    """Get places every file and check is content; a second get fetches nothing; sync repeats the tree."""
    shelf = tmp_path / "shelf"
    rows = list(published(refs, shelf))
    with run_hub(rows, shelf) as hub:
        person = Person(tmp_path / "home", hub)
        got = person.get(workflow)
        assert got.code == 0, got.out + got.err
        placed = person.tree()
        assert sorted(placed.values()) == sorted(row["hashes"]["SHA256"].lower() for row in rows)
        assert person.wfdeps("check", str(workflow), "--models", str(person.models)).code == 0

        before = len(hub.requests)
        again = person.get(workflow)
        assert (again.code, len(hub.requests)) == (0, before)

        other = person.home / "other"
        other.mkdir()
        synced = person.wfdeps("sync", str(person.lock), "--locked", "--models", str(other))
        assert synced.code == 0, synced.out + synced.err
        assert tree_of(other) == placed


def required(workflow: Path) -> tuple[ModelRef, ...]:
    """What the workflow needs, read as `wfdeps` reads it."""
    readings = read_workflow(workflow.read_bytes(), str(workflow))
    return tuple(
        ref
        for reading in readings
        if isinstance(reading, WorkflowRefs)
        for ref in reading.refs
        if ref.status is RefStatus.REQUIRED
    )


def published(refs: tuple[ModelRef, ...], shelf: Path) -> Iterator[dict[str, Any]]:
    """A catalogue row and a file on the shelf for every ref: at its own repository, else as a model of its name."""
    shelf.mkdir()
    for number, ref in enumerate(refs, 1):
        name = ref.name.replace("\\", "/").rpartition("/")[2]
        content = content_of(name, number)
        (shelf / f"{number}-{name}").write_bytes(content)
        yield {
            "model_id": number,
            "version_id": 1000 + number,
            "file_id": 5000 + number,
            "model_name": name.rpartition(".")[0].replace("_", " ").replace("-", " "),
            "version_name": "v1",
            "model_type": TO_CIVITAI.get(ref.model_type, ("Other",))[0],
            "file_name": name,
            "override_name": name,
            "base_model": "Other",
            "hashes": {"SHA256": hashlib.sha256(content).hexdigest().upper()},
            "path": f"{number}-{name}",
            "primary": True,
            **at_repository(ref),
        }


def at_repository(ref: ModelRef) -> dict[str, Any]:
    """Where the workflow says the file is to be had, as the hub's Hugging Face side wants it."""
    if not ref.urls:
        return {}
    owner, repo, _, revision, *path = unquote(urlsplit(ref.urls[0]).path).strip("/").split("/")
    return {"hf": {"repo": f"{owner}/{repo}", "revision": revision, "path": "/".join(path)}}


def content_of(name: str, seed: int) -> bytes:
    """A small file that is what its ending says, and unlike every other."""
    if name.endswith(".gguf"):
        return b"GGUF" + (3).to_bytes(4, "little") + bytes(8) + (0).to_bytes(8, "little") + bytes([seed]) * 8
    return safetensors_bytes({f"block.{seed}.weight": (4, 4)}, "F16", {}, seed=seed)
