"""What stands between us and a file's bytes has one state, one sentence and one hint, wherever it is told."""

from __future__ import annotations

import pytest

from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.findings import RefState

TABLE = {
    AccessState.OPEN: RefState.RESOLVED,
    AccessState.TOKEN: RefState.GATED,
    AccessState.EARLY_ACCESS: RefState.EARLY_ACCESS,
    AccessState.DISABLED: RefState.UNAVAILABLE,
    AccessState.ARCHIVED: RefState.UNAVAILABLE,
    AccessState.DELETED: RefState.UNAVAILABLE,
    AccessState.BLOCKED: RefState.GATED,
}


def test_every_state_of_access_is_in_the_table() -> None:
    assert set(TABLE) == set(AccessState)


@pytest.mark.parametrize("state", AccessState)
def test_every_state_has_its_ref_state_and_unless_it_is_open_words_and_a_hint(state: AccessState) -> None:
    access = Access(state)
    assert access.ref_state is TABLE[state]
    assert access.is_open == (state is AccessState.OPEN)
    assert bool(access.words) == bool(access.hint) == (not access.is_open)


@pytest.mark.parametrize("state", AccessState)
def test_only_a_token_or_nothing_is_no_closed_door(state: AccessState) -> None:
    assert Access(state).is_closed == (state not in (AccessState.OPEN, AccessState.TOKEN))


@pytest.mark.parametrize("state", AccessState)
def test_what_is_handed_to_nobody_is_settled_and_names_no_token_that_would_help(state: AccessState) -> None:
    handed_to_nobody = TABLE[state] is RefState.UNAVAILABLE
    assert Access(state).is_settled == (handed_to_nobody or state is AccessState.BLOCKED)
    if handed_to_nobody:
        assert "TOKEN" not in Access(state).hint


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (Access(), ""),
        (Access(detail="bought"), "bought"),
        (Access(AccessState.EARLY_ACCESS), "early access"),
        (Access(AccessState.EARLY_ACCESS, until="2026-12-24T10:00:00Z"), "early access until 2026-12-24"),
        (Access(AccessState.EARLY_ACCESS, "paid", "2026-12-24"), "paid until 2026-12-24"),
        (Access(until="2026-12-24"), ""),
        (Access(AccessState.DISABLED, "downloads are off"), "downloads are off"),
    ],
)
def test_words_are_what_the_source_says_else_the_state_with_the_date(access: Access, words: str) -> None:
    assert access.words == words
