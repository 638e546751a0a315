"""What this machine does to a transfer: signals, kills, limits, full and read-only disks, other processes."""

from __future__ import annotations

import hashlib
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.server import FaultServer, body_sha256

SIZE = 30 << 20
SHA = body_sha256(1, SIZE)
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits as Unix has them")


def at_attention() -> None:
    """Ctrl-C reaches the child also when the tests run in the background, where a shell has it ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(
    folder: Path, url: str, *more: str, prepare: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "wfdeps", "download", "-o", str(folder), url, *more]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        preexec_fn=lambda: (at_attention(), prepare() if prepare else None),  # noqa: PLW1509
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wait_for_bytes(server: FaultServer, count: int) -> None:
    deadline = time.monotonic() + 20
    while sum(request.sent for request in server.log) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_cleanly_and_the_next_run_continues(
    number: signal.Signals, server: FaultServer, tmp_path: Path
) -> None:
    url = server.url(size=SIZE, speed=10 << 20)
    process = start(tmp_path, url, "--sha256", SHA)
    wait_for_bytes(server, 5 << 20)
    process.send_signal(number)
    code, errors = ended(process)
    assert code == 130
    assert "Traceback" not in errors
    assert not (tmp_path / "file.bin").exists()
    server.log.clear()
    url = server.url(size=SIZE, speed=200 << 20)  # another address, the same hash
    assert ended(start(tmp_path, url, "--sha256", SHA))[0] == 0
    assert not server.log[0].headers["range"].startswith("bytes=0-")
    assert sha256_of(tmp_path / "file.bin") == SHA


def test_killed_at_random_bytes_the_file_is_right_or_absent(server: FaultServer, tmp_path: Path) -> None:
    chance, url = random.Random(6), server.url(size=SIZE, speed=30 << 20)
    for _ in range(5):
        process = start(tmp_path, url, "--sha256", SHA)
        time.sleep(0.4 + chance.random())
        process.kill()
        process.wait()
        assert not (tmp_path / "file.bin").exists() or sha256_of(tmp_path / "file.bin") == SHA
    assert ended(start(tmp_path, url, "--sha256", SHA))[0] == 0
    assert sha256_of(tmp_path / "file.bin") == SHA


def test_a_limit_on_file_size_is_named(server: FaultServer, tmp_path: Path) -> None:
    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))

    code, errors = ended(start(tmp_path, server.url(size=SIZE), "--sha256", SHA, prepare=limit))
    assert code == 4
    assert "limit" in errors
    assert not (tmp_path / "file.bin").exists()


def test_more_than_the_disk_holds_is_refused_before_it_comes(server: FaultServer, tmp_path: Path) -> None:
    code, errors = ended(start(tmp_path, server.url(size=1 << 50), "--sha256", SHA))
    assert code == 4
    assert "no room" in errors
    assert sum(request.sent for request in server.log) < 32 << 20


def test_a_folder_that_cannot_be_written_is_named(server: FaultServer, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    code, errors = ended(start(blocked, server.url(size=1000)))
    assert code == 4
    assert str(blocked) in errors
    assert "Traceback" not in errors


def test_few_open_files_are_enough_for_many_downloads(server: FaultServer, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    urls = [server.url(f"/{number}.bin", size=1000) for number in range(1000)]
    process = start(tmp_path, urls[0], *urls[1:], prepare=limit)
    code, errors = ended(process)
    assert (code, len(list(tmp_path.glob("*.bin")))) == (0, 1000), errors[-500:]


def test_a_reader_that_goes_away_stops_nothing(server: FaultServer, tmp_path: Path) -> None:
    process = start(tmp_path, server.url(size=SIZE, speed=100 << 20), "--sha256", SHA, "--json")
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    process.stderr.close()
    process.wait(30)
    assert sha256_of(tmp_path / "file.bin") == SHA


def together(count: int, run: Callable[[int], tuple[int, str]]) -> Sequence[tuple[int, str]]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_processes_that_want_the_same_file_fetch_it_once(server: FaultServer, tmp_path: Path) -> None:
    url = server.url(size=SIZE, speed=40 << 20)
    results = together(4, lambda _: ended(start(tmp_path, url, "--sha256", SHA)))
    assert sum(request.sent for request in server.log) < SIZE + (8 << 20)
    assert sha256_of(tmp_path / "file.bin") == SHA
    assert [code for code, _ in results] == [0, 0, 0, 0], results


def test_a_killed_holder_leaves_no_lock_behind(server: FaultServer, tmp_path: Path) -> None:
    holder = start(tmp_path, server.url(size=SIZE, speed=5 << 20), "--sha256", SHA)
    wait_for_bytes(server, 1 << 20)
    holder.kill()
    holder.wait()
    assert ended(start(tmp_path, server.url(size=SIZE), "--sha256", SHA))[0] == 0


def test_no_wait_is_measured_by_a_clock_that_may_jump() -> None:
    """A Retry-After date alone is told by the wall clock, and only where the reply has no Date of its own."""
    root = Path(__file__).parents[2] / "wfdeps"
    sources = {
        path.relative_to(root).as_posix(): path.read_text()
        for room in ("fetch", "http")
        for path in sorted((root / room).glob("*.py"))
    }
    users = [name for name, text in sources.items() if "time.time(" in text or "datetime.now(" in text]
    assert users == ["http/waits.py"]
