"""Kill `wfdeps download` at random bytes, again and again: the final file is right or absent, never wrong.

    python tests/faults/kills.py [--kills 200] [--size 64] [--speed 80] [--known-hash no]

Prints how many kills there were, how many files were completed in between, how many were wrong (must be 0), and
what the kills cost: bytes that were sent more than once, for each kill.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.faults.server import FaultServer, body_sha256  # noqa: E402  found beside us, not installed

MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--size", type=int, default=64, help="MiB")
    parser.add_argument("--speed", type=int, default=80, help="MiB a second for each connection")
    parser.add_argument("--known-hash", choices=("yes", "no"), default="yes")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance, size = random.Random(options.seed), options.size * MIB
    sha256 = body_sha256(1, size)
    kills = completed = wrong = 0
    with FaultServer() as server, tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "f.bin")
        url = server.url("/f.bin", size=size, speed=options.speed * MIB)
        command = [sys.executable, "-m", "wfdeps", "download", url, "-o", folder, "-q"]
        command += ["--sha256", sha256] if options.known_hash == "yes" else []
        while kills < options.kills:
            process = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ)
            if killed_after(process, server, chance.randrange(size)):
                kills += 1
            elif process.returncode != 0:
                sys.exit(f"ended with {process.returncode}, without being killed")
            if target.exists():
                completed += 1
                wrong += hashlib.sha256(target.read_bytes()).hexdigest() != sha256
                target.unlink()
        sent = sum(request.sent for request in server.log)
    lost = max(0, sent - completed * size) / max(1, kills) / MIB
    print(
        f"{kills} kills, {completed} files completed, {wrong} wrong; at most {lost:.1f} MiB sent twice for each kill"
    )
    sys.exit(1 if wrong else 0)


def killed_after(process: subprocess.Popen[bytes], server: FaultServer, count: int) -> bool:
    """Kill it once `count` bytes were sent since now; False if it ended by itself before."""
    before = sum(request.sent for request in server.log)
    while process.poll() is None:
        if sum(request.sent for request in server.log) - before > count:
            process.kill()
            process.wait()
            return True
        time.sleep(0.002)
    return False


if __name__ == "__main__":
    main()
