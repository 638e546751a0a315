"""What a failed download says about the file."""

from __future__ import annotations

import pytest

from wfdeps.domain.outcomes import FailureKind

UNDECIDED = {"gated", "early_access", "rate_limited", "network", "blocked"}


@pytest.mark.parametrize("kind", FailureKind)
def test_every_kind_of_failure_is_undecided_or_failed(kind: FailureKind) -> None:
    assert kind.is_undecided is (kind.value in UNDECIDED)


@pytest.mark.parametrize("kind", FailureKind)
def test_only_a_login_or_a_purchase_is_missing_access(kind: FailureKind) -> None:
    assert kind.needs_access is (kind.value in {"gated", "early_access"})
