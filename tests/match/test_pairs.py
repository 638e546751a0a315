"""The two of a pair: told apart, told as belonging together."""

from __future__ import annotations

import pytest

from tests.match.making import file, ref, settle
from wfdeps.domain.candidates import Evidence, RankedCandidate, Why
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.match.evidence import rank
from wfdeps.match.pairs import half_of, in_pair, pair_key
from wfdeps.match.policy import Auto, Policy


@pytest.mark.parametrize(
    ("high", "low"),
    [
        ("Wan2.2-T2V-HighNoise-v1.safetensors", "Wan2.2-T2V-LowNoise-v1.safetensors"),
        ("wan2.2_i2v_high_noise_14B_fp8.safetensors", "wan2.2_i2v_low_noise_14B_fp8.safetensors"),
        ("wan22EnhancedNSFW_i2vHigh.safetensors", "wan22EnhancedNSFW_i2vLow.safetensors"),
        ("smoothMixWan22_highV20.safetensors", "smoothMixWan22_lowV20.safetensors"),
        ("x_highNoiseV10.gguf", "x_lowNoiseV10.gguf"),
        ("WAN22 STYLE HIGH 14B.safetensors", "WAN22 STYLE LOW 14B.safetensors"),
        ("style_HN.safetensors", "style_ln.safetensors"),
    ],
)
def test_the_two_of_a_pair_have_one_key_and_two_halves(high: str, low: str) -> None:
    assert pair_key(high) == pair_key(low) != ""
    assert (half_of(high), half_of(low)) == ("h", "l")


@pytest.mark.parametrize(
    "name", ["highlands", "HIGHLANDS", "slow_motion", "highres_fix", "Lowra", "flow", "kiln"]
)
def test_a_name_that_only_holds_the_letters_is_no_half_of_a_pair(name: str) -> None:
    assert pair_key(f"{name}.safetensors") == half_of(f"{name}.safetensors") == ""


def test_the_other_half_is_never_taken_for_this_one() -> None:
    high = file("wan22_dance_style_high_v2.safetensors", 1)
    found = settle(ref("wan22_dance_style_low_v2.safetensors"), high, policy=Policy(auto=Auto.BEST))
    assert isinstance(found, Ambiguous)
    assert Evidence(Why.PAIR_DIFFERS, "the other of the pair") in found.candidates[0].evidence


def test_a_version_tells_the_half_where_the_file_does_not() -> None:
    halves = [file("style.safetensors", 1, version_name=f"{half} noise") for half in ("Low", "High")]
    whys = [
        {piece.why for piece in rank(one, ref("style_low.safetensors"), (), ()).evidence} for one in halves
    ]
    assert [Why.PAIR_DIFFERS in found for found in whys] == [False, True]


def question(*candidates: RankedCandidate) -> Ambiguous:
    return Ambiguous(ref("style_low.safetensors"), candidates, "several files have this name")


def test_the_model_that_was_taken_for_one_half_is_offered_first_for_the_other() -> None:
    stranger, own = file("style_low.safetensors", 3), file("style_low.safetensors", 4, model_id=200)
    taken = file("style_high.safetensors", 2, model_name="Style")
    asked = question(*(RankedCandidate(one, (), 0.93) for one in (stranger, own)))
    first, second = in_pair(asked, taken).candidates
    assert (first.candidate, second.candidate) == (own, stranger)
    assert first.evidence == (Evidence(Why.PAIR_AGREES, "Style"),)
    assert first.confidence > second.confidence


def test_neither_the_other_half_itself_nor_its_like_is_offered_for_this_one() -> None:
    taken = file("style_high.safetensors", 2)
    like = RankedCandidate(
        file("style_high_v2.safetensors", 5, model_id=200), (Evidence(Why.PAIR_DIFFERS),), 0.3
    )
    asked = question(RankedCandidate(taken, (), 0.5), like)
    assert in_pair(asked, taken) == asked
