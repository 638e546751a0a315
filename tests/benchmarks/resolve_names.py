"""Names to files: how often the right one comes first, and how often a wrong one is taken silently.

    python tests/benchmarks/resolve_names.py [--samples 2000] [--seed 5] [--index]

A hub serves the whole catalogue. Sampled: file names that stand in it once, as a workflow carries them; the same
disturbed the way people do; and plausible names that do not exist. `--index` answers from the name index,
imported from the same catalogue, instead of the search. `first` counts the file that is taken or ranked first.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wfdeps.domain.model_types import ModelType, from_civitai
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Ambiguous, Resolution, Resolved, Unresolved
from wfdeps.http import Http
from wfdeps.hub.catalogue import read_rows
from wfdeps.hub.server import HubServer
from wfdeps.match.decide import decide
from wfdeps.match.rounds import ROUNDS, Answers, open_queries
from wfdeps.ports import Source
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.civitai.rows import candidate_of_row
from wfdeps.sources.civitai.source import CivitaiSource
from wfdeps.sources.name_index import NameIndex

CATALOGUE = Path(__file__).resolve().parents[3] / "shared" / "data" / "civitai" / "catalogue.jsonl"
FOLDERS = {
    "Checkpoint": "checkpoints",
    "LORA": "loras",
    "TextualInversion": "embeddings",
    "Hypernetwork": "hypernetworks",
    "Controlnet": "controlnet",
}
NEEDED = {"as they are": {"Checkpoint": 0.97, "LORA": 0.85, "TextualInversion": 0.90}}
NEEDED["disturbed"] = {"Checkpoint": 0.92, "LORA": 0.78}
_LOADED = (".safetensors", ".ckpt", ".pt", ".bin", ".pth")
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]{2,}|[A-Z]{2,}|[^\W\d_a-zA-Z]")
_WORD_OR_NUMBER = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+")

Row = dict[str, Any]


@dataclass(frozen=True)
class Tried:
    """One name, the row that is right, and what became of it."""

    name: str
    row: Row | None
    resolution: Resolution
    requests: int

    @property
    def file_ids(self) -> list[int | None]:
        match self.resolution:
            case Resolved(choice=choice, rivals=rivals):
                return [choice.candidate.file_id, *(one.candidate.file_id for one in rivals)]
            case Ambiguous(candidates=candidates) | Unresolved(candidates=candidates):
                return [one.candidate.file_id for one in candidates]
        return []

    @property
    def is_first(self) -> bool:
        return self.row is not None and self.file_ids[:1] == [self.row["file_id"]]

    @property
    def is_in_three(self) -> bool:
        return self.row is not None and self.row["file_id"] in self.file_ids[:3]

    @property
    def is_taken(self) -> bool:
        return isinstance(self.resolution, Resolved)

    @property
    def is_wrong(self) -> bool:
        return self.is_taken and not self.is_first


def main() -> None:
    arguments = _arguments()
    if not CATALOGUE.exists():
        sys.exit(f"needs {CATALOGUE}")
    with CATALOGUE.open(encoding="utf-8") as file:
        rows = list(read_rows(file))
    names = Counter(row["file_name"] for row in rows)
    chance = random.Random(arguments.seed)
    usable = [row for row in rows if names[row["file_name"]] == 1 and _is_loaded(row)]
    sample = chance.sample(usable, min(arguments.samples, len(usable)))
    disturbed = [(row, *_disturbed(row["file_name"], chance)) for row in sample]
    # A name that loses its last letter and so becomes another file's own name is that file's name.
    clear = [(row, kind, name) for row, kind, name in disturbed if name not in names]
    further = [(row, *_disturbed_further(row["file_name"], chance)) for row in sample]
    further = [(row, kind, name) for row, kind, name in further if name not in names]
    invented = _invented(usable, names, chance)
    with HubServer(CATALOGUE) as hub, Http() as http:
        sources = _sources(hub.url, http, rows, index=arguments.index)
        asking = _Asking(sources, hub)
        way = "the name index" if arguments.index else "search alone"
        begun = time.monotonic()
        tried = [asking.try_name(row["file_name"], row) for row in sample]
        _show(f"{len(tried)} names as they are, by {way}", tried, NEEDED["as they are"], Tried.is_first.fget)
        _show_misses(tried)
        tried = [asking.try_name(name, row) for row, _, name in clear]
        left_out = len(disturbed) - len(clear)
        _show(
            f"{len(tried)} disturbed names, by {way} ({left_out} left out: they are other files' own names)",
            tried,
            NEEDED["disturbed"],
            Tried.is_in_three.fget,
        )
        _show_kinds([kind for _, kind, _ in clear], tried)
        tried = [asking.try_name(name, row) for row, _, name in further]
        _show(f"{len(tried)} names disturbed in further ways, by {way}", tried, {}, Tried.is_in_three.fget)
        _show_kinds([kind for _, kind, _ in further], tried)
        tried = [asking.try_name(name, None, row) for name, row in invented]
        taken = [one.name for one in tried if one.is_taken]
        print(f"\n{len(tried)} names that do not exist: {len(taken)} taken {taken[:5] or ''}")
        print(f"{sum(one.requests for one in tried) / len(tried):.2f} requests a name")
        print(f"\n{time.monotonic() - begun:.0f} s in all")


class _Asking:
    """Asks the sources for one name at a time, counting the hub's requests."""

    def __init__(self, sources: Sequence[Source], hub: HubServer) -> None:
        self._sources = sources
        self._hub = hub

    def try_name(self, name: str, row: Row | None, like: Row | None = None) -> Tried:
        ref = _ref(name, row or like or {})
        self._hub.requests.clear()
        answers = Answers()
        for round_ in ROUNDS:
            for source in self._sources:
                if queries := open_queries([ref], answers, round_):
                    answers = answers.with_answers(source.find_all(queries))
        return Tried(name, row, decide(ref, answers.of(ref)), len(self._hub.requests))


