"""How fast files come, beside aria2, curl and plain httpx: medians, interleaved, nginx on loopback, target in memory.

    python tests/benchmarks/transfer.py [--rounds 5] [--only one capped many latency]

Needs nginx, aria2c, curl and openssl; says which is missing. Prints one table for each question and the limits that
hold for it, and fails where one is missed; compare the ratios inside a table, the seconds depend on the machine.
Every wfdeps row computes SHA-256, and compares it where one is given; a row says what its peer verifies. The row
`http.client` is the floor for Python: as many threads with one connection each, a buffer, a hash, a file, nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hashlib
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

NEEDED = ("nginx", "aria2c", "curl", "openssl")
MIB = 1 << 20
PYTHON = sys.executable
Command = list[str]
ARIA2 = ["aria2c", "-q", "--summary-interval=0", "--download-result=hide", "--file-allocation=none"]
Samples = list[tuple[float, float, int]]
Found = dict[str, Samples]

HTTPX_INLINE = """
import hashlib, sys
sys.modules['httpx._main'] = None
import httpx
digest = hashlib.sha256()
with httpx.Client() as client, client.stream('GET', sys.argv[1], headers={'accept-encoding': 'identity'}) as reply:
    with open(sys.argv[2], 'wb', buffering=0) as file:
        for chunk in reply.iter_raw():
            file.write(chunk)
            digest.update(chunk)
assert digest.hexdigest() == sys.argv[3]
"""

FLOOR = """
import hashlib, http.client, os, sys, threading, urllib.parse
urls, folder, threads = iter(open(sys.argv[1]).read().split()), sys.argv[2], int(sys.argv[3])
os.makedirs(folder)
lock = threading.Lock()
def work():
    connection, view = None, memoryview(bytearray(1 << 20))
    while True:
        with lock:
            url = next(urls, None)
        if url is None:
            return
        parts = urllib.parse.urlsplit(url)
        connection = connection or http.client.HTTPConnection(parts.hostname, parts.port)
        connection.request('GET', parts.path)
        reply, digest = connection.getresponse(), hashlib.sha256()
        name = os.path.join(folder, parts.path.rpartition('/')[2])
        handle = os.open(name + '.part', os.O_RDWR | os.O_CREAT | os.O_EXCL)
        while count := reply.readinto(view):
            digest.update(view[:count])
            os.write(handle, view[:count])
        os.fsync(handle)
        os.close(handle)
        os.link(name + '.part', name)
        os.unlink(name + '.part')
workers = [threading.Thread(target=work) for _ in range(threads)]
for worker in workers:
    worker.start()
for worker in workers:
    worker.join()
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="+", choices=sorted(QUESTIONS), default=sorted(QUESTIONS))
    parser.add_argument("--size", type=int, default=2048, help="MiB of the one large file (default: 2048)")
    arguments = parser.parse_args()
    missing = [name for name in NEEDED if shutil.which(name) is None and not Path("/usr/sbin", name).exists()]
    if missing:
        sys.exit(f"needs {', '.join(missing)} (Debian: apt install nginx aria2 curl openssl)")
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None
    with tempfile.TemporaryDirectory(dir=memory) as folder, nginx(Path(folder)) as base:
        missed = [miss for name in arguments.only for miss in QUESTIONS[name](Path(folder), base, arguments)]
    if missed:
        sys.exit("missed: " + "; ".join(missed))


# ── the questions ──


def one(folder: Path, base: str, arguments: argparse.Namespace) -> list[str]:
    """One large file, verified."""
    source, digest = generated(folder / "www" / "large.bin", arguments.size * MIB)
    url, target = f"{base}/large.bin", folder / "out"
    rows: dict[str, Callable[[], Command]] = {
        "wfdeps --connections 1": lambda: wfdeps(url, target, digest, "--connections", "1"),
        "wfdeps": lambda: wfdeps(url, target, digest),
        "aria2c -x8 --checksum": lambda: aria2(url, target, "-x8", "-s8", f"--checksum=sha-256={digest}"),
        "curl; openssl dgst": lambda: shell(
            f"curl -sS -o {target} {url} && openssl dgst -sha256 {target} | grep -q {digest}"
        ),
        "httpx, hashing inline": lambda: [PYTHON, "-c", HTTPX_INLINE, url, str(target), digest],
    }
    found = measured(rows, arguments.rounds, folder)
    ours = "wfdeps --connections 1"
    table(f"{arguments.size} MiB, plain HTTP, verified", found, ours)
    source.unlink()
    least = {"aria2c -x8 --checksum": 1.5, "curl; openssl dgst": 1.2, "httpx, hashing inline": 1.8}
    missed = [miss for peer, times in least.items() for miss in limit(found, ours, peer, 1 / times)]
    memory = (peak_of(found[ours]) - bare_interpreter()) / 1024
    print(f"- peak memory over the interpreter: at most {memory:.0f} MiB (limit 80)")
    return missed if memory <= 80 else [*missed, f"memory: {memory:.0f} MiB"]


