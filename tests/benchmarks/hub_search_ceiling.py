"""How many files a search can reach at all, however clever the client: the limit the resolver is measured against.

    python tests/benchmarks/hub_search_ceiling.py [SAMPLES]

For unique file names of the catalogue it asks the hub with the model's own name, which no client knows, and with
the words of the file name, and counts where the file is in the first 20 hits. What the first cannot reach, no
query by name will.
"""

from __future__ import annotations

import random
import re
import sys
from collections import Counter
from pathlib import Path

import httpx

from wfdeps.hub.catalogue import read_rows
from wfdeps.hub.server import HubServer

CATALOGUE = Path(__file__).resolve().parents[3] / "shared" / "data" / "civitai" / "catalogue.jsonl"
TYPES = ("Checkpoint", "LORA", "TextualInversion")
_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+")


def main(samples: int = 300) -> None:
    if not CATALOGUE.exists():
        sys.exit(f"needs {CATALOGUE}")
    with CATALOGUE.open(encoding="utf-8") as file:
        rows = list(read_rows(file))
    uses = Counter(row["file_name"] for row in rows)
    chance = random.Random(1)
    print(f"{'type':<18}{'files':>7}{'by model name':>16}{'by file name':>15}   (share in the first 20)")
    with HubServer(CATALOGUE) as hub, httpx.Client(base_url=hub.url) as client:
        for model_type in TYPES:
            unique = [row for row in rows if row["model_type"] == model_type and uses[row["file_name"]] == 1]
            chosen = chance.sample(unique, min(samples, len(unique)))
            shares = [
                sum(_reached(client, row, query(row)) for row in chosen) / len(chosen)
                for query in (lambda row: row["model_name"], lambda row: _words(row["file_name"]))
            ]
            print(f"{model_type:<18}{len(chosen):>7}{shares[0]:>16.1%}{shares[1]:>15.1%}")


def _words(file_name: str) -> str:
    """The pieces of a name's model part, camel case taken apart."""
    stem = file_name.rpartition(".")[0]
    return " ".join(_PIECE.findall(stem.partition("_")[0] or stem))


def _reached(client: httpx.Client, row: dict[str, object], query: str) -> bool:
    params = {"query": query, "types": str(row["model_type"]), "limit": 20, "nsfw": "true"}
    items = client.get("/api/v1/models", params=params).json()["items"]
    return any(
        file["name"] == row["file_name"] and version["id"] == row["version_id"]
        for item in items
        for version in item["modelVersions"]
        for file in version["files"]
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
