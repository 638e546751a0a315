"""Hugging Face: files, pages that list files, and repositories not for everybody, over a hub's own routes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest

from tests.fakes.hub import run_hub
from tests.match.making import ref
from tests.sources.catalogue import http, row
from wfdeps.domain.access import AccessState
from wfdeps.domain.candidates import VerdictKind
from wfdeps.domain.queries import UrlQuery
from wfdeps.domain.resolutions import Ambiguous, ChosenBy, Resolution, Resolved
from wfdeps.hub import anatomy
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.hub.server import HubServer
from wfdeps.match.decide import decide
from wfdeps.sources.huggingface import HuggingFaceClient, HuggingFaceSource

DATA = safetensors_bytes(anatomy.SD1_LORA, "F16", {}, seed=1)
SHA256 = hashlib.sha256(DATA).hexdigest()
PAGE = "https://huggingface.co/org/name"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    shelf = tmp_path_factory.mktemp("shelf")
    (shelf / "x.safetensors").write_bytes(DATA)
    places = (
        ("org/name", "loras/one.safetensors"),
        ("org/name", "vae/two.safetensors"),
        ("org/lone", "one.safetensors"),
    )
    rows = [
        row(
            number,
            f"f{number}.safetensors",
            path="x.safetensors",
            hashes={"SHA256": SHA256.upper()},
            hf={"repo": repo, "path": path},
        )
        for number, (repo, path) in enumerate(places, start=1)
    ]
    with run_hub(rows, shelf) as running:
        yield running


def settled(hub: HubServer, name: str, url: str) -> Resolution:
    wanted, query = ref(name, urls=(url,)), UrlQuery(url)
    with http() as client:
        answer = HuggingFaceSource(HuggingFaceClient(client, hub.url)).find_all([query])[query]
    return decide(wanted, [(query, answer)])


@pytest.mark.parametrize("page", [PAGE, f"{PAGE}/tree/main", f"{PAGE}/tree/main/loras"])
def test_a_page_and_an_exact_name_are_a_file(hub: HubServer, page: str) -> None:
    resolution = settled(hub, "one.safetensors", page)
    assert isinstance(resolution, Resolved)
    assert resolution.chosen_by is ChosenBy.URL
    assert resolution.choice.candidate.url == f"{hub.url}/org/name/resolve/main/loras/one.safetensors"
    assert [digest.value for digest in resolution.choice.candidate.digests] == [SHA256]


def test_a_page_alone_is_a_question_even_where_it_lists_one_file(hub: HubServer) -> None:
    resolution = settled(hub, "two.safetensors", "https://huggingface.co/org/lone")
    assert isinstance(resolution, Ambiguous)
    assert [one.candidate.file_name for one in resolution.candidates] == ["one.safetensors"]


def test_a_page_of_a_folder_lists_that_folder(hub: HubServer) -> None:
    query = UrlQuery(f"{PAGE}/tree/main/vae")
    with http() as client:
        answer = HuggingFaceSource(HuggingFaceClient(client, hub.url)).find_all([query])[query]
    assert [one.file_name for one in answer.candidates] == ["two.safetensors"]


def test_a_stranger_is_told_to_bring_a_token_and_a_member_that_it_is_not_his(hub: HubServer) -> None:
    query = UrlQuery("https://huggingface.co/org/private/resolve/main/x.safetensors")
    with http() as client:
        states = [
            HuggingFaceSource(HuggingFaceClient(client, hub.url), signed_in=signed_in).find_all([query])[
                query
            ]
            for signed_in in (False, True)
        ]
    assert [one.verdict.kind for one in states] == [VerdictKind.GATED] * 2
    assert [one.candidates[0].access.state for one in states] == [AccessState.TOKEN, AccessState.BLOCKED]


def test_a_file_that_moved_inside_its_repository_is_the_one_meant(hub: HubServer) -> None:
    resolution = settled(hub, "one.safetensors", f"{PAGE}/resolve/main/old/one.safetensors")
    assert isinstance(resolution, Resolved)
    assert resolution.chosen_by is ChosenBy.URL
    assert resolution.choice.candidate.url.endswith("/org/name/resolve/main/loras/one.safetensors")


def test_a_file_that_is_nowhere_in_its_repository_is_not_replaced_by_another(hub: HubServer) -> None:
    query = UrlQuery(f"{PAGE}/resolve/main/old/three.safetensors")
    with http() as client:
        answer = HuggingFaceSource(HuggingFaceClient(client, hub.url)).find_all([query])[query]
    assert answer.verdict.kind is VerdictKind.NO_SUCH
    assert answer.candidates == ()


def test_a_mirror_that_serves_files_and_no_api_is_asked_for_the_file_by_its_address() -> None:
    """Many mirrors behind HF_ENDPOINT are a cache of `/resolve/` alone."""
    url = f"{PAGE}/resolve/main/loras/one.safetensors"
    query = UrlQuery(url)
    with run_hub([]) as mirror, http() as client:
        answer = HuggingFaceSource(HuggingFaceClient(client, mirror.url)).find_all([query])[query]
        (found,) = answer.candidates
        assert found.url == f"{mirror.url}/org/name/resolve/main/loras/one.safetensors"
    resolution = decide(ref("one.safetensors", urls=(url,)), [(query, answer)])
    assert isinstance(resolution, Resolved)
    assert resolution.choice.candidate.digests == ()


def test_a_page_of_such_a_mirror_names_no_file() -> None:
    query = UrlQuery(PAGE)
    with run_hub([]) as mirror, http() as client:
        answer = HuggingFaceSource(HuggingFaceClient(client, mirror.url)).find_all([query])[query]
    assert answer.candidates == ()
