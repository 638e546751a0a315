"""Where the line is drawn between deciding and asking."""

from __future__ import annotations

from enum import StrEnum

from wfdeps.values import dataclass


class Auto(StrEnum):
    """What may be taken without asking; each includes the one before."""

    HASH = "hash"
    """Only what a hash or an id proves."""
    EXACT = "exact"
    """And an exact name, where type and base model agree and nothing rivals it."""
    BEST = "best"
    """And the best of several, never a pickle, early access or another base model."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What a person allows to happen without a question."""

    auto: Auto = Auto.EXACT
    allow_pickle: bool = False
    base_models: tuple[str, ...] = ()
    """What the rest of the workflow is made for, where the ref itself does not say."""
