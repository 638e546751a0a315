"""A hub on free ports for the length of a test.

    with run_hub([row], models) as hub:
        hub.fail_next(429, retry_after=2)
        hub.row(version_id=row["version_id"], archived=True)
        assert hub.requests.to("/api/download/")

`catalogue` is a path or a list of rows, `models` a folder, or several; the switches are HubServer's.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wfdeps.hub.catalogue import Row
from wfdeps.hub.server import HubServer


@contextmanager
def run_hub(
    catalogue: str | os.PathLike[str] | Iterable[Row] | None = None,
    models: str | os.PathLike[str] | Iterable[str] | None = None,
    **switches: Any,
) -> Iterator[HubServer]:
    """A running hub: `.url`, `.requests`, `.fail_next(…)`, `.row(…)`, `.publish(rows)`, `.expire_links()`."""
    with HubServer(catalogue, models, **switches) as hub:
        yield hub


@pytest.fixture
def hub() -> Iterator[HubServer]:
    """An empty hub; fill it with `publish`."""
    with run_hub() as running:
        yield running
