"""What the uploaded name had behind it stays in Civitai's name: an inpainting file is not its plain sibling."""

from __future__ import annotations

from tests.match.making import file, ref
from wfdeps.domain.candidates import Candidate, Why
from wfdeps.domain.model_types import ModelType
from wfdeps.match.evidence import evidence_for, has

WANTED = ref("realMix_v10-inpainting.safetensors", ModelType.CHECKPOINT)


def of_real_mix(name: str) -> Candidate:
    return file(name, 1, ModelType.CHECKPOINT, model_name="Real Mix", version_name="v10")


def test_the_rule_does_not_name_a_plain_file_as_the_inpainting_one() -> None:
    found = evidence_for(of_real_mix("realMix_v10.safetensors"), WANTED, ())
    assert not has(found, Why.NAME_BY_RULE, Why.NAME_EXACT)


def test_it_does_name_one_whose_model_was_called_otherwise_when_it_was_uploaded() -> None:
    found = evidence_for(of_real_mix("oldName_v1-inpainting.safetensors"), WANTED, ())
    assert has(found, Why.NAME_BY_RULE)
