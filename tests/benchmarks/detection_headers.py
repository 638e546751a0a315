"""How often a header is told right: type, base model, and the confusion between types.

    python tests/benchmarks/detection_headers.py

Limits: type ≥ 98 %, base model (overlap of the sets) ≥ 96 %, never more than four in a set. A corpus label
that names a class, and one with a question mark, count for the type only. The rules were written with this corpus
in sight: it shows what broke, not how headers nobody has seen will fare.
"""

from __future__ import annotations

import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import BITS, Header, Tensor, elements

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data" / "detection" / "headers.jsonl.gz"


def corpus() -> Iterator[dict[str, Any]]:
    """Every header with its labels."""
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def header_of(row: dict[str, Any]) -> Header:
    """The header as a reader would have given it."""
    return Header("safetensors", {name: tensor_of(entry) for name, entry in row["tensors"].items()})


def tensor_of(entry: dict[str, Any]) -> Tensor:
    shape = tuple(entry["shape"]) if entry.get("shape") is not None else None
    dtype = entry.get("dtype") or ""
    return Tensor(dtype, shape, elements(shape or ()) * BITS.get(dtype, 16) // 8)


def main() -> int:
    kinds: dict[str, Counter[str]] = {}
    confusion: Counter[tuple[str, str]] = Counter()
    misses, widest = [], 0
    for row in corpus():
        identity = identify(header_of(row))
        count = kinds.setdefault(row["kind"], Counter())
        right = row["type"] == str(identity.model_type)
        confusion[row["type"], str(identity.model_type)] += 1
        count.update({"files": 1, "type": right})
        widest = max(widest, len(identity.architectures))
        label = row["arch"]
        scored = bool(label) and not label.startswith("class:") and "?" not in label
        overlap = bool(set((label or "").split("|")) & set(identity.architectures))
        if scored:
            count.update({"labelled": 1, "arch": overlap})
        if row["adapter"]:
            count.update({"adapters": 1, "adapter": row["adapter"] == identity.adapter})
        if not right or (scored and not overlap) or (row["adapter"] and row["adapter"] != identity.adapter):
            misses.append(
                (
                    row["file"],
                    row["type"],
                    label,
                    row["adapter"],
                    identity.model_type,
                    identity.architectures,
                    identity.adapter,
                )
            )
    total = sum(kinds.values(), Counter())
    print(f"{'kind':<12}{'files':>6}{'type':>9}{'base model':>12}{'adapter':>10}")
    for kind, count in [*sorted(kinds.items()), ("all", total)]:
        print(
            f"{kind:<12}{count['files']:>6}{_share(count, 'type', 'files'):>9}{_share(count, 'arch', 'labelled'):>12}"
            f"{_share(count, 'adapter', 'adapters'):>10}"
        )
    print(f"\nlargest set of base models: {widest} (limit 4)\n\nconfusion (label → answer):")
    for (label, answer), number in sorted(confusion.items()):
        print(f"  {label:<18}{answer:<18}{number:>4}{'' if label == answer else '   ←'}")
    print("\nmisses:")
    for miss in misses:
        print("  ", *miss)
    good = (
        total["type"] / total["files"] >= 0.98 and total["arch"] / total["labelled"] >= 0.96 and widest <= 4
    )
    print("\nlimits kept" if good else "\nLIMITS MISSED")
    return 0 if good else 1


def _share(count: Counter[str], part: str, whole: str) -> str:
    return f"{100 * count[part] / count[whole]:.1f} %" if count[whole] else "-"


if __name__ == "__main__":
    sys.exit(main())
