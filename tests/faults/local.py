"""What the machine does to a transfer, done to any client: full and read-only disks, limits, signals, kills, links, others.

Each harness takes a client and an empty folder and says what came of it in a word; `as expected` is `safe`. They
need Linux; those that mount need root, and say `not tried` without it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.faults.server import FaultServer, body, body_sha256

Command = Callable[[str, Path, str], list[str]]
SAFE, NOT_TRIED = "safe", "not tried: needs root"
MIB = 1 << 20
SIZE = 12 * MIB
SHA = body_sha256(1, SIZE)
PATIENCE = 45
_REPOSITORY = Path(__file__).resolve().parents[2]


def start(
    command: Command, url: str, path: Path, prepare: Callable[[], None] | None = None, **more: str
) -> subprocess.Popen[bytes]:
    """The client at work in a process of its own, quiet, with signals as a terminal gives them."""

    def ready() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if prepare:
            prepare()

    return subprocess.Popen(
        command(url, path, SHA),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=path.parent,
        env={**os.environ, "PYTHONPATH": str(_REPOSITORY), **more},
        preexec_fn=ready,  # noqa: PLW1509
    )


def ended(process: subprocess.Popen[bytes]) -> int | None:
    """Its exit code; None where it hangs, and was killed for that."""
    try:
        process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return None
    return process.returncode


def is_right(path: Path) -> bool:
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA


def refused(command: Command, url: str, path: Path, prepare: Callable[[], None] | None = None) -> str:
    """The client must fail, and leave nothing under the final name."""
    code = ended(start(command, url, path, prepare))
    if code is None:
        return "hangs"
    if path.exists():
        return "wrong file left" if code else "WRONG, says well"
    return SAFE if code else "says well, no file"


def whole(command: Command, url: str, path: Path, **more: str) -> str:
    """The client must succeed, with the right bytes."""
    code = ended(start(command, url, path, **more))
    if code is None:
        return "hangs"
    if is_right(path):
        return SAFE if code == 0 else "whole, says failed"
    return ("wrong file left" if path.exists() else "absent") if code else "WRONG, says well"


@contextlib.contextmanager
def mounted_disk(folder: Path, options: str) -> Iterator[Path | None]:
    """A file system of its own in memory; None where none can be mounted."""
    disk = folder / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    may_mount = sys.platform.startswith("linux") and os.geteuid() == 0
    if not may_mount or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    try:
        yield disk
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


# ── the harnesses; the number is that of the fault ──


def no_room_before(command: Command, folder: Path) -> str:
    """76: there never was room for it."""
    with FaultServer() as server, mounted_disk(folder, "size=6m") as disk:
        return NOT_TRIED if disk is None else refused(command, server.url(size=SIZE), disk / "m.bin")


def no_room_midway(command: Command, folder: Path) -> str:
    """77: nobody said how long it is, and the disk fills up; with room again, it comes."""
    with FaultServer() as server, mounted_disk(folder, "size=20m") as disk:
        if disk is None:
            return NOT_TRIED
        url, path, filler = server.url(size=SIZE, chunked=1), disk / "m.bin", disk / "filler"
        filler.write_bytes(bytes(14 * MIB))
        first = refused(command, url, path)
        filler.unlink()
        return first if first != SAFE else whole(command, url, path)


def file_size_limit(command: Command, folder: Path) -> str:
    """78: the system allows no file as large as that."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))

    with FaultServer() as server:
        return refused(command, server.url(size=SIZE), folder / "m.bin", limit)


def read_only(command: Command, folder: Path) -> str:
    """79: the disk is read-only; nobody should fetch a byte for it."""
    with FaultServer() as server, mounted_disk(folder, "size=20m") as disk:
        if disk is None:
            return NOT_TRIED
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        result = refused(command, server.url(size=SIZE), disk / "m.bin")
        fetched = sum(request.sent for request in server.log)
        return "fetched it all the same" if result == SAFE and fetched > MIB else result


def same_file_there(command: Command, folder: Path) -> str:
    """82: the very file is there: not a byte comes again."""
    path = folder / "m.bin"
    path.write_bytes(body(1, 0, SIZE))
    with FaultServer() as server:
        result = whole(command, server.url(size=SIZE), path)
        again = sum(request.sent for request in server.log) > MIB
        return "fetched again" if result == SAFE and again else result


def other_file_there(command: Command, folder: Path) -> str:
    """83: something else is there: it stays as it is, and that is said."""
    path = folder / "m.bin"
    path.write_bytes(b"mine" * 1000)
    with FaultServer() as server:
        code = ended(start(command, server.url(size=SIZE), path))
        if path.read_bytes() != b"mine" * 1000:
            return "overwritten"
        return "hangs" if code is None else SAFE if code else "says well, other file"


def linked_target(command: Command, folder: Path) -> str:
    """70: the final name is a link to a file elsewhere: that one is not written through."""
    precious = folder / "precious"
    precious.write_bytes(b"precious")
    path = folder / "models" / "m.bin"
    path.parent.mkdir()
    path.symlink_to(precious)
    with FaultServer() as server:
        ended(start(command, server.url(size=SIZE), path))
    return SAFE if precious.read_bytes() == b"precious" else "written through"


