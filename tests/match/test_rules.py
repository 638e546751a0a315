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


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("12 GB", 12_000_000_000), ("512MiB", 512 << 20), ("1.5k", 1500), ("1 kiB", 1024), ("3T", 3 * 10**12),
        ("2 TiB", 2 << 40), ("7", 7), (" 7 b ", 7), (7, 7), ("0.5 m", 500_000),
    ],
)  # fmt: skip
def test_a_size_is_read_with_its_unit(text: object, size: int) -> None:
    assert rules_of({"sizes": {"file": text}}).largest == size
    assert why({"sizes": {"file": text}}, Facts("a.pt", size)) == ""
    assert why({"sizes": {"file": text}}, Facts("a.pt", size + 1)) == (
        f"the policy allows files of {size:,} bytes, and this one has {size + 1:,}"
    )


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        ({"licenses": {}}, "`licenses` in the policy is not known", "did you mean `licences`?"),
        ({"x": {}}, "`x` in the policy is not known", "one of licences, formats, sources, sizes"),
        ({"sizes": {"total": 1}}, "`total` in sizes is not known", "one of file"),
        ({"formats": {"alow": []}}, "`alow` in formats is not known", "did you mean `allow`?"),
        ({"licences": []}, "`licences` is no table", "write it as [licences]"),
        ({"sizes": []}, "`sizes` is no table", "write it as [sizes]"),
        ({"sources": {"deny": [1]}}, '`deny` in [sources] is not a list of texts, like ["a", "b"]', None),
        ({"sources": {"unknown": 1}}, '`unknown` in [sources] is neither "refuse" nor "allow"', None),
        (
            {"sizes": {"file": True}},
            "`file` in [sizes] is no size: `True`",
            '"12 GB", "512 MiB", or a number of bytes',
        ),
        (
            {"sizes": {"file": 1.5}},
            "`file` in [sizes] is no size: `1.5`",
            '"12 GB", "512 MiB", or a number of bytes',
        ),
    ],
)
def test_what_is_not_understood_is_named(document: dict[str, Any], message: str, hint: str | None) -> None:
    with pytest.raises(ConfigError) as caught:
        rules_of(document)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_denied_word_is_refused_even_beside_an_allowed_one() -> None:
    both = {"licences": {"allow": ["credit required"], "deny": ["commercial use: rentcivit"]}}
    assert why(both) == "the policy does not allow the licence `commercial use: rentcivit`"
    assert why({"sources": {"deny": ["civitai"]}}) == "the policy does not allow the source `civitai`"
    assert why({"sources": {"deny": ["x"]}}, Facts("a.pt")) == "the policy does not allow the source unknown"
    assert (
        why({"formats": {"allow": ["pt"]}}, Facts("README")) == "the policy does not allow the format unknown"
    )
