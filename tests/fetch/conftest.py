"""A fault server and downloads from it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.server import FaultServer
from tests.fetch.fetching import WAYS, Ways


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """A law that holds for every way in which bytes come."""
    before, Ways.current = Ways.current, WAYS[request.param]
    yield
    Ways.current = before
