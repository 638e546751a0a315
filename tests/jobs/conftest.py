"""The person and the hub of the whole tests, for jobs that need them."""

from __future__ import annotations

from tests.whole.conftest import hub, person, shelf

__all__ = ["hub", "person", "shelf"]
