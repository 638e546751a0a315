"""What all tests share: the data beside the checkout, if it is there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of third-party data beside the checkout; the test is skipped where it is absent."""
    path = REPOSITORY.parent / "shared"
    if not (path / "data").is_dir():
        pytest.skip("needs ../shared (third-party data that is not committed)")
    return path


OF_THE_PERSON = ("HOME", "USERPROFILE", "COMFYUI_PATH")
PREFIXES = ("XDG_", "WFDEPS_", "CIVITAI_", "HF_", "HUGGING")
"""What a developer's own environment says of their home, their ComfyUI, their tokens and their settings."""


@pytest.fixture(scope="session", autouse=True)
def home_of_nobody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home and no settings: what the developer has, tests must neither see nor touch."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if name in OF_THE_PERSON or name.startswith(PREFIXES):
                patch.delenv(name)
        patch.setenv("HOME", str(home))
        patch.setenv("USERPROFILE", str(home))
        yield home
