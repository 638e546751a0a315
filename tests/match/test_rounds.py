"""What is asked next, and what no longer is."""

from __future__ import annotations

import pytest

from tests.match.making import answer, file, ref, sha256
from wfdeps.domain.air import Air
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery
from wfdeps.match.policy import Auto, Policy
from wfdeps.match.queries import queries_for
from wfdeps.match.rounds import ROUNDS, Answers, Round, open_queries
from wfdeps.values import replace

A, B = sha256("a"), sha256("b")
ONE, OTHER = ref("one.safetensors", digests=(A,)), ref("other.safetensors", digests=(B,))
NAMES = {one.name: NameQuery(one.name, (ModelType.LORA,)) for one in (ONE, OTHER)}


def test_the_strongest_questions_are_asked_first() -> None:
    assert ROUNDS == (Round.ID, Round.HASH, Round.URL, Round.NAME)
    url = "https://civitai.com/models/100"
    wanted = ref("one.safetensors", digests=(A,), air=Air("civitai", "100", "10"), urls=(url,))
    asked = [query for round_ in ROUNDS for query in open_queries([wanted], Answers(), round_)]
    assert asked == list(queries_for(wanted))


def test_what_an_id_settled_is_not_asked_by_its_hash_or_url() -> None:
    air = Air("civitai", "100", "10")
    wanted = ref("one.safetensors", digests=(A,), air=air, urls=("https://civitai.com/models/100",))
    known = Answers().with_answers({AirQuery(air): answer(file("x.safetensors", digests=(A,)))})
    assert not any(open_queries([wanted], known, round_) for round_ in ROUNDS)


def test_a_version_with_other_bytes_than_the_hash_says_leaves_the_hash_to_be_asked() -> None:
    air = Air("civitai", "100", "10")
    wanted = ref("one.safetensors", digests=(A,), air=air)
    known = Answers().with_answers({AirQuery(air): answer(file("x.safetensors", digests=(B,)))})
    assert open_queries([wanted], known, Round.HASH) == (HashQuery(A),)


def test_a_hash_that_two_refs_share_is_asked_once() -> None:
    assert open_queries([ONE, ref("copy.safetensors", digests=(A,))], Answers(), Round.HASH) == (
        HashQuery(A),
    )


def test_what_one_source_found_by_hash_the_next_is_not_asked() -> None:
    known = Answers().with_answers({HashQuery(A): answer(file("x", digests=(A,))), HashQuery(B): answer()})
    assert open_queries([ONE, OTHER], known, Round.HASH) == (HashQuery(B),)


def test_names_are_asked_only_for_what_is_still_open() -> None:
    known = Answers().with_answers({HashQuery(A): answer(file("x", digests=(A,))), HashQuery(B): answer()})
    assert open_queries([ONE, OTHER], known, Round.NAME) == (NAMES["other.safetensors"],)


def test_an_exact_name_at_the_first_source_ends_the_search() -> None:
    found = file("other.safetensors", digests=(B,))
    known = Answers().with_answers({NAMES["other.safetensors"]: answer(found)})
    assert open_queries([OTHER], known, Round.NAME) == ()


@pytest.mark.parametrize("auto", Auto)
def test_what_was_only_seen_before_does_not_end_the_search(auto: Auto) -> None:
    query = NAMES["one.safetensors"]
    known = Answers().with_answers({query: replace(answer(file("one.safetensors")), is_whole=False)})
    assert open_queries([ref("one.safetensors")], known, Round.NAME, Policy(auto=auto)) == (query,)


def test_the_best_so_far_does_not_end_the_search() -> None:
    query = NAMES["one.safetensors"]
    known = Answers().with_answers({query: answer(file("one_v2.safetensors"))})
    assert open_queries([ref("one.safetensors")], known, Round.NAME, Policy(auto=Auto.BEST)) == (query,)


def test_every_sources_answer_is_kept() -> None:
    query = NAMES["one.safetensors"]
    known = Answers().with_answers({query: answer()}).with_answers({query: answer(source="mirror")})
    assert [told.verdict.source for _, told in known.of(ONE)] == ["civitai", "mirror"]


def test_a_pickle_that_is_found_is_not_searched_for_elsewhere() -> None:
    wanted = ref("bad_hands.pt", ModelType.EMBEDDING)
    query = NameQuery("bad_hands.pt", (ModelType.EMBEDDING,))
    known = Answers().with_answers({query: answer(file("bad_hands.pt", 1, ModelType.EMBEDDING))})
    assert open_queries([wanted], known, Round.NAME) == ()
