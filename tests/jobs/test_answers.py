"""What a person says a file is: found by AIR, address or path, remembered, listed and forgotten."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.weights import pickled
from tests.jobs.helpers import doors_of
from tests.whole.conftest import Person
from wfdeps.errors import SourceError, UsageError
from wfdeps.jobs.answers import forget_answers, list_answers
from wfdeps.jobs.choose import files_meant, look_up_in_full, query_of, ref_of_name, remember_answer
from wfdeps.sources.answers import AnswerScope
from wfdeps.wiring.answers import open_answers

INK = "ink_wash_style.safetensors"
AIR = "civitai:2100001004@2100002004"


def test_an_air_means_the_one_file_of_its_version(person: Person) -> None:
    with doors_of(person) as doors:
        (meant,) = files_meant(AIR, ref_of_name(INK), doors, allow_pickle=False)
        assert meant.candidate.version_id == 2_100_002_004
        with pytest.raises(SourceError, match="nothing found"):
            files_meant("civitai:7@9", ref_of_name(INK), doors, allow_pickle=False)


def test_any_other_text_is_a_path_of_ones_own(person: Person, shelf: tuple[Path, list[Any]]) -> None:
    own = shelf[0] / "loras" / INK
    with doors_of(person) as doors:
        (meant,) = files_meant(str(own), ref_of_name(INK, "loras"), doors, allow_pickle=False)
        assert (meant.candidate.source, meant.confidence) == ("local", 1.0)
        with pytest.raises(UsageError):
            files_meant(str(person.home / "nowhere.safetensors"), ref_of_name(INK), doors, allow_pickle=False)


def test_a_pickle_of_ones_own_needs_the_word(person: Person) -> None:
    own = person.home / "ink.pt"
    own.write_bytes(pickled())
    ref = ref_of_name("ink.pt", "loras")
    with doors_of(person) as doors:
        with pytest.raises(UsageError, match="is a pickle"):
            files_meant(str(own), ref, doors, allow_pickle=False)
        assert len(files_meant(str(own), ref, doors, allow_pickle=True)) == 1


def test_a_folder_nobody_searches_is_a_usage_error() -> None:
    assert ref_of_name("x", "unet").folder == "diffusion_models"
    with pytest.raises(UsageError, match="unknown folder"):
        ref_of_name("x", "cellar")


def test_text_that_is_neither_air_nor_address_finds_nothing(person: Person) -> None:
    with pytest.raises(UsageError):
        query_of("hello")
    with doors_of(person) as doors:
        assert look_up_in_full("hello", ref_of_name(INK), doors) == ()


def test_answers_are_listed_oldest_first_and_forgotten_by_number_name_or_all(person: Person) -> None:
    with doors_of(person) as doors:
        for name in ("a.safetensors", "b.safetensors", "c.safetensors"):
            remember_answer(ref_of_name(name), None, AnswerScope.ALWAYS, doors)
        answers = list_answers(doors)
        assert [answer.name for answer in answers] == ["a.safetensors", "b.safetensors", "c.safetensors"]
        assert forget_answers(doors, str(answers[0].number)) == 1
        assert forget_answers(doors, "b.safetensors") == 1
        assert forget_answers(doors, "nobody.safetensors") == 0
        assert [answer.name for answer in list_answers(doors)] == ["c.safetensors"]
        assert forget_answers(doors, None) == 1
        assert list_answers(doors) == ()


def test_an_answer_holds_for_the_scope_it_was_given_for(person: Person) -> None:
    ref = ref_of_name(INK, workflows=["a.json"])
    with doors_of(person) as doors, ExitStack() as exits:
        remember_answer(ref, None, AnswerScope.WORKFLOW, doors)
        assert open_answers(doors.settings, exits, workflows=["a.json"]).is_optional(ref)
        assert not open_answers(doors.settings, exits, workflows=["b.json"]).is_optional(
            ref_of_name(INK, workflows=["b.json"])
        )
