"""The sample models and the sample workflows: the same every time, and made for each other."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from wfdeps.detect.headers import read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Header
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.hub.samples import SAMPLES, write_samples

WORKFLOWS = Path(__file__).resolve().parents[2] / "sample_workflows"
TYPES = {
    "checkpoints": ModelType.CHECKPOINT,
    "loras": ModelType.LORA,
    "vae": ModelType.VAE,
    "embeddings": ModelType.EMBEDDING,
    "diffusion_models": ModelType.DIFFUSION_MODEL,
    "text_encoders": ModelType.TEXT_ENCODER,
    "upscale_models": ModelType.UPSCALER,
}
ARCHITECTURES = {"SD 1.5": "sd1", "SDXL 1.0": "sdxl", "Flux.1 D": "flux"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("samples")


@pytest.fixture(scope="module")
def rows(folder: Path) -> list[dict[str, object]]:
    return write_samples(str(folder))


def identity_of(path: Path) -> Identity:
    content = path.read_bytes()
    header = read_header(lambda offset, length: content[offset : offset + length], len(content), path.name)
    assert isinstance(header, Header)
    return identify(header)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.path)
def test_a_header_tells_the_type_and_the_family(sample, folder: Path, rows) -> None:
    identity = identity_of(folder / sample.path)
    assert identity.model_type is TYPES[sample.path.split("/")[0]]
    if sample.base_model in ARCHITECTURES and "text_encoders" not in sample.path:
        assert ARCHITECTURES[sample.base_model] in identity.architectures


def test_the_same_bytes_every_time(folder: Path, rows, tmp_path: Path) -> None:
    assert write_samples(str(tmp_path)) == rows
    for sample in SAMPLES:
        assert (tmp_path / sample.path).read_bytes() == (folder / sample.path).read_bytes()


def test_a_few_megabytes_in_all(folder: Path, rows) -> None:
    assert sum(path.stat().st_size for path in folder.rglob("*.safetensors")) < 12_000_000


def test_two_different_files_share_one_name(rows) -> None:
    (twice,) = [name for name, count in Counter(row["file_name"] for row in rows).items() if count > 1]
    hashes = {row["hashes"]["SHA256"] for row in rows if row["file_name"] == twice}
    assert len(hashes) == 2


def test_the_demo_names_one_file_by_hash_and_one_by_url(rows) -> None:
    demo = json.loads((WORKFLOWS / "demo.json").read_text(encoding="utf-8"))
    declared = [model for node in demo["nodes"] for model in node["properties"].get("models", [])]
    (hashed,) = [model for model in declared if "hash" in model]
    (linked,) = [model for model in declared if "url" in model]
    by_hash = [row for row in rows if row["hashes"]["SHA256"].lower() == hashed["hash"]]
    assert [row["file_name"] for row in by_hash] != [hashed["name"]]
    assert linked["url"].endswith(
        f"/{next(row for row in rows if row['file_name'] == linked['name'])['version_id']}"
    )


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.json")), ids=lambda path: path.name)
def test_every_model_a_sample_workflow_names_is_a_sample(path: Path, rows) -> None:
    text = path.read_text(encoding="utf-8")
    known = {str(row["file_name"]) for row in rows} | {"lantern_night_final2.safetensors"}
    named = {word for word in text.replace('"', "\n").split("\n") if word.endswith(".safetensors")}
    assert named
    assert named <= known


@pytest.mark.parametrize("path", sorted(WORKFLOWS.glob("*.json")), ids=lambda path: path.name)
def test_every_link_of_a_sample_workflow_joins_what_it_says(path: Path) -> None:
    workflow = json.loads(path.read_text(encoding="utf-8"))
    if "nodes" not in workflow:
        assert all("class_type" in node for node in workflow.values())
        return
    assert workflow["version"] == 0.4
    nodes = {node["id"]: node for node in workflow["nodes"]}
    assert workflow["last_node_id"] == max(nodes)
    for link, source, out, target, into, kind in workflow["links"]:
        assert link in nodes[source]["outputs"][out]["links"]
        assert (nodes[source]["outputs"][out]["type"], nodes[target]["inputs"][into]["type"]) == (kind, kind)
        assert nodes[target]["inputs"][into]["link"] == link
