"""Many who send half a request, or read nothing: they are hung up on, and the hub is as small after as it was."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.hub.rows import lora, write_file

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="memory is read from /proc")

SLOW, STALLED, ROUNDS = 400, 150, 3
MIB = 1 << 20
HUB = """
import sys, time
from wfdeps.hub import gate
gate.HEAD_SECONDS = gate.IDLE_SECONDS = gate.STALLED_SECONDS = 1.0
from wfdeps.hub.server import HubServer
with HubServer(models=sys.argv[1]) as hub:
    print(hub.url, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def hub(models: Path) -> Iterator[tuple[int, str]]:
    """The process id and URL of a hub with one file of 32 MiB, impatient so that the test is short."""
    row = lora(1, "x")
    write_file(models, row)
    (models / row["path"]).write_bytes(b"x" * (32 * MIB))
    arguments = [sys.executable, "-c", HUB, str(models)]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.pid, process.stdout.readline().strip()
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0


def resident(pid: int) -> int:
    """Bytes of memory the process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def sockets(pid: int) -> int:
    """How many sockets the process holds."""
    count = 0
    for handle in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/{pid}/fd/{handle}").startswith("socket:")
    return count


def wait_until_gone(pid: int, before: int) -> None:
    deadline = time.monotonic() + 40
    while sockets(pid) > before:
        assert time.monotonic() < deadline, f"{sockets(pid) - before} connections are still held"
        time.sleep(0.2)


def crowd(port: int, count: int, sent: bytes) -> list[socket.socket]:
    """So many connections that sent this and do nothing more."""
    connections = []
    for _ in range(count):
        each = socket.create_connection(("127.0.0.1", port), timeout=20)
        each.sendall(sent)
        connections.append(each)
    return connections


def test_a_crowd_of_slow_heads_and_stalled_readers_leaves_nothing_behind(hub: tuple[int, str]) -> None:
    pid, url = hub
    answer = httpx.get(f"{url}/api/v1/models").json()
    link = httpx.get(answer["items"][0]["modelVersions"][0]["downloadUrl"]).headers["location"]
    target = httpx.URL(link)
    get = f"GET {target.raw_path.decode()} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    port, storage_port = httpx.URL(url).port, target.port
    assert port is not None
    assert storage_port is not None
    before, sizes = sockets(pid), []
    for _ in range(ROUNDS):
        connections = crowd(port, SLOW, b"GET /api/v1/models HTTP/1.1\r\nHost: loc")
        connections += crowd(storage_port, STALLED, get)
        wait_until_gone(pid, before)
        for each in connections:
            each.close()
        assert httpx.get(f"{url}/api/v1/models", timeout=20).status_code == 200
        sizes.append(resident(pid))
    # The first crowd makes the pools; from then on nothing is added.
    assert sizes[-1] - sizes[0] < 24 * MIB, sizes


def test_a_head_without_end_is_refused(hub: tuple[int, str]) -> None:
    pid, url = hub
    port = httpx.URL(url).port
    before = resident(pid)
    for _ in range(20):
        with (
            contextlib.suppress(ConnectionError),
            socket.create_connection(("127.0.0.1", port), timeout=20) as endless,
        ):
            endless.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
            for _ in range(64):
                endless.sendall(b"x" * MIB)
            while endless.recv(65536):
                pass
    assert resident(pid) - before < 32 * MIB
