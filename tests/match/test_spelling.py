"""Which ways of writing a name mean the same name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.match.spelling import Spelling, bare_key_of, core_of, key_of, keys_of, precision_of, spell


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b\\add_detail.safetensors", Spelling("add_detail.safetensors", "add_detail", ".safetensors")),
        ("add_detail.SAFETENSORS", Spelling("add_detail.SAFETENSORS", "add_detail", ".safetensors")),
        ("lora_v1.5", Spelling("lora_v1.5", "lora_v1.5", "")),
        ("kl-f8-anime2.vae.pt", Spelling("kl-f8-anime2.vae.pt", "kl-f8-anime2.vae", ".pt")),
        (".safetensors", Spelling(".safetensors", ".safetensors", "")),
    ],
)
def test_folders_go_and_only_known_endings_are_endings(name: str, expected: Spelling) -> None:
    assert spell(name) == expected


@pytest.mark.parametrize(
    "other",
    ["Add Detail", "ADD-DETAIL", "add_detail (1)", "add_detail - Copy", "add.detail", "ａｄｄ_detail"],
)
def test_case_separators_and_copies_do_not_count(other: str) -> None:
    assert key_of(other) == key_of("add_detail")


@pytest.mark.parametrize(
    "other", ["flux_dev_fp16", "flux-dev-pruned", "flux_dev_fp8_e4m3fn_scaled", "flux_dev-Q4_K_M"]
)
def test_precision_and_pruning_do_not_count_in_the_bare_key(other: str) -> None:
    assert bare_key_of(other) == bare_key_of("flux_dev")


@pytest.mark.parametrize(
    "disturbed",
    [
        "3f2a91c07b_add_detail",
        "add_detail.safetensors",
        "add_detail_87153",
        "add_detail.D8rD",
        "add_detail-000010",
        "3F2A91C0 - add_detail_87153.safetensors (1)",
        "add_detail",
    ],
)
def test_what_sites_and_tools_put_round_a_name_is_not_its_core(disturbed: str) -> None:
    assert core_of(disturbed) == "add_detail"
    assert "adddetail" in keys_of(disturbed)


@pytest.mark.parametrize(
    "stem",
    [
        "deadbeef_girl",
        "wan2.1_t2v_14B",
        "lyriel_v15",
        "sd_xl_base_1.0",
        "87153",
        "3f2a91c07b",
        "vae.test",
        "",
    ],
)
def test_what_may_be_part_of_a_name_stays(stem: str) -> None:
    assert core_of(stem) == stem


@given(st.text(max_size=60))
def test_any_text_has_a_core_that_is_its_own(stem: str) -> None:
    assert core_of(core_of(stem)) == core_of(stem)
    assert bool(core_of(stem)) is bool(stem)


def test_a_version_counts() -> None:
    assert key_of("lyriel_v15") != key_of("lyriel_v16")
    assert bare_key_of("lyriel_v15") != bare_key_of("lyriel_v16")


def test_a_word_that_only_ends_like_a_precision_is_none() -> None:
    assert precision_of("buf32") == ""
    assert precision_of("alphaLyrae_avaloriaedFP32Pruned") == "fp32"
    assert precision_of("flux1-dev-Q4_K_M") == "q4km"


@given(st.text(max_size=80))
def test_any_text_can_be_spelled_and_its_keys_are_stable(name: str) -> None:
    stem = spell(name).stem
    assert key_of(key_of(stem)) == key_of(stem)
    assert isinstance(bare_key_of(stem), str)


@given(st.text(max_size=40), st.integers(1, 99))
def test_a_copys_number_never_changes_the_key(stem: str, number: int) -> None:
    assert key_of(f"{stem} ({number})") == key_of(stem)


@pytest.mark.parametrize("filling", [" ", "-", "- ", "_-"])
def test_a_name_of_blanks_is_told_as_soon_as_it_is_read(filling: str) -> None:
    """Else a workflow of a few such names would keep us for hours."""
    name = f"a{filling * 20_000}b"
    assert core_of(name) == name
