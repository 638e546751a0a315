"""The tables of folder keys and model types are total and agree with each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from wfdeps.domain.folders import ALIASES, DEFAULT_KEY, FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import FROM_CIVITAI, FROM_CIVITAI_FILE, ModelType, from_civitai

NO_FOLDER = {ModelType.OTHER, ModelType.UNKNOWN}


def test_every_model_type_has_a_folder_or_is_known_to_have_none() -> None:
    assert set(DEFAULT_KEY) == set(ModelType) - NO_FOLDER


def test_every_default_folder_and_every_alias_is_a_listed_key() -> None:
    assert set(DEFAULT_KEY.values()) | set(ALIASES.values()) <= set(FOLDER_KEYS)


def test_no_alias_is_a_key_of_its_own() -> None:
    assert not set(ALIASES) & set(FOLDER_KEYS)


@pytest.mark.parametrize("key", sorted(FOLDER_KEYS))
def test_a_canonical_key_stays_itself(key: str) -> None:
    assert canonical_key(key) == key
    assert model_type_of(key) is FOLDER_KEYS[key].model_type


def test_a_files_own_type_is_believed_before_its_models() -> None:
    assert from_civitai("Checkpoint", "VAE") is ModelType.VAE
    assert from_civitai("Checkpoint", "Model") is ModelType.CHECKPOINT
    assert from_civitai("Nonsense") is ModelType.UNKNOWN


def test_every_civitai_type_of_the_catalogue_is_listed(shared: Path) -> None:
    with (shared / "data/civitai/catalogue.jsonl").open(encoding="utf-8") as rows:
        seen = {(row["model_type"], row["file_type"]) for row in map(json.loads, rows)}
    assert {model_type for model_type, _ in seen} <= set(FROM_CIVITAI)
    assert {file_type for _, file_type in seen} - set(FROM_CIVITAI_FILE) <= {"Model", "Pruned Model", None}


def test_the_core_loaders_of_a_real_server_name_listed_folders(shared: Path) -> None:
    table = json.loads((shared / "data/workflows/core_node_folders.json").read_text(encoding="utf-8"))
    named = {canonical_key(key) for keys in table.values() for key in keys}
    assert named <= {key for key, row in FOLDER_KEYS.items() if row.core}
