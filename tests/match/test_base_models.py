"""Which base models go together."""

from __future__ import annotations

import pytest

from wfdeps.match.base_models import bases_agree


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [("SDXL 1.0", "Pony"), ("Illustrious", "NoobAI"), ("SD 1.5", "SD 1.4"), ("Flux.1 D", "Flux.1 S")],
)
def test_one_family_fits_together(wanted: str, offered: str) -> None:
    assert bases_agree((wanted,), offered) is True


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [("SD 1.5", "SDXL 1.0"), ("Flux.1 D", "Flux.2 D"), ("Pony", "Pony V7"), ("SD 1.5", "SD 2.1"),
     ("Wan Video 2.2 TI2V-5B", "Wan Video 14B t2v")],
)  # fmt: skip
def test_another_family_does_not(wanted: str, offered: str) -> None:
    assert bases_agree((wanted,), offered) is False


@pytest.mark.parametrize("offered", [None, "", "Other", "some word of another list"])
def test_who_says_nothing_neither_agrees_nor_differs(offered: str | None) -> None:
    assert bases_agree(("SD 1.5",), offered) is None
    assert bases_agree((), "SD 1.5") is None