def by_signal(number: signal.Signals) -> Callable[[Command, Path], str]:
    """86, 87, 88: ended in the middle: nothing under the final name, and the next run goes on from there."""

    def harness(command: Command, folder: Path) -> str:
        path = folder / "m.bin"
        with FaultServer() as server:
            process = start(command, server.url(size=SIZE, speed=4 * MIB), path)
            _wait_for(server, 6 * MIB, process)
            process.send_signal(number)
            if ended(process) is None:
                return "hangs"
            if path.exists() and not is_right(path):
                return "partial under the final name"
            before = sum(request.sent for request in server.log)
            result = whole(command, server.url(size=SIZE, speed=4 * MIB), path)
            again = sum(request.sent for request in server.log) - before
            return "begins again at 0" if result == SAFE and again >= SIZE else result

    return harness


def random_kills(command: Command, folder: Path) -> str:
    """88: SIGKILL at random bytes, five times: right or absent under the final name each time, and whole at last."""
    chance, path = random.Random(88), folder / "m.bin"
    with FaultServer() as server:
        url = server.url(size=SIZE, speed=12 * MIB)
        for _ in range(5):
            process = start(command, url, path)
            _wait_for(server, sum(r.sent for r in server.log) + chance.randrange(SIZE), process)
            process.kill()
            ended(process)
            if path.exists() and not is_right(path):
                return "partial under the final name"
            path.unlink(missing_ok=True)
        return whole(command, url, path)


def two_at_once(command: Command, folder: Path) -> str:
    """92: two processes want the same file: it comes once, and both end well."""
    path = folder / "m.bin"
    with FaultServer() as server:
        both = [start(command, server.url(size=SIZE, speed=8 * MIB), path) for _ in range(2)]
        codes = [ended(process) for process in both]
        sent = sum(request.sent for request in server.log)
    if not is_right(path):
        return "WRONG, says well" if 0 in codes else "wrong file left"
    if codes != [0, 0]:
        return "one of them fails"
    return SAFE if sent < SIZE * 3 // 2 else "fetched twice"


def holder_killed(command: Command, folder: Path) -> str:
    """93: who held the lock was killed: the next run does not wait for it."""
    path = folder / "m.bin"
    with FaultServer() as server:
        process = start(command, server.url(size=SIZE, speed=4 * MIB), path)
        _wait_for(server, MIB, process)
        process.kill()
        ended(process)
        return whole(command, server.url(size=SIZE), path)


def behind_proxy(command: Command, folder: Path) -> str:
    """97: HTTP_PROXY is honoured, NO_PROXY too."""
    with FaultServer() as server, FaultServer() as proxy:
        # Our server takes any host's requests: asked through it, the name needs no resolving.
        url = f"http://models.invalid/file.bin?size={SIZE}"
        address = f"http://127.0.0.1:{proxy.port}"
        result = whole(command, url, folder / "m.bin", http_proxy=address, HTTP_PROXY=address)
        if result != SAFE:
            return result
        proxy.log.clear()
        more = {
            "http_proxy": address,
            "no_proxy": "10.0.0.0/8,127.0.0.0/8",
            "NO_PROXY": "10.0.0.0/8,127.0.0.0/8",
        }
        result = whole(command, server.url(size=SIZE), folder / "n.bin", **more)
        return "NO_PROXY with a range ignored" if result == SAFE and proxy.log else result


def netrc_for_another(command: Command, folder: Path) -> str:
    """98: a login that .netrc has for the host a redirect leads to is not sent there."""
    netrc = folder / ".netrc"
    netrc.write_text("default login user password secret\n")
    netrc.chmod(0o600)
    with FaultServer() as server:
        url = server.url("/hop", size=SIZE, other=1)
        result = whole(command, url, folder / "m.bin", HOME=str(folder), NETRC=str(netrc))
        told = any("authorization" in request.headers for request in server.log)
        return "sends it" if told else result


def no_reader_and_plain_locale(command: Command, folder: Path) -> str:
    """101: nobody reads its output any longer, and the locale spells ASCII only."""
    path = folder / "m.bin"
    with FaultServer() as server:
        process = start(
            command, server.url(size=SIZE, speed=24 * MIB), path, LC_ALL="C", LANG="C", COLUMNS="8"
        )
        assert process.stdout is not None
        process.stdout.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            return "hangs"
    return SAFE if is_right(path) else "stops"


HARNESSES: dict[str, Callable[[Command, Path], str]] = {
    "70": linked_target,
    "76": no_room_before,
    "77": no_room_midway,
    "78": file_size_limit,
    "79": read_only,
    "82": same_file_there,
    "83": other_file_there,
    "86": by_signal(signal.SIGINT),
    "87a": by_signal(signal.SIGTERM),
    "87b": by_signal(signal.SIGHUP),
    "88": random_kills,
    "92": two_at_once,
    "93a": holder_killed,
    "97a": behind_proxy,
    "98": netrc_for_another,
    "101": no_reader_and_plain_locale,
}
"""Fault → what makes it."""


def _wait_for(server: FaultServer, count: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if sum(request.sent for request in server.log) >= count:
            return
        time.sleep(0.01)


def wfdeps(url: str, path: Path, sha256: str) -> list[str]:
    """The command of ours."""
    known = ["--sha256", sha256] if sha256 else []
    return [sys.executable, "-m", "wfdeps", "download", url, "--out", str(path), *known]
