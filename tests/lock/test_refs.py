"""What a lock says is fetched again from where it says, and from nowhere inside our own network."""

from __future__ import annotations

import pytest

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.locks import LockEntry, LockSource
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import NodeSite, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.lock.refs import DownloadRoutes, candidate_of, ref_of
from wfdeps.values import replace

ENTRY = LockEntry(
    name="a.safetensors",
    folder="loras",
    path="loras/sub/a.safetensors",
    sha256="a" * 64,
    size=7,
    air="urn:air:sd1:lora:civitai:1@2+3",
    sources=(
        LockSource("civitai", "https://civitai.com/api/download/models/2", "https://civitai.com/models/1"),
        LockSource("mirror", "https://example.org/a.safetensors"),
    ),
    used_by=("w.json#1:lora_name",),
    chosen_by=ChosenBy.HASH,
    evidence=(),
)


def test_an_entry_is_a_candidate_with_all_that_the_lock_knows() -> None:
    choice = candidate_of(ENTRY, DownloadRoutes())
    assert choice is not None
    candidate = choice.candidate
    assert (choice.confidence, choice.evidence) == (1.0, ())
    assert (candidate.source, candidate.file_name) == ("civitai", "a.safetensors")
    assert (candidate.url, candidate.mirrors) == (
        "https://civitai.com/api/download/models/2",
        ("https://example.org/a.safetensors",),
    )
    assert candidate.page == "https://civitai.com/models/1"
    assert candidate.model_type is ModelType.LORA
    assert (candidate.size, candidate.size_is_exact) == (7, True)
    assert candidate.digests == (Digest(Algorithm.SHA256, "a" * 64),)
    assert str(candidate.air) == "urn:air:sd1:lora:civitai:1@2+3"
    assert (candidate.model_id, candidate.version_id, candidate.file_id) == (1, 2, 3)


def test_what_the_lock_does_not_know_is_left_empty() -> None:
    choice = candidate_of(replace(ENTRY, sha256=None, air=None, size=None, about=9), DownloadRoutes())
    assert choice is not None
    candidate = choice.candidate
    assert (candidate.digests, candidate.air, candidate.model_id) == ((), None, None)
    assert (candidate.size, candidate.size_is_exact) == (9, False)


def test_a_mirror_of_ours_that_holds_the_bytes_is_asked_first() -> None:
    held = {"a" * 64: "http://192.168.0.2/a", "b" * 64: "http://192.168.0.2/b"}
    choice = candidate_of(ENTRY, DownloadRoutes(held=held))
    assert choice is not None
    assert choice.candidate.url == "http://192.168.0.2/a"
    assert choice.candidate.mirrors == tuple(source.url for source in ENTRY.sources)
    elsewhere = candidate_of(replace(ENTRY, sha256="c" * 64), DownloadRoutes(held=held))
    assert elsewhere is not None
    assert elsewhere.candidate.url == ENTRY.sources[0].url


def test_without_sources_a_mirror_of_ours_alone_has_it() -> None:
    choice = candidate_of(replace(ENTRY, sources=()), DownloadRoutes(held={"a" * 64: "http://192.168.0.2/a"}))
    assert choice is not None
    assert (choice.candidate.source, choice.candidate.page) == ("mirror", None)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "ftp://example.org/a",
        "https://127.0.0.1/a",
        "https://192.168.0.2/a",
        "https://localhost/a",
        "https://[::1]/a",
        "https:///a",
    ],
)
def test_a_lock_sends_nobody_into_their_own_network_nor_over_plain_http(url: str) -> None:
    assert candidate_of(replace(ENTRY, sources=(LockSource("url", url),)), DownloadRoutes()) is None


def test_an_entry_is_required_by_its_hash_at_the_sites_the_lock_names() -> None:
    ref = ref_of(replace(ENTRY, folder="clip", used_by=("sub/w#1.json#57:12:vae_name", "w.json#3:a")))
    assert (ref.name, ref.folders, ref.status) == ("a.safetensors", ("text_encoders",), RefStatus.REQUIRED)
    assert ref.model_type is ModelType.TEXT_ENCODER
    assert ref.digests == (Digest(Algorithm.SHA256, "a" * 64),)
    assert ref.sites == (
        NodeSite("sub/w#1.json", "57:12", "", "vae_name"),
        NodeSite("w.json", "3", "", "a"),
    )
