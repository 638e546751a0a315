"""A running hub with a small catalogue, and a client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import BUYER, TOKEN, Row, write_file
from wfdeps.hub.server import HubServer


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """An empty folder of models."""
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def serve(models: Path) -> Iterator[Callable[..., HubServer]]:
    """Start a hub over these rows, each with its file: `serve(lora(1, "x"), login_everywhere=True)`."""
    running: list[Any] = []

    def start(*rows: Row, **switches: Any) -> HubServer:
        for row in rows:
            write_file(models, row)
        switches = {"tokens": [TOKEN], "buyers": [BUYER], **switches}
        door = run_hub(rows, models, **switches)
        running.append(door)
        return door.__enter__()

    yield start
    for door in running:
        door.__exit__(None, None, None)


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """One client for all tests: to make one costs more than most of them."""
    with httpx.Client() as shared:
        yield shared


@pytest.fixture
def get(client: httpx.Client) -> Callable[..., httpx.Response]:
    """GET from a hub, following nothing: `get(hub, "/api/v1/models", params={…})`."""

    def ask(hub: HubServer, path: str, *, method: str = "GET", **how: Any) -> httpx.Response:
        return client.request(method, path if path.startswith("http") else hub.url + path, **how)

    return ask