def capped(folder: Path, base: str, arguments: argparse.Namespace) -> list[str]:
    """A server that gives each connection 20 MiB/s."""
    source, digest = generated(folder / "www" / "capped.bin", 256 * MIB)
    url, target = f"{base}/capped/capped.bin", folder / "out"
    rows: dict[str, Callable[[], Command]] = {
        "wfdeps": lambda: wfdeps(url, target, digest),
        "aria2c -x8 (no hash)": lambda: aria2(url, target, "-x8", "-s8"),
        "aria2c -x8 --checksum": lambda: aria2(url, target, "-x8", "-s8", f"--checksum=sha-256={digest}"),
        "curl (no hash)": lambda: ["curl", "-sS", "-o", str(target), url],
    }
    found = measured(rows, arguments.rounds, folder)
    table("256 MiB, 20 MiB/s for each connection", found, "wfdeps")
    source.unlink()
    return limit(found, "wfdeps", "aria2c -x8 (no hash)", 1.15)


def many(folder: Path, base: str, arguments: argparse.Namespace) -> list[str]:
    """200 files of 1 MiB."""
    return _many(folder, base, arguments, "200 files of 1 MiB, loopback")


def latency(folder: Path, base: str, arguments: argparse.Namespace) -> list[str]:
    """The same through a relay that adds 25 ms each way."""
    with relay(int(base.rpartition(":")[2]), 0.025) as slow:
        return _many(folder, slow, arguments, "200 files of 1 MiB, 50 ms added")


def _many(folder: Path, base: str, arguments: argparse.Namespace, title: str) -> list[str]:
    www = folder / "www" / "many"
    for number in range(200):
        generated(www / f"{number}.bin", MIB, seed=number)
    urls = [f"{base}/many/{number}.bin" for number in range(200)]
    listing = folder / "urls.txt"
    listing.write_text("\n".join(urls))
    target = folder / "out"
    rows: dict[str, Callable[[], Command]] = {
        "wfdeps (SHA-256)": lambda: [PYTHON, "-m", "wfdeps", "download", *urls, "-o", str(target), "-q"],
        "http.client, 8 threads (SHA-256)": lambda: [PYTHON, "-c", FLOOR, str(listing), str(target), "8"],
        "aria2c -j8 (no hash)": lambda: [
            *ARIA2,
            "-j8",
            "-i",
            str(listing),
            "-d",
            str(target),
        ],
        "curl -Z 8 (no hash)": lambda: [
            "curl",
            "-sS",
            "--no-progress-meter",
            "-Z",
            "--parallel-max",
            "8",
            "--create-dirs",
            "--output-dir",
            str(target),
            "--remote-name-all",
            *urls,
        ],
    }
    found = measured(rows, arguments.rounds, folder)
    table(title, found, "wfdeps (SHA-256)")
    return limit(found, "wfdeps (SHA-256)", "aria2c -j8 (no hash)", 1.3)


QUESTIONS = {"one": one, "capped": capped, "many": many, "latency": latency}


# ── the commands ──


def wfdeps(url: str, target: Path, digest: str, *more: str) -> Command:
    return [PYTHON, "-m", "wfdeps", "download", url, "--out", str(target), "--sha256", digest, "-q", *more]


def aria2(url: str, target: Path, *more: str) -> Command:
    return [*ARIA2, "-d", str(target.parent), "-o", target.name, *more, url]


def shell(line: str) -> Command:
    return ["sh", "-c", line]


# ── measuring ──


