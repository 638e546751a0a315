"""What is written beside a file."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fetch.fetching import download
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.outcomes import Fetched
from wfdeps.planning.sidecar import sidecar_text
from wfdeps.values import replace


def test_half_a_surrogate_pair_in_what_a_site_says_stays_the_escape_it_was() -> None:
    wanted = download(Path("/models"), "https://x.org/a.bin", name="a.bin")
    wanted = replace(wanted, candidate=replace(wanted.candidate, trained_words=("lantern \ud83d",)))
    text = sidecar_text(Fetched(wanted, "a.part", 1, (), "unverified"), Identity(ModelType.LORA))
    assert json.loads(text.encode())["trained_words"] == ["lantern \ud83d"]
