"""Reads every third-party file of the corpus, in every container: none may crash, none may take 2 seconds.

    python tests/benchmarks/reading_corpus.py [--verbose]

Names each file that cannot be read, with its reason. `--verbose` lists every guess and warning too.
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from wfdeps.domain.refs import Certainty, UnreadableWorkflow
from wfdeps.workflow.read import read_workflow

SLOWEST = 2.0
CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "workflows" / "corpus"


def main() -> int:
    if not CORPUS.is_dir():
        print("needs ../shared (third-party data that is not committed)")
        return 0
    times: dict[str, list[float]] = defaultdict(list)
    workflows: Counter[str] = Counter()
    refs: Counter[str] = Counter()
    unreadable, crashed, told = [], [], []
    files = sorted(path for path in CORPUS.iterdir() if path.name != "index.json")
    for path in files:
        data = path.read_bytes()
        began = time.perf_counter()
        try:
            readings = read_workflow(data, path.name)
        except Exception as error:  # what this benchmark is for
            crashed.append(f"{path.name}: {error!r}")
            continue
        times[path.suffix].append(time.perf_counter() - began)
        for reading in readings:
            if isinstance(reading, UnreadableWorkflow):
                unreadable.append(f"{reading.path}: {reading.message}")
                continue
            workflows[path.suffix] += 1
            refs.update(str(ref.status) for ref in reading.refs)
            told += [
                f"{reading.path}: guess: {ref.name} in {ref.folder or '?'}"
                for ref in reading.refs
                if ref.certainty is Certainty.GUESS
            ]
            told += [f"{reading.path}: {notice.code}: {notice.message}" for notice in reading.warnings]
    print(f"{'container':<12}{'files':>7}{'workflows':>11}{'median ms':>11}{'slowest ms':>12}")
    for suffix, took in sorted(times.items()):
        took.sort()
        print(
            f"{suffix:<12}{len(took):>7}{workflows[suffix]:>11}{took[len(took) // 2] * 1e3:>11.2f}{took[-1] * 1e3:>12.2f}"
        )
    print(", ".join(f"{count} {status}" for status, count in refs.most_common()))
    print(f"\nunreadable: {len(unreadable)}")
    print("\n".join(f"  {line}" for line in unreadable))
    print(f"crashed: {len(crashed)}")
    print("\n".join(f"  {line}" for line in crashed))
    if "--verbose" in sys.argv:
        print("\n".join(told))
    slowest = max(each for took in times.values() for each in took)
    print(f"limit: {SLOWEST:.0f} s a file, the slowest took {slowest * 1e3:.1f} ms")
    return 1 if crashed or slowest > SLOWEST else 0


if __name__ == "__main__":
    sys.exit(main())
