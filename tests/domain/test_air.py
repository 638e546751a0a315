"""AIRs are read loosely and written strictly."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.air import Air

word = st.from_regex(r"[a-z][a-z0-9_\-]{0,8}", fullmatch=True)
number = st.integers(1, 2**31 - 1).map(str)
airs = st.builds(
    Air,
    source=st.sampled_from(["civitai", "huggingface"]),
    id=number,
    version=st.none() | number,
    file=st.none() | number,
    ecosystem=word,
    type=word,
    format=st.none() | st.sampled_from(["safetensors", "ckpt", "gguf"]),
)


@given(airs)
def test_what_is_written_reads_back(air: Air) -> None:
    assert Air.parse(str(air)) == air


def test_every_part_of_a_full_air_is_told_apart() -> None:
    air = Air.parse("urn:air:sdxl:lora:civitai:328553@368189+290001.safetensors")
    assert (air.ecosystem, air.type, air.source) == ("sdxl", "lora", "civitai")
    assert (air.model_id, air.version_id, air.file_id, air.format) == (328553, 368189, 290001, "safetensors")


@pytest.mark.parametrize("text", ["civitai:1@2", "air:civitai:1@2", "URN:AIR:sd1:checkpoint:CivitAI:1@2"])
def test_the_loose_forms_name_the_same_version(text: str) -> None:
    air = Air.parse(text)
    assert (air.source, air.model_id, air.version_id) == ("civitai", 1, 2)


def test_a_trailing_format_is_not_part_of_the_version() -> None:
    assert Air.parse("urn:air:sd1:model:civitai:1@2.safetensors").version_id == 2


def test_a_repository_keeps_its_slash() -> None:
    air = Air.parse("urn:air:flux1:vae:huggingface:black-forest-labs/FLUX.1-schnell@main")
    assert air.id == "black-forest-labs/FLUX.1-schnell"
    assert air.model_id is None


@pytest.mark.parametrize("text", ["", "model.safetensors", "https://civitai.com/models/1", "a b:1"])
def test_what_is_no_air_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an AIR"):
        Air.parse(text)
