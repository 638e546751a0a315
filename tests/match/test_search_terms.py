"""A file name turned back into what a model may be called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.model_types import ModelType
from wfdeps.match.search_terms import says_nothing, search_terms

CHECKPOINT, LORA = (ModelType.CHECKPOINT,), (ModelType.LORA,)


@pytest.mark.parametrize(
    ("name", "types", "term"),
    [
        ("realisticVisionV60B1_v51VAE.safetensors", CHECKPOINT, "realistic Vision"),
        ("526mixV145_v135.safetensors", CHECKPOINT, "526mix V145"),
        ("kDAAllOutAkali_v1.ckpt", CHECKPOINT, "k DA All Out Akali"),
        ("GrecoRomaPunkAI.safetensors", LORA, "Greco Roma Punk AI"),
        ("jean1-000009.safetensors", LORA, "jean"),
        ("shizuka-10.safetensors", LORA, "shizuka"),
        ("雷灵根.safetensors", LORA, "雷灵根"),
    ],
)
def test_the_models_words_come_back(name: str, types: tuple[ModelType, ...], term: str) -> None:
    assert term in search_terms(name, types)[:3]


@pytest.mark.parametrize(
    "name",
    [
        "pytorch_lora_weights.safetensors", "diffusion_pytorch_model.fp16.safetensors", "model.safetensors",
        "diffusion_pytorch_model-00001-of-00002.safetensors", "epoch-000005.safetensors", "000010.safetensors",
        "subfolder/model.safetensors", "learned_embeds.bin", "pytorch_lora_weights (1).safetensors",
        "3f2a91c07b_model.safetensors", "pytorch_lora_weights.safetensors.safetensors", "last-000030.safetensors",
        f"{'619357f7' * 8}.safetensors", "0b5a6d1e-8a3c-4d5e-9f00-1234567890ab.safetensors", "tmp3k_x9qzw.safetensors",
    ],
)  # fmt: skip
def test_names_that_thousands_share_are_not_searched_and_it_is_said_why(name: str) -> None:
    assert search_terms(name, LORA) == ()
    assert says_nothing(name)


def test_a_name_that_only_begins_like_one_of_those_is_searched() -> None:
    assert not says_nothing("model_of_a_boat.safetensors")
    assert search_terms("model_of_a_boat.safetensors", LORA)


@given(st.text(max_size=120))
def test_any_name_gives_terms_without_repetition(name: str) -> None:
    terms = search_terms(name, LORA)
    assert len({term.casefold() for term in terms}) == len(terms)
    assert all(term.strip() == term and term for term in terms)
