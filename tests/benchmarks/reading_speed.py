"""How long reading takes: the official templates, workflows of growing size, a folder from the command line.

    python tests/benchmarks/reading_speed.py

The peer of each run is `json.loads` of the same bytes: reading cannot be quicker than parsing. Templates: medians;
the others: the best of five, since only that is the program's own time on a machine with other work.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from wfdeps.workflow.read import read_workflow

MEDIAN_MS, FOLDER_S, SLOPE = 1.0, 1.5, 1.5
"""Limits: a template's median, the templates' folder from cold, and time a node at 20,000 over that at 1,250."""


def main() -> int:
    failed = _templates()
    failed |= _growth()
    failed |= _folder()
    return 1 if failed else 0


def _templates() -> bool:
    files = [path.read_bytes() for path in _template_paths()]
    read_workflow(files[0], "warm")
    reading = [_timed(lambda data=data: read_workflow(data, "x")) for data in files]
    parsing = [_timed(lambda data=data: json.loads(data)) for data in files]
    median, peer = statistics.median(reading) * 1e3, statistics.median(parsing) * 1e3
    print(
        f"templates: {len(files)} files, median {median:.3f} ms a workflow (limit {MEDIAN_MS} ms), slowest {max(reading) * 1e3:.1f} ms"
    )
    print(
        f"           json.loads of the same: median {peer:.3f} ms; reading takes {sum(reading) / sum(parsing):.1f} times as long in all"
    )
    return median > MEDIAN_MS


def _growth() -> bool:
    print(f"\n{'nodes':>8}{'bytes':>12}{'ms':>10}{'µs a node':>11}{'json.loads ms':>15}{'peak MB':>9}")
    slopes, peers = [], []
    for count in (1250, 2500, 5000, 10_000, 20_000):
        data = json.dumps(_workflow(count)).encode()
        took = min(_timed(lambda data=data: read_workflow(data, "x")) for _ in range(5))
        peer = min(_timed(lambda data=data: json.loads(data)) for _ in range(5))
        tracemalloc.start()
        read_workflow(data, "x")
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        slopes.append(took / count)
        peers.append(peer / count)
        print(
            f"{count:>8}{len(data):>12,}{took * 1e3:>10.1f}{took / count * 1e6:>11.1f}{peer * 1e3:>15.1f}{peak / 1e6:>9.1f}"
        )
    ratio, peer_ratio = slopes[-1] / slopes[0], peers[-1] / peers[0]
    print(
        f"time a node at 20,000 nodes over that at 1,250: {ratio:.2f}; json.loads itself {peer_ratio:.2f} "
        f"(limit: {SLOPE} times that; 1 is linear)"
    )
    return ratio > SLOPE * max(peer_ratio, 1.0)


def _folder() -> bool:
    folder = str(_template_paths()[0].parent)
    command = [sys.executable, "-m", "wfdeps", "refs", folder, "--json"]
    bare = min(_timed_child([sys.executable, "-c", "pass"]) for _ in range(5))
    took = min(_timed_child(command) for _ in range(5))
    print(
        f"\nwfdeps refs over the folder: {took:.2f} s from cold, processor time (limit {FOLDER_S} s), `python -c pass` {bare:.3f} s"
    )
    return took > FOLDER_S


def _workflow(count: int) -> dict[str, Any]:
    """Chains of loaders and LoRAs in subgraphs and out of them, all saved at the end."""
    nodes, links = [], []
    for each in range(count):
        kind, value = (
            (
                ("LoraLoaderModelOnly", [f"lora{each % 997}.safetensors", 1.0]),
                ("CLIPTextEncode", ["embedding:x, a cat"]),
                ("VAELoader", ["v.pt"]),
                ("Reroute", []),
            )[each % 4]
            if each
            else ("CheckpointLoaderSimple", ["base.safetensors"])
        )
        nodes.append({
            "id": each, "type": kind, "mode": 0, "widgets_values": value, "properties": {"Node name for S&R": kind}, "pos": [each, each],
            "inputs": [{"name": "model", "type": "MODEL", "link": each}], "outputs": [{"name": "MODEL", "type": "MODEL", "links": [each + 1]}],
        })  # fmt: skip
        links.append([each + 1, each, 0, each + 1, 0, "MODEL"])
    nodes.append(
        {
            "id": count,
            "type": "SaveImage",
            "mode": 0,
            "inputs": [{"name": "images", "type": "IMAGE", "link": count}],
        }
    )
    return {"version": 0.4, "nodes": nodes, "links": links}


def _template_paths() -> list[Path]:
    spec = find_spec("comfyui_workflow_templates_json")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("needs the package comfyui_workflow_templates_json (the dev extra)")
    return sorted(
        path
        for path in Path(spec.submodule_search_locations[0]).rglob("*.json")
        if b'"nodes"' in path.read_bytes() and not path.name.startswith(("index", "fuse"))
    )


def _timed(call: Callable[[], object]) -> float:
    """Seconds of processor time, so that other work on the machine counts little."""
    began = time.process_time()
    call()
    return time.process_time() - began


def _timed_child(command: list[str]) -> float:
    """Seconds of processor time of a process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


if __name__ == "__main__":
    sys.exit(main())
