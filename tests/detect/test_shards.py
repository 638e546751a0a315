"""Laws of a sharded model's index: its names tell what the model is, its parts how large, and no part lies elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.detect.files import read_bytes, safetensors
from wfdeps.detect.headers import Corrupt, Header
from wfdeps.detect.identify import identify
from wfdeps.detect.safetensors import MAX_TENSORS
from wfdeps.domain.files import LocalFile
from wfdeps.domain.identity import Identity
from wfdeps.library.identities import read_identity

WAN = {
    "condition_embedder.time_embedder.linear_1.weight": (5120, 256),
    "patch_embedding.weight": (5120, 36, 1, 2, 2),
    "blocks.0.attn1.norm_q.weight": (5120,),
    "blocks.39.attn1.to_q.weight": (5120, 5120),
}
PARTS = ("m-00001-of-00002.safetensors", "m-00002-of-00002.safetensors")


def index(names: dict[str, str]) -> bytes:
    return json.dumps({"metadata": {"total_size": 1}, "weight_map": names}).encode()


def identity(path: Path) -> Identity:
    return read_identity(LocalFile(str(path), "", path.name, path.stat().st_size))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """An index beside its two parts."""
    halves = dict(list(WAN.items())[:2]), dict(list(WAN.items())[2:])
    for part, half in zip(PARTS, halves, strict=True):
        (tmp_path / part).write_bytes(safetensors(half))
    path = tmp_path / "m.safetensors.index.json"
    path.write_bytes(index({name: part for part, half in zip(PARTS, halves, strict=True) for name in half}))
    return path


def test_the_names_alone_tell_what_it_is() -> None:
    header = read_bytes(index(dict.fromkeys(WAN, PARTS[0])))
    assert isinstance(header, Header)
    assert (header.format, header.shards) == ("index", PARTS[:1])
    assert identify(header).architectures == ("wan",)


def test_the_parts_beside_it_tell_sizes_and_dtype(model: Path) -> None:
    whole = identity(model)
    assert (whole.architectures, whole.precision) == (("wan",), "fp16")
    assert whole.parameters == 5120 * 256 + 5120 * 36 * 4 + 5120 + 5120 * 5120


def test_without_a_part_the_names_still_tell(model: Path) -> None:
    model.with_name(PARTS[1]).unlink()
    assert (identity(model).architectures, identity(model).parameters) == (("wan",), None)


def test_a_damaged_part_is_the_models_damage(model: Path) -> None:
    model.with_name(PARTS[1]).write_bytes(b"<!DOCTYPE html><html>")
    assert identity(model).reasons == (f"its part `{PARTS[1]}`: html page",)


def test_a_part_is_looked_for_beside_its_index_and_nowhere_else(tmp_path: Path) -> None:
    outside = tmp_path / "outside.safetensors"
    outside.write_bytes(safetensors(WAN))
    folder = tmp_path / "models"
    folder.mkdir()
    for where in ("../outside.safetensors", str(outside)):
        (folder / "m.safetensors.index.json").write_bytes(index(dict.fromkeys(WAN, where)))
        assert identity(folder / "m.safetensors.index.json").parameters is None


@pytest.mark.parametrize(
    "text", [b'{"weight_map": []}', b'{"weight_map": {}}', b'{"weight_map": {"a": 1}}', b'{"weight_map": ' + b"[" * 100_000,
             b"[" * 100_000, b'{"a": 1', b'{"weight_map": {' + b'"a":"b",' * (MAX_TENSORS + 1) + b'"c":"d"}}']
)  # fmt: skip
def test_any_other_json_is_no_model(text: bytes) -> None:
    assert isinstance(read_bytes(text), Corrupt)
