"""Refs that mean one file become one ref that forgets nobody who asked."""

from __future__ import annotations

from wfdeps.domain.merging import merge_refs
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus


def ref(
    name: str, status: RefStatus = RefStatus.REQUIRED, folder: str = "loras", node: str = "1"
) -> ModelRef:
    site = NodeSite("w.json", node, "LoraLoader", "lora_name")
    return ModelRef(name, ModelType.LORA, (folder,), status, (site,))


def test_the_same_name_in_the_same_folder_is_one_ref_with_both_sites() -> None:
    (merged,) = merge_refs([ref("a.safetensors", node="1"), ref("a.safetensors", node="2")])
    assert [site.node_id for site in merged.sites] == ["1", "2"]


def test_the_same_name_in_another_folder_is_another_file() -> None:
    assert len(merge_refs([ref("a.safetensors"), ref("a.safetensors", folder="vae")])) == 2


def test_one_active_node_makes_a_file_required() -> None:
    (merged,) = merge_refs(
        [ref("a.safetensors", RefStatus.INACTIVE), ref("a.safetensors", RefStatus.REQUIRED)]
    )
    assert merged.status is RefStatus.REQUIRED


def test_the_order_is_that_of_the_first_mention() -> None:
    assert [one.name for one in merge_refs([ref("b"), ref("a"), ref("b")])] == ["b", "a"]
