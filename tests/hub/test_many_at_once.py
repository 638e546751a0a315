"""Many clients, many connections, any address."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from tests.hub.rows import lora


def test_pieces_fetched_at_once_make_the_file(serve, get, client, models: Path) -> None:
    hub = serve(lora(1, "A"))
    whole = (models / "loras/1.safetensors").read_bytes()
    link = get(hub, "/api/download/models/1001").headers["location"]
    size = 7_001

    def piece(start: int) -> bytes:
        return client.get(link, headers={"Range": f"bytes={start}-{start + size - 1}"}).content

    with ThreadPoolExecutor(8) as pool:
        assert b"".join(pool.map(piece, range(0, len(whole), size))) == whole


def test_rows_change_while_others_search(serve, client) -> None:
    hub = serve(*(lora(number, f"ink {number}") for number in range(1, 9)))

    def search(_: int) -> int:
        return client.get(f"{hub.url}/api/v1/models", params={"query": "ink"}).status_code

    def switch(number: int) -> None:
        hub.row(model_id=number % 8 + 1, archived=bool(number % 2))

    with ThreadPoolExecutor(6) as pool:
        switched = [pool.submit(switch, number) for number in range(40)]
        assert set(pool.map(search, range(40))) == {200}
        assert all(done.exception() is None for done in switched)


def test_a_client_that_leaves_in_the_middle_harms_nobody(serve, get, client) -> None:
    hub = serve(lora(1, "A"))
    link = get(hub, "/api/download/models/1001").headers["location"]
    for _ in range(5):
        hub.fail_next(storage=True, bytes_per_second=50_000)
        with client.stream("GET", link) as response:
            next(response.iter_raw())
    assert get(hub, link).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "0.0.0.0", "::"])
def test_it_listens_on_any_address_and_links_follow(host: str, models: Path, serve, get) -> None:
    if ":" in host and not _has_ipv6():
        pytest.skip("this machine has no IPv6")
    serve(lora(1, "A"))
    with run_hub([lora(1, "A")], models, host=host) as hub:
        answer = get(hub, "/api/download/models/1001")
        assert answer.headers["location"].startswith(hub.url.rpartition(":")[0] + ":")
        assert get(hub, answer.headers["location"]).status_code == 200


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True
