"""What a batch file sets is weaker than the line and the environment, and stronger than the config file."""

from __future__ import annotations

import pytest

from wfdeps.domain.secrets import Secret
from wfdeps.jobs.batch import Batch, settings_for
from wfdeps.wiring.settings import Settings


@pytest.mark.parametrize(
    ("on_the_line", "in_the_file", "in_the_config", "counts"),
    [(1, 2, 3, 1), (None, 2, 3, 2), (None, None, 3, 3), (None, None, None, None)],
)
def test_files_at_once(
    on_the_line: int | None, in_the_file: int | None, in_the_config: int | None, counts: int | None
) -> None:
    settings = settings_for(Batch((), jobs=in_the_file), Settings(jobs=in_the_config), jobs=on_the_line)
    assert settings.jobs == counts


def test_tokens_of_the_environment_are_stronger_than_those_of_the_file() -> None:
    batch = Batch((), civitai_token=Secret("file"), hf_token=Secret("file"))
    settings = settings_for(batch, Settings(civitai_token=Secret("environment")), jobs=None)
    assert settings.civitai_token is not None
    assert settings.hf_token is not None
    assert (settings.civitai_token.reveal(), settings.hf_token.reveal()) == ("environment", "file")
