"""The lock as a source: what a person chose, and no more."""

from __future__ import annotations

import pytest

from wfdeps.domain.digests import Digest
from wfdeps.domain.locks import LockEntry, LockSource
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import HashQuery, NameQuery
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.lock.refs import DownloadRoutes
from wfdeps.sources.locked import LockedChoices
from wfdeps.values import replace

ENTRY = LockEntry(
    "sub/Ink.safetensors", "loras", "loras/sub/Ink.safetensors", "a" * 64, 5, "urn:air:sd1:lora:civitai:1@2+3",
    (LockSource("civitai", "https://civitai.com/api/download/models/2?fileId=3"),), (), ChosenBy.USER, (),
)  # fmt: skip
ASKED = NameQuery("ink.safetensors", (ModelType.LORA,))


def test_it_answers_by_the_files_name_in_its_folder() -> None:
    source = LockedChoices([ENTRY], DownloadRoutes())
    others = [NameQuery("ink.safetensors", (ModelType.VAE,)), HashQuery(Digest.parse("sha256:" + "a" * 64))]
    ((query, answer),) = source.find_all([ASKED, *others]).items()
    assert query == ASKED
    assert [candidate.url for candidate in answer.candidates] == [ENTRY.sources[0].url]


@pytest.mark.parametrize(
    "entry",
    [
        replace(ENTRY, chosen_by=ChosenBy.NAME),
        replace(ENTRY, sources=()),
        replace(ENTRY, sources=(LockSource("url", "https://127.0.0.1/x.safetensors"),)),
        replace(ENTRY, name="ink.pt", path="loras/ink.pt"),
    ],
    ids=["by its name", "from nowhere", "from our own machine", "a pickle"],
)
def test_what_no_person_chose_or_nobody_may_take_unasked_it_leaves_open(entry: LockEntry) -> None:
    asked = replace(ASKED, name=entry.name)
    assert LockedChoices([entry], DownloadRoutes()).find_all([asked]) == {}
