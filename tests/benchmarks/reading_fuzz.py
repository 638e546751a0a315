"""Fuzzes reading: real workflows and containers, damaged; nothing but a value may come back, in time.

    python tests/benchmarks/reading_fuzz.py [--seconds 60] [--seed 1] [--atheris]

Half of the inputs are JSON with values swapped, doubled, removed or replaced by odd ones; the rest are bytes flipped,
cut and spliced. `--atheris` lets that engine guide the bytes by coverage, where it is installed. Any failure is
written to fuzz-failure-N beside the working folder. Prints inputs, failures and the slowest input.
"""

from __future__ import annotations

import argparse
import copy
import importlib
import json
import pkgutil
import random
import sys
import time
import traceback
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import wfdeps.workflow
from tests.workflow import writers
from wfdeps.workflow.read import read_workflow

SLOWEST = 10.0
_GUIDED_BYTES = 20_000
"""Longer inputs are too slow for an engine that wants thousands a second."""
CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "workflows" / "corpus"
ODD: list[Any] = [None, True, -1, 0, 2**70, 1e308, float("nan"), "", "-1", "sub", "\ud800", "x.safetensors", "../../x.pt", "{", "[" * 50,
                  "embedding:", "<lora:", "<lora:a:1>", "urn:air:a:b:c:d@e", [], {}, [[]], [0, 0], ["1", 0], {"__value__": []}, {"on": True, "lora": 3},
                  "a\nSteps: 1, Model: x", -10, -20, "workflow>G", "PrimitiveNode", "GetNode", "SetNode", "LoraLoader", "LoRA Stacker"]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--atheris", action="store_true")
    arguments = parser.parse_args()
    seeds = _seeds()
    if arguments.atheris:
        return _atheris(seeds, arguments.seconds, arguments.seed)
    chance = random.Random(arguments.seed)
    began, count, failures, slowest = time.monotonic(), 0, 0, 0.0
    while time.monotonic() - began < arguments.seconds:
        data = _damaged_json(chance, seeds) if chance.random() < 0.5 else _damaged_bytes(chance, seeds)
        count += 1
        start = time.perf_counter()
        try:
            assert read_workflow(data, "fuzz")
        except Exception:
            failures += 1
            Path(f"fuzz-failure-{failures}").write_bytes(data)
            traceback.print_exc()
        took = time.perf_counter() - start
        if took > slowest:
            slowest = took
            if took > SLOWEST:
                failures += 1
                Path(f"fuzz-failure-{failures}").write_bytes(data)
    print(
        f"{count:,} inputs of {len(seeds)} seeds in {time.monotonic() - began:.0f} s, seed {arguments.seed}: {failures} failures"
    )
    print(f"slowest input {slowest * 1e3:.0f} ms (limit {SLOWEST:.0f} s)")
    return 1 if failures else 0


def _seeds() -> list[bytes]:
    seeds = []
    spec = find_spec("comfyui_workflow_templates_json")
    if spec is not None and spec.submodule_search_locations:
        seeds += [
            path.read_bytes()
            for path in sorted(Path(spec.submodule_search_locations[0]).rglob("*.json"))[:200]
        ]
    if CORPUS.is_dir():
        seeds += [path.read_bytes() for path in sorted(CORPUS.iterdir()) if path.name != "index.json"]
    seeds = [seed for seed in seeds if len(seed) < 100_000]
    text = next(
        (seed for seed in seeds if seed.startswith(b"{") and b"definitions" in seed and len(seed) < 15_000),
        b'{"nodes": [], "links": []}',
    ).decode()
    containers = [
        write(
            {"workflow": text, "prompt": '{"1": {"class_type": "VAELoader", "inputs": {"vae_name": "v.pt"}}}'}
        )
        for _, write in writers.WRITERS.values()
    ]
    return [*seeds, *containers * 5]


def _damaged_json(chance: random.Random, seeds: list[bytes]) -> bytes:
    for _ in range(20):
        try:
            value = json.loads(chance.choice(seeds))
        except ValueError:
            continue
        for _ in range(chance.randint(1, 12)):
            _damage(chance, value)
        return json.dumps(value).encode("utf-8", "surrogatepass")
    return b"{}"


def _damage(chance: random.Random, value: Any) -> None:
    """Change one thing somewhere inside."""
    inner = value
    while isinstance(inner, dict | list) and inner:
        key = chance.choice(list(inner)) if isinstance(inner, dict) else chance.randrange(len(inner))
        if chance.random() < 0.25 or not isinstance(inner[key], dict | list) or not inner[key]:
            kind = chance.random()
            if kind < 0.6:
                inner[key] = copy.deepcopy(chance.choice(ODD))
            elif kind < 0.8:
                other = chance.choice(list(inner.values()) if isinstance(inner, dict) else inner)
                inner[key] = json.loads(json.dumps(other))
            elif isinstance(inner, dict):
                del inner[key]
            elif len(inner) < 5000:
                inner.append(copy.deepcopy(inner[key]))
            return
        inner = inner[key]


def _damaged_bytes(chance: random.Random, seeds: list[bytes]) -> bytes:
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.randint(1, 20)):
        if not data:
            break
        at, kind = chance.randrange(len(data)), chance.random()
        if kind < 0.4:
            data[at] = chance.randrange(256)
        elif kind < 0.6:
            data[at : at + 4] = chance.choice(
                [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff", b"\0\0\0\1"]
            )
        elif kind < 0.7:
            del data[at:]
        elif kind < 0.85:
            del data[at : at + chance.randrange(1, 64)]
        else:
            other = chance.choice(seeds)
            start = chance.randrange(len(other))
            data[at:at] = other[start : start + chance.randrange(1, 256)]
    return bytes(data)


def _atheris(seeds: list[bytes], seconds: float, seed: int) -> int:
    """libFuzzer's own report goes to stderr; what it finds lies as `crash-…` or `timeout-…` beside the working folder."""
    import tempfile

    import atheris  # type: ignore[import-not-found]

    folder = tempfile.mkdtemp()
    for index, data in enumerate(seeds):
        if len(data) <= _GUIDED_BYTES:
            Path(folder, str(index)).write_bytes(data)
    for found in pkgutil.walk_packages(wfdeps.workflow.__path__, "wfdeps.workflow."):
        for member in vars(importlib.import_module(found.name)).values():
            if isinstance(member, types.FunctionType) and member.__module__ == found.name:
                atheris.instrument_func(member)
    options = [f"-max_total_time={seconds:.0f}", f"-timeout={SLOWEST:.0f}", f"-seed={seed}", "-rss_limit_mb=2048", f"-max_len={_GUIDED_BYTES}", "-print_final_stats=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, folder], lambda data: _only_values(read_workflow(data, "fuzz")))
    atheris.Fuzz()
    return 0


def _only_values(readings: object) -> None:
    assert isinstance(readings, tuple) and readings


if __name__ == "__main__":
    sys.exit(main())
