"""What goes wrong on purpose does so once, where it was ordered, and then no more."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.hub.rows import lora

MODELS = "/api/v1/models"


def test_the_next_request_fails_and_the_one_after_does_not(serve, get) -> None:
    hub = serve(lora(1, "A"))
    hub.fail_next(429, retry_after=2)
    first, second = get(hub, MODELS), get(hub, MODELS)
    assert (first.status_code, first.headers["retry-after"]) == (429, "2")
    assert "unusual amount" in first.json()["error"]
    assert second.status_code == 200


def test_a_fault_waits_for_its_path(serve, get) -> None:
    hub = serve(lora(1, "A"))
    hub.fail_next(503, path="/api/v1/models", times=2)
    assert get(hub, "/api/v1/enums").status_code == 200
    assert [get(hub, MODELS).status_code for _ in range(3)] == [503, 503, 200]


def test_a_page_can_come_instead_of_json(serve, get) -> None:
    hub = serve(lora(1, "A"))
    hub.fail_next(200, body="<html>Just a moment…</html>", content_type="text/html")
    answer = get(hub, MODELS)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (200, "text/html")


def test_a_row_can_be_out_of_order_for_a_while(serve, get) -> None:
    hub = serve(lora(1, "A", fault={"status": 503, "times": 2, "retry_after": 1}), lora(2, "B"))
    statuses = [get(hub, "/api/download/models/1001").status_code for _ in range(3)]
    assert statuses == [503, 503, 307]
    assert get(hub, "/api/download/models/1002").status_code == 307


def test_a_connection_can_break_after_so_many_bytes(serve, get) -> None:
    hub = serve(lora(1, "A"))
    link = get(hub, "/api/download/models/1001").headers["location"]
    hub.fail_next(storage=True, cut_after=1000)
    got = b""
    with pytest.raises(httpx.RemoteProtocolError), httpx.stream("GET", link) as response:
        for chunk in response.iter_raw():
            got += chunk
    assert len(got) == 1000
    assert get(hub, link).status_code == 200


def test_a_server_can_ignore_ranges_and_keep_the_length_to_itself(serve, get) -> None:
    hub = serve(lora(1, "A"))
    link = get(hub, "/api/download/models/1001").headers["location"]
    hub.fail_next(storage=True, ignore_range=True, no_length=True)
    answer = get(hub, link, headers={"Range": "bytes=10-"})
    assert answer.status_code == 200
    assert "content-length" not in answer.headers
    assert answer.headers["transfer-encoding"] == "chunked"


def test_bytes_can_trickle(serve, get) -> None:
    hub = serve(lora(1, "A"))
    link = get(hub, "/api/download/models/1001").headers["location"]
    hub.fail_next(storage=True, bytes_per_second=500_000)
    began = time.monotonic()
    size = len(get(hub, link).content)
    assert time.monotonic() - began > size / 500_000 * 0.8


def test_the_journal_tells_the_ports_apart_and_keeps_no_token(serve, get) -> None:
    hub = serve(lora(1, "A"))
    link = get(hub, "/api/download/models/1001", params={"token": "tell-nobody"}).headers["location"]
    get(hub, link, headers={"Range": "bytes=0-9"})
    download, storage = hub.requests
    assert (download.status, download.storage, download.query) == (307, False, "token=***")
    assert (storage.status, storage.storage, storage.range) == (206, True, "bytes=0-9")
    assert "tell-nobody" not in "".join(map(str, hub.requests))
