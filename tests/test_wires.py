"""Two wires, one law: whatever a server sends, the direct one gives the bytes httpx gives, or refuses as httpx does."""

from __future__ import annotations

import gzip
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from wfdeps.errors import SourceError
from wfdeps.http import Http, Reply

LONGEST = 40_000
"""Bytes of a body: several of every reader's buffers."""


class Script:
    """A server that sends exactly these bytes, in these pieces, to whoever asks, and then hangs up."""

    def __init__(self) -> None:
        self.pieces: tuple[bytes, ...] = ()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/f.bin"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                found, _ = self._socket.accept()
                with found, suppress(OSError):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._answer(found)

    def _answer(self, found: socket.socket) -> None:
        asked = b""
        while b"\r\n\r\n" not in asked:
            came = found.recv(4096)
            if not came:
                return
            asked += came
        for piece in self.pieces:
            found.sendall(piece)
        found.shutdown(socket.SHUT_WR)
        while found.recv(4096):
            pass

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(scope="module")
def script() -> Iterator[Script]:
    running = Script()
    yield running
    running.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What one reader made of a reply."""

    status: int = 0
    body: bytes = b""
    fault: bool = False
    headers: dict[str, str] = field(default_factory=dict, compare=False)


def read(url: str, *, direct: bool, from_socket: bool = False) -> Answer:
    """The reply over one of the wires, its body as chunks or from the socket."""
    with Http(direct=direct, timeout=2.0) as http:
        status, body, headers = 0, bytearray(), {}
        try:
            with http.get(url) as reply:
                status, headers = reply.status, dict(reply.headers)
                for chunk in tapped(reply) if from_socket else reply.chunks():
                    body += chunk
        except SourceError:
            return Answer(status, bytes(body), True, headers)
        return Answer(status, bytes(body), False, headers)


def tapped(reply: Reply) -> Iterator[bytes]:
    """The body from its socket where it can be handed off, as a transfer reads it: to its length, or to a cut."""
    tap = reply.tap(stall=2.0) if reply.keeps_connection and reply.status in (200, 206) else None
    if tap is None:
        yield from reply.chunks()
        return
    left = int(reply.headers["content-length"])
    buffer = bytearray(7_000)
    while left > 0:
        count = tap.read_into(buffer, min(left, len(buffer)), lambda: False)
        if count == 0:
            raise SourceError("cut")
        left -= count
        yield bytes(buffer[:count])


def chunked(body: bytes, sizes: list[int]) -> bytes:
    sent, rest = b"", body
    for size in sizes:
        if rest:
            part, rest = rest[:size], rest[size:]
            sent += b"%x\r\n%s\r\n" % (len(part), part)
    if rest:
        sent += b"%X;note=1\r\n%s\r\n" % (len(rest), rest)
    return sent + b"0\r\n"


@st.composite
def replies(draw: st.DrawFn) -> tuple[bytes, ...]:
    """A reply on the wire, sound or not, in pieces."""
    body = draw(
        st.integers(0, LONGEST).map(lambda size: bytes(range(256)) * (size // 256) + b"\x00" * (size % 256))
    )
    length = str(len(body)).encode()
    how = draw(
        st.sampled_from(("length", "length", "chunked", "close", "both", "twice", "same twice", "odd"))
    )
    encoding = draw(st.sampled_from((b"", b"", b"identity", b"gzip", b"strange")))
    if encoding == b"gzip":
        body = gzip.compress(body, 1)
        length = str(len(body)).encode()
    more = draw(st.integers(-300, 300)) if draw(st.booleans()) else 0
    said = str(max(0, int(length) + more)).encode()
    odd = draw(
        st.sampled_from(
            (b"+5", b"-1", b"5, 5", b"", b"0x10", b" 7 ", b"1_0", b"\xb2", "\u0665".encode(), b"9" * 30)
        )
    )
    lines = [
        b"%s %s"
        % (draw(st.sampled_from((b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0"))), draw(st.sampled_from(STATUSES)))
    ]
    lines += {
        "length": [b"Content-Length: " + said],
        "chunked": [b"Transfer-Encoding: chunked"],
        "close": [],
        "both": [b"Content-Length: " + said, b"Transfer-Encoding: chunked"],
        "twice": [b"Content-Length: " + said, b"content-length: 5"],
        "same twice": [b"Content-Length: " + length, b"content-length: " + length],
        "odd": [b"Content-Length: " + odd],
    }[how]
    lines += [b"Content-Encoding: " + encoding] if encoding else []
    lines += draw(st.lists(st.sampled_from(OTHERS), max_size=3))
    start = draw(
        st.sampled_from(
            (
                b"",
                b"",
                b"",
                b"HTTP/1.1 100 Continue\r\n\r\n",
                b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
            )
        )
    )
    head = start + b"\r\n".join(lines) + b"\r\n\r\n"
    if how in ("chunked", "both"):
        trailer = draw(st.sampled_from((b"\r\n", b"\r\n", b"x-sum: 1\r\n\r\n", b"")))
        body = chunked(body, draw(st.lists(st.integers(1, 9_000), max_size=4))) + trailer
    sent = head + body
    if draw(st.booleans()):
        sent = sent[: draw(st.integers(0, len(sent)))]
    cuts = sorted({0, len(sent), *draw(st.lists(st.integers(0, len(sent)), max_size=3))})
    return tuple(sent[first:last] for first, last in pairwise(cuts))


STATUSES = (
    b"200 OK",
    b"200 OK",
    b"206 Partial Content",
    b"200",
    b"200 ",
    b"204 No Content",
    b"304 Not Modified",
    b"404 No",
    b"503 Later",
    b"2000 X",
    b"abc OK",
)
OTHERS = (
    b"Connection: close",
    b"Connection: keep-alive",
    b'ETag: "a"',
    b"X-A: 1",
    b"x-a: 2",
    b"X-Long: a,\r\n b",
    b"X-Empty:",
    b"X Bad: 1",
    b"noColon",
    "X-U: ü".encode(),
    b"X-L: \xe9",
    b": 1",
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=replies())
# The head broke off: no empty file.
@example(pieces=(b"HTTP/1.1 200 OK\r\nServer: x\r\n",))
# The socket is closed by the library once nothing is to come (3.13), or nothing came (all).
@example(pieces=(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc",))
@example(pieces=(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n",))
# What stands below a line that is no header is still said.
@example(pieces=(b"HTTP/1.1 200 OK\r\nno header\r\nContent-Length: 9\r\n\r\nabc",))
@example(pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\nabc",))
@example(pieces=(b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\nabc",))
def test_the_direct_wire_gives_what_httpx_gives_or_refuses_as_it_does(
    script: Script, pieces: tuple[bytes, ...]
) -> None:
    script.pieces = pieces
    wanted = read(script.url, direct=False)
    for from_socket in (False, True):
        got = read(script.url, direct=True, from_socket=from_socket)
        assert got.fault == wanted.fault
        assert got.fault or got == wanted


@pytest.mark.parametrize("size", [0, 1, 8_191, 8_192, 300_000])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_the_bytes_come_however_they_are_sent(script: Script, size: int, version: bytes) -> None:
    body = bytes(size)
    script.pieces = (
        b"HTTP/%s 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (version, size),
        body,
    )
    for from_socket in (False, True):
        assert read(script.url, direct=True, from_socket=from_socket) == Answer(200, body)


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("host", ["a b", "...", "ex..ample.com", "a" * 70 + ".com", "h:99999", "h:port"])
def test_a_host_nobody_could_have_is_refused_as_any_other_failure(host: str, direct: bool) -> None:
    http = Http(direct=direct)
    with pytest.raises(SourceError), http.get(f"http://{host}/f.bin"):
        pass
    http.close()
