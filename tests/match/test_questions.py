"""Which questions are one, and in which order they are put."""

from __future__ import annotations

from tests.match.making import file, ref, sha256
from wfdeps.domain.candidates import RankedCandidate
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.match.questions import distinct_questions, question_for
from wfdeps.values import replace


def asked(wanted: ModelRef, node: str = "1") -> Ambiguous:
    sites = (NodeSite("wf.json", node, "LoraLoader", "lora_name"),)
    return Ambiguous(replace(wanted, sites=sites), (RankedCandidate(file("x.safetensors"), (), 0.5),), "")


def names(*questions: Ambiguous) -> list[str]:
    return [same[0].ref.name for same in distinct_questions(questions)]


def test_one_file_is_asked_about_once_however_it_is_spelled_and_every_site_is_named() -> None:
    spellings = ("a.safetensors", "SDXL\\A.safetensors", "sub/a.safetensors")
    (same,) = distinct_questions(asked(ref(name), name) for name in spellings)
    assert [site.node_id for site in question_for(same).ref.sites] == list(spellings)


def test_files_of_one_name_that_the_workflow_tells_apart_by_hash_are_two_questions() -> None:
    one, other = (ref("a.safetensors", digests=(sha256(letter),)) for letter in "ab")
    assert len(distinct_questions([asked(one), asked(other)])) == 2


def test_the_two_of_a_pair_are_asked_one_after_the_other() -> None:
    high, low = "wan22_high_noise.safetensors", "wan22_low_noise.safetensors"
    assert names(asked(ref(high)), asked(ref("other.safetensors")), asked(ref(low))) == [
        high,
        low,
        "other.safetensors",
    ]


def test_the_base_is_asked_first_since_the_rest_follows_it() -> None:
    checkpoint = ref("base.safetensors", ModelType.CHECKPOINT)
    assert names(asked(ref("a.safetensors")), asked(checkpoint)) == ["base.safetensors", "a.safetensors"]