def measured(rows: dict[str, Callable[[], Command]], rounds: int, folder: Path) -> Found:
    """Wall seconds, CPU seconds and peak KiB of each row, the order turned round after every round."""
    found: Found = {name: [] for name in rows}
    for turn in range(rounds):
        for name in list(rows) if turn % 2 == 0 else reversed(list(rows)):
            remove(folder / "out")
            found[name].append(run(rows[name]()))
    remove(folder / "out")
    return found


def run(command: Command) -> tuple[float, float, int]:
    begun = time.perf_counter()
    # Compiled modules are kept, as they are where wfdeps is installed.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environ)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    if status:
        sys.exit(f"failed with {os.waitstatus_to_exitcode(status)}: {' '.join(command)[:300]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".aria2").unlink(missing_ok=True)


def table(title: str, found: Found, ours: str) -> None:
    walls = {name: statistics.median(wall for wall, _, _ in samples) for name, samples in found.items()}
    print(f"\n### {title} (median of {len(found[ours])})\n")
    print("| | wall s | best s | CPU s | peak MiB | its time / ours |\n|---|---|---|---|---|---|")
    for name, wall in sorted(walls.items(), key=lambda item: item[1]):
        samples = found[name]
        cpu = statistics.median(cpu for _, cpu, _ in samples)
        peak = peak_of(samples) / 1024
        print(
            f"| {name} | {wall:.2f} | {min(w for w, _, _ in samples):.2f} | {cpu:.2f} | {peak:.0f} | {wall / walls[ours]:.2f} |"
        )
    sys.stdout.flush()


def limit(found: Found, ours: str, peer: str, most: float) -> list[str]:
    """Print how our time stands to a peer's; what to complain of where it is more than `most` times as long."""
    walls = [statistics.median(wall for wall, _, _ in found[name]) for name in (ours, peer)]
    ratio = walls[0] / walls[1]
    print(f"- {ours} takes {ratio:.2f} times as long as {peer} (limit {most:.2f})")
    sys.stdout.flush()
    return [] if ratio <= most else [f"{ours} / {peer}: {ratio:.2f} > {most:.2f}"]


def peak_of(samples: Samples) -> int:
    """The most memory of any run, in KiB."""
    return max(peak for _, _, peak in samples)


def bare_interpreter() -> int:
    """KiB of an interpreter that does nothing: by its own account, since what we are told of a child begins with us."""
    script = "print(*[line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')])"
    return int(subprocess.run([PYTHON, "-c", script], capture_output=True, check=True).stdout)


# ── the server ──


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[str]:
    (folder / "www" / "many").mkdir(parents=True)
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(
        f"""
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{port}; root {folder}/www;
    location /capped/ {{ alias {folder}/www/; limit_rate 20m; }}
  }}
}}
"""
    )
    folder.chmod(0o755)
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    server = subprocess.Popen(
        [binary, "-c", str(config), "-p", str(folder), "-g", f"user {os.environ.get('USER', 'root')};"],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait()


@contextlib.contextmanager
def relay(port: int, delay: float) -> Iterator[str]:
    """A TCP relay that holds everything back for `delay` seconds each way, and a connection for twice that."""
    ready, ports = threading.Event(), []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def late() -> None:
            while True:
                due, data = await held.get()
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        task = asyncio.create_task(late())
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 18):
                await held.put((time.monotonic() + delay, data))
        await held.put((time.monotonic() + delay, b""))
        with contextlib.suppress(OSError):
            await task

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(2 * delay)
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(
            pump(reader, upstream_writer), pump(upstream_reader, writer), return_exceptions=True
        )

    async def serve() -> None:
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        await server.serve_forever()

    threading.Thread(target=lambda: asyncio.run(serve()), daemon=True).start()
    ready.wait()
    yield f"http://127.0.0.1:{ports[0]}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int) -> None:
    for _ in range(100):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 0.2):
            return
        time.sleep(0.05)
    sys.exit("nginx did not start")


def generated(path: Path, size: int, seed: int = 1) -> tuple[Path, str]:
    """A file of that size, no two blocks alike, and its SHA-256."""
    digest, block = hashlib.sha256(), hashlib.shake_128(str(seed).encode()).digest(MIB)
    with path.open("wb") as file:
        for number in range(-(-size // MIB)):
            data = number.to_bytes(8, "big") + block[8:]
            file.write(data)
            digest.update(data)
    return path, digest.hexdigest()


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (4096, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    main()
