"""Names with two families of addresses: one that swallows everything costs a moment, not a timeout."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from wfdeps.http.dialing import Dialer

Row = tuple[int, int, int, str, tuple[object, ...]]


def row(family: int, host: str, port: int) -> Row:
    return (
        family,
        socket.SOCK_STREAM,
        0,
        "",
        (host, port) if family == socket.AF_INET else (host, port, 0, 0),
    )


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def black_hole(listener: int) -> Iterator[None]:
    """The same port over IPv6, where calls are neither taken nor refused: its queue is full."""
    try:
        server = socket.create_server(("::1", listener), family=socket.AF_INET6, backlog=0)
    except OSError:
        pytest.skip("no IPv6 here")
    callers = []
    with server:
        for _ in range(4):
            caller = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            caller.setblocking(False)
            caller.connect_ex(("::1", listener))
            callers.append(caller)
        probe = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        probe.settimeout(0.5)
        swallowed = probe.connect_ex(("::1", listener)) != 0
        probe.close()
        if not swallowed:
            pytest.skip("this system takes calls beyond its queue")
        yield
        for caller in callers:
            caller.close()


@pytest.mark.usefixtures("black_hole")
def test_an_ipv6_black_hole_costs_less_than_a_second(listener: int) -> None:
    dialer = Dialer(
        lambda host, port, **_: [row(socket.AF_INET6, "::1", port), row(socket.AF_INET, "127.0.0.1", port)]
    )
    begun = time.monotonic()
    assert dialer.nearest("two.invalid", listener, 10.0) == "127.0.0.1"
    assert time.monotonic() - begun < 1.0
    asked = time.monotonic()
    assert dialer.nearest("two.invalid", listener, 10.0) == "127.0.0.1"  # remembered
    assert time.monotonic() - asked < 0.2


def test_a_refused_family_gives_way_at_once(listener: int) -> None:
    dialer = Dialer(
        lambda host, port, **_: [row(socket.AF_INET6, "::1", port), row(socket.AF_INET, "127.0.0.1", port)]
    )
    assert dialer.nearest("two.invalid", listener, 10.0) == "127.0.0.1"


def test_one_family_is_left_to_the_system(listener: int) -> None:
    dialer = Dialer(lambda host, port, **_: [row(socket.AF_INET, "127.0.0.1", port)])
    assert dialer.nearest("one.invalid", listener, 10.0) == "one.invalid"


def test_a_name_nobody_knows_is_looked_up_once_more_then_left_to_the_system() -> None:
    asked = []

    def resolve(host: str, port: int, **_: object) -> list[Row]:
        asked.append(host)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    assert Dialer(resolve).nearest("nobody.invalid", 80, 1.0) == "nobody.invalid"
    assert len(asked) == 2
