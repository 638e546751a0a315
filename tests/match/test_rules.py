"""A policy: what is allowed, what is not, and what is not known."""

from __future__ import annotations

from typing import Any

import pytest

from wfdeps.errors import ConfigError
from wfdeps.match.rules import Facts, objection, rules_of

FILE = Facts(
    "x.safetensors", 5_000_000_000, ("commercial use: Image, RentCivit", "credit required"), "civitai"
)


def why(document: dict[str, Any], facts: Facts = FILE) -> str:
    return objection(facts, rules_of(document))


def test_an_empty_policy_allows_everything() -> None:
    assert why({}) == ""
    assert why({}, Facts("y.ckpt")) == ""


@pytest.mark.parametrize(
    ("document", "piece"),
    [
        ({"formats": {"allow": [".safetensors", "GGUF"]}}, ""),
        ({"formats": {"allow": ["gguf"]}}, "format `safetensors`"),
        ({"formats": {"deny": ["safetensors"]}}, "format `safetensors`"),
        ({"licences": {"allow": ["commercial use: image"]}}, ""),
        ({"licences": {"allow": ["commercial use: Sell, Image"]}}, ""),
        ({"licences": {"allow": ["commercial use: sell"]}}, "licence `commercial use: image`"),
        ({"licences": {"deny": ["Credit required"]}}, "licence `credit required`"),
        ({"licences": {"deny": ["no derivatives"]}}, ""),
        ({"sources": {"allow": ["civitai", "huggingface"]}}, ""),
        ({"sources": {"allow": ["huggingface"]}}, "source `civitai`"),
        ({"sizes": {"file": "4 GB"}}, "files of 4,000,000,000 bytes"),
        ({"sizes": {"file": "4.7 GiB"}}, ""),
        ({"sizes": {"file": 5_000_000_000}}, ""),
    ],
)
def test_what_is_not_allowed_is_named(document: dict[str, Any], piece: str) -> None:
    said = why(document)
    assert piece in said
    assert bool(said) is bool(piece)


def test_what_nobody_knows_is_refused_unless_the_policy_lets_it_pass() -> None:
    unknown = Facts("x.safetensors")
    assert "licence unknown" in why({"licences": {"deny": ["no derivatives"]}}, unknown)
    assert why({"licences": {"deny": ["no derivatives"], "unknown": "allow"}}, unknown) == ""
    assert "source unknown" in why({"sources": {"allow": ["civitai"]}}, unknown)


def test_of_a_file_that_is_nowhere_only_its_format_is_judged() -> None:
    missing = Facts("old.ckpt", is_found=False)
    assert why({"licences": {"allow": ["mit"]}, "sizes": {"file": 1}}, missing) == ""
    assert "format `ckpt`" in why({"formats": {"allow": ["safetensors"]}}, missing)


@pytest.mark.parametrize(
    "document",
    [
        {"licenses": {}},
        {"licences": []},
        {"licences": {"allow": "mit"}},
        {"licences": {"alow": []}},
        {"licences": {"unknown": "maybe"}},
        {"sizes": {"file": "large"}},
        {"sizes": {"file": True}},
        {"sizes": {"total": "1 GB"}},
    ],
)
def test_a_policy_that_is_not_understood_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        rules_of(document)
