"""How the library scales: 500 against 100,000 files. Run: python tests/benchmarks/library_scale.py

Each figure is the median of fresh processes that open the library, ask for ten refs (two present, one elsewhere,
seven missing) and judge them; the peer in the same run is `python -c pass`. Limits: warm with 100,000 files at most
3 x the 500-file one, first scan at most 5 s.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial

ROUNDS = 9
ASK = """
import sys, time
start = time.perf_counter()
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.library import Roots, open_library
from wfdeps.match.local import find_local
names = ["sub3/file-0000003.safetensors", "sub7/file-0000007.safetensors", "FILE-0000005.safetensors"]
names += [f"absent-{number}.safetensors" for number in range(7)]
refs = [ModelRef(name, ModelType.LORA, ("loras",), RefStatus.REQUIRED, ()) for name in names]
imported = time.perf_counter()
library = open_library(Roots(models=sys.argv[1]), index_path=sys.argv[2])
inventory = library.inventory(refs)
states = [find_local(ref, inventory).state for ref in refs]
done = time.perf_counter()
assert states.count("present") == 2 and states.count("missing") == 7, states
print((imported - start) * 1000, (done - imported) * 1000)
"""


def make_tree(root: str, files: int, folders: int) -> None:
    """`files` one-byte models over `folders` folders below loras, as 16 hard links a piece would distort nothing."""
    keys = ("loras", "checkpoints", "embeddings", "controlnet")
    for folder in range(folders):
        os.makedirs(
            os.path.join(root, keys[0] if folder < 12 else keys[folder % 4], f"sub{folder}"), exist_ok=True
        )
    for number in range(files):
        folder = number % folders
        key = keys[0] if folder < 12 else keys[folder % 4]
        with open(os.path.join(root, key, f"sub{folder}", f"file-{number:07}.safetensors"), "wb") as file:
            file.write(b"\x02\0\0\0\0\0\0\0{}")  # the smallest safetensors file


def timed(*line: str, compiled: str) -> tuple[float, str]:
    """Milliseconds of one fresh process and what it printed; modules are compiled once, as in an installed package."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *line],
        check=True,
        capture_output=True,
        text=True,
        env={**kept, "PYTHONPYCACHEPREFIX": compiled},
    )
    return (time.perf_counter() - start) * 1000, done.stdout


def main() -> None:
    sizes = ((500, 25), (100_000, 500))
    with tempfile.TemporaryDirectory() as folder:
        for files, folders in sizes:
            make_tree(os.path.join(folder, str(files)), files, folders)
        run = partial(timed, compiled=os.path.join(folder, "pycache"))
        first: dict[int, float] = {}
        whole: dict[int, list[float]] = {files: [] for files, _ in sizes}
        inner: dict[int, list[float]] = {files: [] for files, _ in sizes}
        floor: list[float] = []
        line = {
            f: ("-c", ASK, os.path.join(folder, str(f)), os.path.join(folder, f"{f}.sqlite"))
            for f, _ in sizes
        }
        for files, _ in sizes:
            run(*line[files])
            os.unlink(os.path.join(folder, f"{files}.sqlite"))
            first[files] = run(*line[files])[0]
            run(*line[files])
        for _ in range(ROUNDS):
            floor.append(run("-c", "pass")[0])
            for files, _ in sizes:
                spent, said = run(*line[files])
                whole[files].append(spent)
                inner[files].append(float(said.split()[1]))
        start = time.perf_counter()
        walked = sum(len(names) for _, _, names in os.walk(os.path.join(folder, "100000")))
        walk = (time.perf_counter() - start) * 1000
    passing = statistics.median(floor)
    print(f"{'files':>9} {'first scan':>12} {'warm, whole':>12} {'x pass':>7} {'warm, inside':>13}")
    for files, _ in sizes:
        warm, inside = statistics.median(whole[files]), statistics.median(inner[files])
        print(
            f"{files:>9,} {first[files]:>9.0f} ms {warm:>9.1f} ms {warm / passing:>7.2f} {inside:>10.2f} ms"
        )
    small, large = (statistics.median(whole[files]) for files, _ in sizes)
    inside = statistics.median(inner[100_000]) / statistics.median(inner[500])
    print(f"python -c pass: {passing:.1f} ms; os.walk of {walked:,} files: {walk:.0f} ms")
    print(f"warm 100,000 : 500 = {large / small:.2f} (limit 3.00), without start-up {inside:.2f}")
    print(f"first scan of 100,000: {first[100_000] / 1000:.2f} s (limit 5.00)")


if __name__ == "__main__":
    main()
