"""What hashes cost: requests for n refs that carry a SHA-256, and for the same again.

    python tests/benchmarks/resolve_hashes.py

The limit is `1 + ceil(n / 10,000) + objects / 100`; a second run answers from what is remembered.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import time
from pathlib import Path

from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.queries import HashQuery
from wfdeps.http import Http
from wfdeps.hub.catalogue import read_rows
from wfdeps.hub.server import HubServer
from wfdeps.sources.cached import AnswerCache, Cached
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.source import CivitaiSource

CATALOGUE = Path(__file__).resolve().parents[3] / "shared" / "data" / "civitai" / "catalogue.jsonl"


def main() -> None:
    if not CATALOGUE.exists():
        sys.exit(f"needs {CATALOGUE}")
    with CATALOGUE.open(encoding="utf-8") as file:
        known = sorted(
            {row["hashes"]["SHA256"].lower() for row in read_rows(file) if row["hashes"].get("SHA256")}
        )
    chance = random.Random(1)
    print(f"{'refs':>7}{'known':>7}{'found':>7}{'requests':>10}{'limit':>7}{'again':>7}{'seconds':>9}")
    with HubServer(CATALOGUE) as hub, Http() as http:
        for refs, share in ((10, 1.0), (100, 0.5), (101, 0.5), (2_000, 0.02), (10_000, 0.1), (10_000, 1.0)):
            _show(hub, http, chance, known, refs, round(refs * share))


def _show(
    hub: HubServer, http: Http, chance: random.Random, known: list[str], refs: int, present: int
) -> None:
    values = chance.sample(known, present) + [
        f"{chance.getrandbits(256):064x}" for _ in range(refs - present)
    ]
    queries = [HashQuery(Digest(Algorithm.SHA256, value)) for value in values]
    with tempfile.TemporaryDirectory() as folder:
        store = AnswerCache(f"{folder}/answers.sqlite")
        source = Cached(CivitaiSource(CivitaiClient(http, hub.url)), store)
        hub.requests.clear()
        begun = time.monotonic()
        found = sum(bool(answer.candidates) for answer in source.find_all(queries).values())
        seconds, asked = time.monotonic() - begun, len(hub.requests)
        source.find_all(queries)
        again = len(hub.requests) - asked
        store.close()
    limit = 1 + math.ceil(refs / 10_000) + math.ceil(present / 100)
    mark = " " if asked <= limit and again == 0 and found == present else "!"
    print(f"{refs:>7}{present:>7}{found:>7}{asked:>10}{limit:>6}{mark}{again:>7}{seconds:>9.1f}")


if __name__ == "__main__":
    main()
