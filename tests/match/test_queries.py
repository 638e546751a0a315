"""What is asked about a ref, strongest first."""

from __future__ import annotations

import pytest

from tests.match.making import ref, sha256
from wfdeps.domain.air import Air
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, UrlQuery
from wfdeps.match.queries import queries_for

AUTOV1 = Digest(Algorithm.AUTOV1, "de2f2560")
NOTHING = Digest(Algorithm.AUTOV3, "e3b0c44298fc")


def test_ids_come_before_hashes_before_urls_before_names() -> None:
    wanted = ref(
        "x.safetensors",
        digests=(AUTOV1, sha256("a")),
        urls=("https://huggingface.co/o/r/blob/main/x.safetensors",),
        hints=("https://host.example/x.safetensors",),
        version_id=9,
        base_models=("SD 1.5",),
    )
    assert queries_for(wanted) == (
        AirQuery(Air("civitai", "0", "9")),
        HashQuery(sha256("a")),
        HashQuery(AUTOV1),
        UrlQuery("https://huggingface.co/o/r/resolve/main/x.safetensors"),
        UrlQuery("https://host.example/x.safetensors", hint=True),
        NameQuery("x.safetensors", (ModelType.LORA,), ("SD 1.5",)),
    )


def test_the_hash_of_nothing_is_never_asked() -> None:
    assert queries_for(ref("x.safetensors", digests=(NOTHING,))) == (
        NameQuery("x.safetensors", (ModelType.LORA,)),
    )


def test_a_url_in_the_place_of_a_name_is_asked_as_one() -> None:
    url = "https://host.example/x.safetensors"
    assert UrlQuery(url) in queries_for(ref(url))


def test_the_rest_of_the_workflow_says_what_the_ref_does_not() -> None:
    assert queries_for(ref("x.safetensors"), base_models=("Pony",))[-1] == NameQuery(
        "x.safetensors", (ModelType.LORA,), ("Pony",)
    )


@pytest.mark.parametrize("name", ["226804.safetensors", "sub/226804.safetensors", "226804"])
def test_a_name_that_may_be_a_versions_number_is_asked_as_one_and_only_as_a_hint(name: str) -> None:
    queries = queries_for(ref(name))
    assert AirQuery(Air("civitai", "0", "226804"), hint=True) in queries


@pytest.mark.parametrize(
    "name", ["000010.safetensors", "123.safetensors", "epoch_226804.safetensors", "1" * 9]
)
def test_a_trainers_step_is_no_versions_number(name: str) -> None:
    assert not [query for query in queries_for(ref(name)) if isinstance(query, AirQuery)]


def test_what_a_hash_or_a_url_tells_is_not_asked_by_a_number() -> None:
    told = ref("226804.safetensors", digests=(sha256("a"),))
    assert not [query for query in queries_for(told) if isinstance(query, AirQuery)]
