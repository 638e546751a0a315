"""What a server can cost us: encodings that unpack without end, and answers that never quite end."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from wfdeps.errors import RateLimitError, SourceUnavailableError, UnexpectedPayloadError
from wfdeps.fetch.peek import RemoteFile
from wfdeps.http import Backoff, Http
from wfdeps.http.by_httpx import ENGINES

PAUSE = 0.05
"""Seconds between two bytes of a server that drips; no silence, and 20 bytes a second."""


class Server:
    """Sends `fast` at once and `slow` byte by byte to everybody who asks, and then hangs up."""

    def __init__(self) -> None:
        self.fast = self.slow = b""
        self.asked = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/f.json"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.recv(65536)
            self.asked += 1
            connection.sendall(self.fast)
            for number in range(len(self.slow)):
                connection.sendall(self.slow[number : number + 1])
                time.sleep(PAUSE)

    def says(self, body: bytes, *headers: str) -> str:
        head = ["HTTP/1.1 200 OK", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
        self.fast = "\r\n".join(head).encode() + b"\r\n\r\n" + body
        return self.url

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture(params=[*ENGINES, "direct"])
def http(request: pytest.FixtureRequest) -> Iterator[Http]:
    engine = None if request.param == "direct" else request.param
    if engine is not None:
        pytest.importorskip(engine)
    with Http(
        engine=engine, timeout=5.0, within=0.5, sleep=lambda _: None, backoff=Backoff(0.001, 0.001, 1)
    ) as client:
        yield client


UNREAD = ("gzip, gzip", "gzip,deflate", "identity, gzip", "br", "zstd", "compress", "x-unknown", "GZIP, GZIP")


@pytest.mark.parametrize("encoding", UNREAD)
def test_an_encoding_nobody_asked_for_is_refused_unread(http: Http, server: Server, encoding: str) -> None:
    twice = gzip.compress(gzip.compress(b"[" + b" " * (1 << 20) + b"]"))
    url = server.says(twice, f"Content-Encoding: {encoding}")
    with pytest.raises(UnexpectedPayloadError, match="encoded as"):
        http.json("GET", url)
    with pytest.raises(UnexpectedPayloadError, match="encoded as"):
        http.ranged(url, 0, 10)
    with pytest.raises(UnexpectedPayloadError, match="encoded as"), RemoteFile(http, url) as remote:
        remote.read(0, 10)


def test_encodings_in_two_lines_are_stacked_too(http: Http, server: Server) -> None:
    url = server.says(gzip.compress(gzip.compress(b"{}")), "Content-Encoding: gzip", "Content-Encoding: gzip")
    with pytest.raises(UnexpectedPayloadError, match="encoded as"):
        http.json("GET", url)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", " gzip "])
def test_what_was_asked_for_is_read(http: Http, server: Server, encoding: str) -> None:
    assert http.json("GET", server.says(gzip.compress(b"[1]"), f"Content-Encoding: {encoding}")) == [1]


@pytest.mark.parametrize("encoding", ["identity", ""])
def test_no_encoding_has_two_names(http: Http, server: Server, encoding: str) -> None:
    assert http.json("GET", server.says(b"[1]", f"Content-Encoding: {encoding}")) == [1]


def test_a_part_of_a_compressed_file_is_no_part_of_the_file(http: Http, server: Server) -> None:
    url = server.says(gzip.compress(b"model"), "Content-Encoding: gzip")
    with pytest.raises(UnexpectedPayloadError, match="compressed"):
        http.ranged(url, 0, 10)
    with pytest.raises(UnexpectedPayloadError, match="compressed"), RemoteFile(http, url) as remote:
        remote.read(0, 10)


def test_an_error_page_that_cannot_be_read_keeps_its_status(http: Http, server: Server) -> None:
    server.fast = b"HTTP/1.1 404 Gone\r\nContent-Length: 4\r\nContent-Encoding: gzip, gzip\r\n\r\nxxxx"
    with http.get(server.url) as reply:
        assert reply.failure().status == 404


def test_a_head_that_drips_is_not_waited_for(http: Http, server: Server) -> None:
    server.slow = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with pytest.raises(SourceUnavailableError, match="stopped sending"):
        http.json("GET", server.url)
    with pytest.raises(SourceUnavailableError, match="stopped sending"), http.get(server.url):
        pass


def test_the_body_of_an_api_that_drips_is_not_waited_for(http: Http, server: Server) -> None:
    server.fast = b"HTTP/1.1 200 OK\r\nContent-Length: 32\r\n\r\n"
    server.slow = b"[" + b" " * 30 + b"]"
    with pytest.raises(SourceUnavailableError, match="takes too long"):
        http.json("GET", server.url)
    with pytest.raises(SourceUnavailableError, match="takes too long"):
        http.ranged(server.url, 0, 32)


def test_a_body_may_take_longer_than_its_head(http: Http, server: Server) -> None:
    """A large file has no overall time: what bounds it is its speed."""
    server.fast = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
    server.slow = b"x" * 20
    with http.get(server.url) as reply:
        assert b"".join(reply.chunks()) == server.slow


def test_a_pause_that_a_server_asks_for_is_said(server: Server) -> None:
    said: list[str] = []
    server.fast = b"HTTP/1.1 429 Later\r\nRetry-After: 6\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    with (
        Http(on_wait=said.append, sleep=lambda _: None, backoff=Backoff(attempts=2)) as http,
        pytest.raises(RateLimitError),
    ):
        http.json("GET", server.url)
    assert said == ["waiting 6 seconds: `127.0.0.1` asks us to wait 6 seconds (429)"]


def test_an_answer_that_takes_long_is_said_once_and_a_quick_one_is_not(server: Server) -> None:
    said: list[str] = []
    server.slow = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
    with Http(on_wait=said.append, said_after=0.5) as http:
        assert http.json("GET", server.url) == []
        assert said == ["waiting for an answer of `127.0.0.1`"]
        server.slow = b""
        assert http.json("GET", server.says(b"[]")) == []
    assert len(said) == 1
