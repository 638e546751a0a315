"""How quick the hub is over the whole catalogue, beside a bare starlette answer in the same run.

    python tests/benchmarks/hub_speed.py [ROUNDS]

Prints medians. `ratio` is the route's time over that of a route that answers `{}`: what our own work adds to what
the server under it costs anyway. The catalogue is ../shared/data/civitai/catalogue.jsonl.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from wfdeps.hub.catalogue import read_rows
from wfdeps.hub.server import HubServer

CATALOGUE = Path(__file__).resolve().parents[3] / "shared" / "data" / "civitai" / "catalogue.jsonl"


def main(rounds: int = 40) -> None:
    if not CATALOGUE.exists():
        sys.exit(f"needs {CATALOGUE}")
    with CATALOGUE.open(encoding="utf-8") as file:
        rows = list(read_rows(file))
    chance = random.Random(1)
    began = time.perf_counter()
    with HubServer(CATALOGUE) as hub, httpx.Client(base_url=hub.url) as client:
        print(f"{hub.summary()}; loaded in {time.perf_counter() - began:.2f} s\n")
        hashes = [row["hashes"]["SHA256"] for row in rows if row["hashes"]]
        queries = [" ".join(row["model_name"].split()[:3]) for row in chance.sample(rows, rounds)]
        asked: dict[str, Callable[[int], httpx.Response]] = {
            "nothing (`/images`)": lambda _: client.get("/api/v1/images"),
            "search, 20 of all types": lambda n: client.get(
                "/api/v1/models", params={"query": queries[n], "limit": 20}
            ),
            "list, 100": lambda n: client.get("/api/v1/models", params={"limit": 100}),
            "version by id": lambda n: client.get(f"/api/v1/model-versions/{rows[n * 97]['version_id']}"),
            "version by hash": lambda n: client.get(f"/api/v1/model-versions/by-hash/{hashes[n * 91]}"),
            "100 hashes → objects": lambda n: client.post(
                "/api/v1/model-versions/by-hash", json=hashes[n : n + 100]
            ),
            "10,000 hashes → ids": lambda n: client.post(
                "/api/v1/model-versions/by-hash/ids", json=hashes[n : n + 10_000]
            ),
        }
        medians = {name: _median(ask, rounds) for name, ask in asked.items()}
    floor = next(iter(medians.values()))
    print(f"{'request':<26}{'median ms':>11}{'ratio':>8}")
    for name, seconds in medians.items():
        print(f"{name:<26}{seconds * 1000:>11.2f}{seconds / floor:>8.1f}")


def _median(ask: Callable[[int], httpx.Response], rounds: int) -> float:
    times = []
    for number in range(rounds):
        began = time.perf_counter()
        ask(number).raise_for_status()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