def _sources(url: str, http: Http, rows: Iterable[Row], *, index: bool) -> Sequence[Source]:
    civitai = CivitaiSource(CivitaiClient(http, url))
    if not index:
        return (civitai,)
    own = NameIndex(":memory:")
    own.learn(found for row in rows if (found := candidate_of_row(row, CivitaiSite(url, ""))))
    own.remember_whole(time.time())
    return (own, civitai)


def _ref(name: str, row: Row) -> ModelRef:
    folder = FOLDERS[row["model_type"]]
    return ModelRef(name, from_civitai(row["model_type"]), (folder,), RefStatus.REQUIRED, sites=())


def _is_loaded(row: Row) -> bool:
    return (
        row["model_type"] in FOLDERS
        and row["file_type"] in ("Model", "Pruned Model", "Negative")
        and row["file_name"].lower().endswith(_LOADED)
        and from_civitai(row["model_type"]) is not ModelType.UNKNOWN
    )


def _disturbed(name: str, chance: random.Random) -> tuple[str, str]:
    """What people do to names, one thing at a time."""
    stem, ending = os.path.splitext(name)
    other = ".ckpt" if ending == ".safetensors" else ".safetensors"
    ways: dict[str, str] = {
        "subfolder": f"SDXL/styles/{name}",
        "other ending": f"{stem}{other}",
        "(1)": f"{stem} (1){ending}",
        "spaces": f"{stem.replace('_', ' ')}{ending}",
        "case": name.lower() if name != name.lower() else name.upper(),
        "last letter lost": f"{stem[:-1]}{ending}",
        "_fp16": f"{stem}_fp16{ending}",
        "-pruned": f"{stem}-pruned{ending}",
    }
    kind = chance.choice([way for way, written in ways.items() if written != name])
    return kind, ways[kind]


def _disturbed_further(name: str, chance: random.Random) -> tuple[str, str]:
    """What platforms, trainers and tools do to names, one thing at a time."""
    stem, ending = os.path.splitext(name)
    ways: dict[str, str] = {
        ".fp16": f"{stem}.fp16{ending}",
        "-bf16": f"{stem}-bf16{ending}",
        " (2)": f"{stem} (2){ending}",
        "version lost": re.sub(r"[-_ ]?[vV]\d[\w.]*$", "", stem) + ending,
        "camel case split": " ".join(_WORD_OR_NUMBER.findall(stem)) + ending,
        "%20": re.sub(r"[-_ ]", "%20", stem) + ending,
        "double ending": f"{name}{ending}",
        "hash in front": f"{chance.getrandbits(40):010x}_{name}",
        "emoji folder": f"⭐ best/{name}",
        "windows folder": f"SDXL\\styles\\{name}",
        "four letters behind": f"{stem}.{''.join(chance.choices('abcdefghijkABCDEFGH0123456789', k=4))}{ending}",
        "version number behind": f"{stem}_{chance.randint(10_000, 2_000_000)}{ending}",
        "copy": f"{stem} - Copy{ending}",
    }
    kind = chance.choice([way for way, written in ways.items() if written != name and written != ending])
    return kind, ways[kind]


