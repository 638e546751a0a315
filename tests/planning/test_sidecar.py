"""What is written beside a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.words import candidate, local_file, ref, sha256
from tests.fetch.fetching import download
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import LOCAL, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.domain.plans import Link, Target
from wfdeps.planning.sidecar import sidecar_of_link, sidecar_text
from wfdeps.values import replace

KNOWN = candidate(
    "a_v1.safetensors",
    url="https://civitai.com/api/download/models/2?token=s3cr3t",
    page="https://civitai.com/models/1",
    air=Air.parse("urn:air:sd1:lora:civitai:1@2+3"),
    model_id=1,
    version_id=2,
    file_id=3,
    model_name="Lantern",
    version_name="v1",
    creator="ada",
    source_type="LORA",
    base_model="SD 1.5",
    trained_words=("lantern",),
    licence=("Sell",),
    file_type="Model",
    precision="fp16",
    variant="pruned",
    digests=(Digest(Algorithm.AUTOV2, "1234567890"),),
)
IDENTITY = Identity(ModelType.LORA, ("sd15",), trained_words=("from the header",))
WRITTEN = {
    "schema": "wfdeps/sidecar/1",
    "source": "civitai",
    "page": "https://civitai.com/models/1",
    "url": "https://civitai.com/api/download/models/2",
    "air": "urn:air:sd1:lora:civitai:1@2+3",
    "model_id": 1,
    "version_id": 2,
    "file_id": 3,
    "model": "Lantern",
    "version": "v1",
    "creator": "ada",
    "model_type": "lora",
    "source_type": "LORA",
    "base_model": "SD 1.5",
    "architectures": ["sd15"],
    "trained_words": ["lantern"],
    "licence": ["Sell"],
    "file_name": "a_v1.safetensors",
    "file_type": "Model",
    "precision": "fp16",
    "variant": "pruned",
    "size": 7,
    "hashes": {"autov2": "1234567890", "sha256": "a" * 64},
    "verified_by": "sha256",
}


def link(**changes: Any) -> Link:
    file = local_file("b.safetensors", digests=(sha256("a"),), size=7)
    target = Target("loras", "/models/loras", "a.safetensors")
    return replace(Link(ref("a.safetensors"), file, target, RankedCandidate(KNOWN, (), 1.0)), **changes)


def test_the_sidecar_of_a_download_says_all_that_is_known_without_secrets() -> None:
    step = replace(download(Path("/models"), "https://x.org/a.bin", name="a.bin"), candidate=KNOWN)
    text = sidecar_text(Fetched(step, "a.part", 7, (sha256("a"),), "sha256"), IDENTITY)
    assert json.loads(text) == WRITTEN
    assert text == json.dumps(WRITTEN, indent=2) + "\n"


def test_what_is_not_known_is_null_and_trained_words_are_the_headers() -> None:
    step = replace(
        download(Path("/models"), "https://x.org/a.bin", name="a.bin"), candidate=candidate("a", source="url")
    )
    document = json.loads(sidecar_text(Fetched(step, "a.part", 7, (), "unverified"), IDENTITY))
    assert document["trained_words"] == ["from the header"]
    empty = {key for key, value in document.items() if value is None}
    assert empty == {
        "page", "air", "model_id", "version_id", "file_id", "model", "version", "creator", "source_type",
        "base_model", "file_type", "precision", "variant",
    }  # fmt: skip


def test_the_sidecar_of_a_link_is_that_of_the_download_it_saves() -> None:
    assert json.loads(sidecar_of_link(link(), IDENTITY) or "") == WRITTEN


@pytest.mark.parametrize(
    "changes",
    [
        {"origin": None},
        {"origin": RankedCandidate(replace(KNOWN, source=LOCAL), (), 1.0)},
        {"file": local_file("b.safetensors")},
    ],
    ids=["nobody was asked", "a file of one's own", "bytes without a hash"],
)
def test_a_link_whose_bytes_no_source_knows_has_no_sidecar(changes: dict[str, Any]) -> None:
    assert sidecar_of_link(link(**changes), IDENTITY) is None


def test_half_a_surrogate_pair_in_what_a_site_says_stays_the_escape_it_was() -> None:
    wanted = download(Path("/models"), "https://x.org/a.bin", name="a.bin")
    wanted = replace(wanted, candidate=replace(wanted.candidate, trained_words=("lantern \ud83d",)))
    text = sidecar_text(Fetched(wanted, "a.part", 1, (), "unverified"), Identity(ModelType.LORA))
    assert json.loads(text.encode())["trained_words"] == ["lantern \ud83d"]


def test_other_alphabets_are_written_as_they_are() -> None:
    step = replace(
        download(Path("/models"), "https://x.org/a.bin", name="a.bin"), candidate=replace(KNOWN, creator="雷")
    )
    assert '"creator": "雷"' in sidecar_text(Fetched(step, "a.part", 7, (), "sha256"), IDENTITY)
