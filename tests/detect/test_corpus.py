"""Laws over the header corpus: the accuracy that is promised, and prefixes and spellings that change nothing."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import BITS, Header, Tensor, elements


@cache
def corpus(path: Path) -> tuple[tuple[dict[str, Any], Header], ...]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = list(map(json.loads, lines))
    return tuple(
        ({**row, "tensors": None}, Header("safetensors", {k: _tensor(v) for k, v in row["tensors"].items()}))
        for row in rows
    )


def _tensor(entry: dict[str, Any]) -> Tensor:
    shape = tuple(entry["shape"]) if entry.get("shape") is not None else None
    dtype = entry.get("dtype") or ""
    return Tensor(dtype, shape, elements(shape or ()) * BITS.get(dtype, 16) // 8)


@pytest.fixture(scope="module")
def headers(shared: Path) -> tuple[tuple[dict[str, Any], Header], ...]:
    return corpus(shared / "data" / "detection" / "headers.jsonl.gz")


def _families(row: dict[str, Any]) -> set[str]:
    label = row["arch"] or ""
    return set() if label.startswith("class:") or "?" in label else set(filter(None, label.split("|")))


def test_types_and_base_models_are_told_as_often_as_promised(headers: Any) -> None:
    answers = [(row, identify(header)) for row, header in headers]
    right = [str(identity.model_type) == row["type"] for row, identity in answers]
    labelled = [
        bool(_families(row) & set(identity.architectures)) for row, identity in answers if _families(row)
    ]
    assert sum(right) / len(right) >= 0.98
    assert sum(labelled) / len(labelled) >= 0.96
    assert max(len(identity.architectures) for _, identity in answers) <= 4


@pytest.mark.parametrize(
    "prefix", ["model.diffusion_model.", "diffusion_model.", "transformer.", "net.", "unet."]
)
def test_a_diffusion_model_is_the_same_below_any_prefix(headers: Any, prefix: str) -> None:
    for row, header in headers:
        if row["type"] == "diffusion_model" and row["complete"]:
            below = {prefix + name: tensor for name, tensor in header.tensors.items()}
            assert identify(Header("safetensors", below)).architectures == identify(header).architectures, (
                row["file"]
            )


def test_without_shapes_the_right_family_is_still_among_the_answers(headers: Any) -> None:
    rows = [(row, header) for row, header in headers if _families(row)]
    bare = [
        {name: tensor._replace(shape=None) for name, tensor in header.tensors.items()} for _, header in rows
    ]
    told = [set(identify(Header("index", tensors)).architectures) for tensors in bare]
    hits = [bool(_families(row) & families) for (row, _), families in zip(rows, told, strict=True)]
    assert sum(hits) / len(hits) >= 0.96


def test_the_order_of_keys_changes_nothing(headers: Any) -> None:
    for row, header in headers:
        turned = dict(reversed(list(header.tensors.items())))
        assert identify(Header("safetensors", turned)).model_type == identify(header).model_type, row["file"]
