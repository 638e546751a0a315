"""A file is proven by a hash that was written down, sound by its header, or bad; each says why."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from tests.detect.files import safetensors
from wfdeps.domain.listings import FileVerdict, Verified
from wfdeps.jobs.verify import verify
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Settings

WHOLE = safetensors({"a": (4, 4)})


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "loras" / "a.safetensors"
    path.parent.mkdir(parents=True)
    path.write_bytes(WHOLE)
    return path


def verdict_on(path: Path, *, deep: bool) -> Verified:
    models = path.parents[1]
    with Doors(Settings(models=str(models), cache_dir=str(models.parent / "cache"))) as doors:
        (row,) = verify(doors, deep=deep)
    return row


def write_sidecar(path: Path, sha256: str) -> None:
    sidecar = {"schema": "wfdeps/sidecar/1", "hashes": {"sha256": sha256}}
    path.with_name(f"{path.name}.civitai.json").write_text(json.dumps(sidecar))


def test_without_a_hash_a_whole_file_is_sound(lora: Path) -> None:
    assert verdict_on(lora, deep=False).verdict is FileVerdict.SOUND
    told = verdict_on(lora, deep=True)
    assert (told.verdict, told.reason) == (FileVerdict.SOUND, "no hash to compare with")


def test_with_its_hash_beside_it_a_read_file_is_proven(lora: Path) -> None:
    write_sidecar(lora, hashlib.sha256(WHOLE).hexdigest())
    assert verdict_on(lora, deep=True).verdict is FileVerdict.PROVEN


def test_another_hash_beside_it_makes_it_bad(lora: Path) -> None:
    write_sidecar(lora, "0" * 64)
    told = verdict_on(lora, deep=True)
    assert told.verdict is FileVerdict.BAD
    assert "its sidecar says" in told.reason


def test_a_cut_file_is_bad_without_reading_it_whole(lora: Path) -> None:
    lora.write_bytes(WHOLE[:-8])
    told = verdict_on(lora, deep=False)
    assert told.verdict is FileVerdict.BAD
    assert told.reason
