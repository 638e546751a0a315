"""What a workflow is made for is said by what is settled in it, never by a mere name of an add-on, nor by oneself."""

from __future__ import annotations

from tests.fakes.words import candidate, ref, resolved
from wfdeps.domain.candidates import Evidence, RankedCandidate, Why
from wfdeps.domain.refs import ModelRef, NodeSite
from wfdeps.domain.resolutions import Ambiguous, ChosenBy
from wfdeps.match.family import WorkflowBases

BASE = ref("base.safetensors", "checkpoints")
LORA = ref("lora.safetensors")


def elsewhere(one: ModelRef) -> ModelRef:
    from dataclasses import replace

    return replace(one, sites=(NodeSite("other.json", "1", "Loader", "name"),))


def around(asked: ModelRef, spoken_by: ModelRef, by: ChosenBy) -> tuple[str, ...]:
    return WorkflowBases.of(
        [resolved(spoken_by, candidate("x.safetensors", base_model="SDXL 1.0"), by)]
    ).around(asked)


def test_a_checkpoint_found_by_name_speaks_for_its_workflow() -> None:
    assert around(LORA, BASE, ChosenBy.NAME) == ("SDXL 1.0",)


def test_a_lora_found_by_name_does_not() -> None:
    assert around(BASE, LORA, ChosenBy.NAME) == ()


def test_a_lora_proven_by_hash_does() -> None:
    assert around(BASE, LORA, ChosenBy.HASH) == ("SDXL 1.0",)


def test_nobody_speaks_for_himself() -> None:
    assert around(BASE, BASE, ChosenBy.HASH) == ()


def test_another_workflow_has_its_own_family() -> None:
    assert around(elsewhere(LORA), BASE, ChosenBy.HASH) == ()


def open_(one: ModelRef, *bases: str) -> Ambiguous:
    evidence = (Evidence(Why.NAME_EXACT), Evidence(Why.TYPE_AGREES))
    found = (candidate(f"{number}.safetensors", base_model=base) for number, base in enumerate(bases))
    return Ambiguous(one, tuple(RankedCandidate(file, evidence, 0.9) for file in found), "")


def test_a_checkpoint_still_to_be_chosen_speaks_where_all_its_files_say_the_same() -> None:
    """Pruned and full: which of them is a person's choice, what they are made for is known."""
    assert WorkflowBases.of([open_(BASE, "SD 1.5", "SD 1.5")]).around(LORA) == ("SD 1.5",)
    assert WorkflowBases.of([open_(BASE, "SD 1.5", "SDXL 1.0")]).around(LORA) == ()
    assert WorkflowBases.of([open_(LORA, "SD 1.5")]).around(BASE) == ()
