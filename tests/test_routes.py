"""By which proxy an address is reached, and that a proxy's login is told to nobody else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import download as download_to
from tests.fetch.fetching import fetch
from wfdeps.errors import SourceError
from wfdeps.http import Http
from wfdeps.http.routes import route_to

NAMES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


ROUTES = {
    "none set": ({}, "http://a.org/", None),
    "by scheme": ({"http_proxy": "http://p:1"}, "https://a.org/", None),
    "for https": ({"HTTPS_PROXY": "http://p:1"}, "https://a.org/", "http://p:1"),
    "lower case first": (
        {"HTTPS_PROXY": "http://p:1", "https_proxy": "http://q:2"},
        "https://a.org/",
        "http://q:2",
    ),
    "for all": ({"ALL_PROXY": "socks5://p:1"}, "http://a.org/", "socks5://p:1"),
    "without a scheme": ({"http_proxy": "p:1"}, "http://a.org/", "http://p:1"),
    "a host exempt": ({"http_proxy": "http://p:1", "no_proxy": "a.org"}, "http://a.org/", None),
    "a domain exempt": ({"http_proxy": "http://p:1", "NO_PROXY": ".org"}, "http://a.org/", None),
    "all exempt": ({"http_proxy": "http://p:1", "no_proxy": "*"}, "http://a.org/", None),
    "a network exempt": ({"http_proxy": "http://p:1", "no_proxy": "10.0.0.0/8"}, "http://10.1.2.3:8/", None),
    "an IPv6 network exempt": (
        {"http_proxy": "http://p:1", "no_proxy": "fd00::/8"},
        "http://[fd00::1]/",
        None,
    ),
    "another network": (
        {"http_proxy": "http://p:1", "no_proxy": "10.0.0.0/8"},
        "http://11.1.2.3/",
        "http://p:1",
    ),
}


@pytest.mark.parametrize(("environment", "url", "route"), ROUTES.values(), ids=ROUTES.keys())
def test_the_environment_says_the_route(
    environment: dict[str, str], url: str, route: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert route_to(url) == route


@pytest.fixture
def socks() -> Iterator[list[tuple[str, int]]]:
    """A SOCKS5 proxy on 127.0.0.1; what was asked for, its own port first."""
    asked: list[tuple[str, int]] = []
    server = socket.create_server(("127.0.0.1", 0))
    asked.append(("proxy", server.getsockname()[1]))

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_relay, args=(client, asked), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield asked
    server.close()


def _relay(client: socket.socket, asked: list[tuple[str, int]]) -> None:
    client.recv(262)
    client.sendall(b"\x05\x00")
    head = client.recv(4)
    host = client.recv(client.recv(1)[0]).decode() if head[3] == 3 else socket.inet_ntoa(client.recv(4))
    port = int.from_bytes(client.recv(2), "big")
    asked.append((host, port))
    there = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
    threading.Thread(target=_pump, args=(there, client), daemon=True).start()
    _pump(client, there)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def test_a_socks_proxy_is_gone_through(
    socks: list[tuple[str, int]], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ALL_PROXY", f"socks5://127.0.0.1:{socks[0][1]}")
    with FaultServer() as server:
        told = fetch(download_to(tmp_path, server.url(size=20 << 20)))
        assert told.sha256 == body_sha256(1, 20 << 20)
        assert socks[1] == ("127.0.0.1", server.port)


def test_a_proxy_that_wants_a_login_is_named_and_its_login_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as proxy, Http() as http:
        monkeypatch.setenv("HTTP_PROXY", f"http://user:s3cret@127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://user:s3cret@127.0.0.1:{proxy.port}")
        with pytest.raises(SourceError, match="proxy wants a login") as caught:
            http.json("GET", "http://models.invalid/file.bin?status=407")
    assert "s3cret" not in str(caught.value) + (caught.value.hint or "") + repr(http)
    assert "proxy-authorization" in proxy.log[0].headers


def test_a_proxy_of_an_unknown_kind_is_an_error_without_its_login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "gopher://user:s3cret@127.0.0.1:1")
    with Http() as http, pytest.raises(Exception, match="of the kind `gopher`") as caught:
        http.json("GET", "http://models.invalid/")
    assert "s3cret" not in str(caught.value)
