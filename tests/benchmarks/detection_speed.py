"""What a tensor costs: reading a header and telling what it is, against parsing the same JSON.

    python tests/benchmarks/detection_speed.py

Limit: 20 microseconds a tensor of our own processor time: over all headers together (medians of 11 runs), for every
header of more than 100 tensors (its best run: a busy machine only ever adds), and for 2,000 tensors in GGUF
(median); 40 in a torch zip and in the stream of torch before 1.6 (medians). Fails where one is missed.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.detect.files import gguf, memoised_pickle, torch_legacy, torch_zip, with_header
from wfdeps.detect.headers import Corrupt, read_header
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import BITS, elements

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "detection" / "headers.jsonl.gz"
LIMIT = 20.0
TORCH_LIMIT = 40.0
"""Of a pickle thirty opcodes are read for each tensor, one at a time: simple beats twice as fast."""
RUNS = 11


def safetensors_header(tensors: dict[str, Any]) -> bytes:
    """The header alone: its body is never read."""
    entries, at = {}, 0
    for name, entry in tensors.items():
        dtype, shape = entry.get("dtype") or "F16", entry.get("shape") or []
        end = at + elements(tuple(shape)) * BITS[dtype] // 8
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, end]}
        at = end
    return with_header(json.dumps(entries).encode())


def told(data: bytes) -> None:
    header = read_header(lambda offset, length: data[offset : offset + length], None)
    assert not isinstance(header, Corrupt), header
    identify(header)


def timed(work: Callable[[], object]) -> list[float]:
    """Seconds of our own processor time, shortest first."""
    times = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        times.append(time.process_time() - began)
    return sorted(times)


def main() -> int:
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        rows = [
            (row["file"], len(row["tensors"]), safetensors_header(row["tensors"]))
            for row in map(json.loads, lines)
        ]
    for _, _, data in rows:
        told(data)  # compiles what it needs: paid once a process
    ours = {name: timed(lambda data=data: told(data)) for name, _, data in rows}
    parses = [statistics.median(timed(lambda data=data: json.loads(data[8:]))) for _, _, data in rows]
    total = sum(count for _, count, _ in rows)
    all_ours, parse = sum(map(statistics.median, ours.values())) / total, sum(parses) / total
    each = sorted((1e6 * ours[name][0] / count, name) for name, count, _ in rows if count > 100)
    print(f"{len(rows)} headers, {total} tensors")
    print(
        f"read and identify   {1e6 * all_ours:6.2f} µs a tensor   {all_ours / parse:4.1f} × json.loads of the same header"
    )
    print(f"json.loads alone    {1e6 * parse:6.2f} µs a tensor")
    print(
        f"headers over 100 tensors, best runs: median {statistics.median(c for c, _ in each):.2f} µs, worst {each[-1][0]:.2f} µs ({each[-1][1]})"
    )
    shapes = {
        f"model.diffusion_model.input_blocks.{n}.1.transformer_blocks.0.attn1.to_q.weight": (32, 32)
        for n in range(2_000)
    }
    pickled = memoised_pickle(shapes)
    kinds = {"torch zip": torch_zip(pickled), "torch before 1.6": torch_legacy(pickled), "gguf": gguf(shapes)}
    costs = {
        label: 1e6 * statistics.median(timed(lambda data=data: told_whole(data))) / len(shapes)
        for label, data in kinds.items()
    }
    for label, cost in costs.items():
        print(f"{label:<20}{cost:6.2f} µs a tensor")
    torch = max(cost for label, cost in costs.items() if label.startswith("torch"))
    kept = max(1e6 * all_ours, each[-1][0], costs["gguf"]) <= LIMIT and torch <= TORCH_LIMIT
    print(f"\nlimit {LIMIT:.0f} µs, of torch's formats {TORCH_LIMIT:.0f}: {'kept' if kept else 'MISSED'}")
    return 0 if kept else 1


def told_whole(data: bytes) -> None:
    header = read_header(lambda offset, length: data[offset : offset + length], len(data))
    assert not isinstance(header, Corrupt), header
    identify(header)


if __name__ == "__main__":
    sys.exit(main())