def _invented(rows: Sequence[Row], names: Counter[str], chance: random.Random) -> list[tuple[str, Row]]:
    """500 names as they might be: another version of a real one, or two real ones in one."""
    found: dict[str, Row] = {}
    while len(found) < 500:
        row, other = chance.sample(rows, 2)
        stem, ending = os.path.splitext(row["file_name"])
        if chance.random() < 0.5:
            name = f"{stem}_v{chance.randint(2, 9)}{chance.randint(0, 9)}{ending}"
        else:
            half = os.path.splitext(other["file_name"])[0]
            name = f"{stem[: len(stem) // 2 + 1]}{half[len(half) // 2 :]}{ending}"
        if name not in names:
            found[name] = row
    return list(found.items())


def _show(
    title: str, tried: Sequence[Tried], needed: dict[str, float], counts: Callable[[Tried], bool] | None
) -> None:
    assert counts is not None
    print(f"\n{title}")
    print(
        f"  {'type':<18}{'names':>6}{'first':>8}{'in three':>10}{'needed':>8}{'taken':>8}{'wrong':>8}{'requests':>10}"
    )
    groups: dict[str, list[Tried]] = {}
    for one in tried:
        assert one.row is not None
        groups.setdefault(one.row["model_type"], []).append(one)
    for model_type in (*FOLDERS, "all"):
        group = tried if model_type == "all" else groups.get(model_type, [])
        if not group:
            continue
        size = len(group)
        limit = needed.get(model_type)
        reached = sum(map(counts, group)) / size
        mark = "" if limit is None else f"{limit:.0%}{' ' if reached >= limit else '!'}"
        print(
            f"  {model_type:<18}{size:>6}{sum(one.is_first for one in group) / size:>8.1%}"
            f"{sum(one.is_in_three for one in group) / size:>10.1%}{mark:>8}"
            f"{sum(one.is_taken for one in group) / size:>8.1%}{sum(one.is_wrong for one in group) / size:>8.2%}"
            f"{sum(one.requests for one in group) / size:>10.2f}"
        )
    for one in tried:
        if one.is_wrong:
            assert one.row is not None and isinstance(one.resolution, Resolved)
            print(
                f"  wrong: {one.name} is {one.row['file_name']}, taken: {one.resolution.choice.candidate.title}"
            )


def _show_kinds(kinds: Sequence[str], tried: Sequence[Tried]) -> None:
    print("  in three, by what was done")
    for kind in sorted(set(kinds)):
        group = [one for one, way in zip(tried, kinds, strict=True) if way == kind]
        print(f"    {kind:<18}{len(group):>6}{sum(one.is_in_three for one in group) / len(group):>8.1%}")


def _show_misses(tried: Sequence[Tried]) -> None:
    missed = [one for one in tried if not one.is_first]
    causes = Counter(_cause(one) for one in missed)
    print(f"  {len(missed)} not first, by cause")
    for cause, count in causes.most_common():
        example = next(one for one in missed if _cause(one) == cause)
        assert example.row is not None
        print(f"    {count:>4}  {cause:<56} e.g. {example.name} of `{example.row['model_name']}`")


def _cause(one: Tried) -> str:
    assert one.row is not None
    stem = os.path.splitext(one.name)[0]
    # What the site searches: the model's name and creator, and the trigger words.
    searched = " ".join(
        [one.row["model_name"], *(one.row.get("trained_words") or ()), one.row.get("creator") or ""]
    )
    words = {word.casefold() for word in _WORD.findall(stem)}
    there = {word.casefold() for word in _WORD.findall(searched)}
    if one.row["file_id"] in one.file_ids:
        return "found, another ranked before it"
    if not words & there:
        return "no word of it is in the model's name or trigger words"
    return "shares a word, not reached within the budget"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--index", action="store_true", help="with the name index")
    return parser.parse_args()


if __name__ == "__main__":
    main()
