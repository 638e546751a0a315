"""Civitai's file name rule, on every name we have seen it make."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from wfdeps.match.name_rule import KEEPS_UPLOADED_NAME, TOLD_APART, filenamize, names_by_rule, stem_by_rule


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Realistic Vision V6.0 B1", "realisticVisionV60B1"),
        ("SPYBG's Toolkit for Digital Artists ", "spybgsToolkitFor"),
        ("[LuisaP]Cloudy Chance of Meatballs", "LuisapCloudyChanceOf"),
        ("K/DA All Out Akali", "kDAAllOutAkali"),
        ("大头照", ""),
        ("", ""),
    ],
)
def test_a_name_becomes_camel_case_of_latin_letters_cut_at_twenty(text: str, expected: str) -> None:
    assert filenamize(text) == expected


def test_the_models_name_is_not_repeated_in_the_versions_part() -> None:
    assert stem_by_rule("sd-semireal-v2.8", "v2.8") == "sdSemirealV28_v28"
    assert stem_by_rule("Pain", "Pain") == "pain_"


def test_a_model_without_a_latin_letter_has_no_name_by_the_rule() -> None:
    assert names_by_rule("朦胧风", "v1.0", ".ckpt") == ()


def test_inpainting_moves_from_the_version_to_the_end() -> None:
    assert "realisticVisionV60B1_v51VAE-inpainting.ckpt" in names_by_rule(
        "Realistic Vision V6.0 B1", "V5.1-inpainting (VAE)", ".ckpt"
    )


def test_the_rule_gives_every_name_of_the_catalogue_but_the_stated_exceptions(shared: Path) -> None:
    checked, others = 0, []
    for line in (shared / "data/civitai/catalogue.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["model_type"] in KEEPS_UPLOADED_NAME or row["file_type"] not in (
            "Model",
            "Pruned Model",
            "Config",
        ):
            continue
        stem, _ = os.path.splitext(row["file_name"])
        suffix = next((suffix for suffix in TOLD_APART if stem.endswith(suffix)), "")
        by_rule = stem_by_rule(row["model_name"], row["version_name"], told_apart=suffix)
        checked += 1
        # A model's name without a Latin letter keeps the uploaded name.
        if by_rule and by_rule != stem:
            others.append((row["file_name"], by_rule))
    assert checked > 7000
    assert others == []
