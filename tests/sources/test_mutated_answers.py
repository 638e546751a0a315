"""10,000 answers with anything in the place of one of their parts: read or refused, never fatal."""

from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.hub import run_hub
from tests.sources.catalogue import row, sha256_of
from wfdeps.domain.candidates import Answer, Verdict, VerdictKind
from wfdeps.errors import SourceError
from wfdeps.sources.answer_json import answer_of, json_of
from wfdeps.sources.civarchive import candidates_of_archive
from wfdeps.sources.civitai.pages import model_page, models_of, version_page
from wfdeps.sources.civitai.payloads import (
    CivitaiSite,
    access_of_mini,
    candidates_of_model,
    candidates_of_version,
    candidates_of_versions,
    page_of,
    versions_by_hash,
)
from wfdeps.sources.civitai.rows import candidate_of_row
from wfdeps.sources.huggingface import candidates_of_repository
from wfdeps.sources.model_list import candidates_of_list

SITE = CivitaiSite("https://civitai.com", "2026-11-01T00:00:00")
DIGEST = sha256_of("x")
MUTANTS = 10_000

CIVITAI: tuple[Callable[[Any], Any], ...] = (
    lambda body: page_of(body, SITE).candidates,
    lambda body: candidates_of_model(body, SITE),
    lambda body: candidates_of_version(body, SITE),
    lambda body: candidates_of_versions(body, SITE),
    lambda body: versions_by_hash(body) and (),
    lambda body: access_of_mini(body, SITE) and (),
    lambda body: [file for model in models_of(body, SITE).models for file in _files(model)],
    lambda body: _files(model_page(body, SITE)),
    lambda body: _files(version_page(body, SITE)),
)
OTHERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (
        {
            "id": "a/b",
            "gated": "auto",
            "siblings": [
                {"rfilename": "vae/x.safetensors", "size": 9, "lfs": {"sha256": "ab" * 32, "size": 9}}
            ],
        },
        lambda body: candidates_of_repository(body, "a/b", "main", "https://huggingface.co", signed_in=False),
    ),
    (
        {
            "models": [
                {
                    "name": "X", "type": "lora", "base": "SD1.x", "save_path": "loras/x", "filename": "x.pth",
                    "url": "https://e.example/x.pth", "size": "4.71MB", "reference": "https://e.example/",
                }
            ]
        },
        candidates_of_list,
    ),
    (
        {
            "name": "X",
            "type": "LORA",
            "version": {
                "name": "v1",
                "trigger": ["x"],
                "files": [
                    {
                        "name": "x.safetensors", "type": "Model", "sizeKB": 10.5, "sha256": DIGEST.value,
                        "downloadUrl": "https://e.example/x",
                        "mirrors": [{"url": "https://m.example/x", "filename": "x", "deletedAt": None}],
                    }
                ],
            },
        },
        lambda body: candidates_of_archive(body, DIGEST),
    ),
    (row(1, "x.safetensors"), lambda body: [file for file in [candidate_of_row(body, SITE)] if file]),
)  # fmt: skip

STRANGE: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**4_000, -(10**4_000), 0.5, -0.0, 1e308, float("inf"),
    float("-inf"), float("nan"), "", " ", "0", "9" * 5_000, "9" * 400 + "MB", "\0", "\ud800", "\udfff\ud800", "\u202e\x1b[31m",
    "../../x.safetensors", "C:\\x", "http://[::1", "https://[", "https://e.example:99999999/", "https://\ud800/", "x" * 100_000,
    "urn:air:" + ":" * 500, "urn:air:sd1:lora:civitai:" + "9" * 5_000 + "@1", "/api/download/models/" + "9" * 5_000,
    "<" * 40_000, "<p " * 10_000, "&#" + "9" * 5_000 + ";", "2026-13-45T99:99:99Z", [], {}, [[]], [None] * 1_000, [{}] * 1_000,
    {"": None}, {"\ud800": "\ud800"}, {"SHA256": 10**4_000}, {"sha256": ["ab" * 32]},
)  # fmt: skip


def _files(model: Any) -> list[Any]:
    return [file for version in model.versions for file in version.files]


def _bodies_of_the_hub(count: int) -> Iterator[Any]:
    """Models, versions, searches and batches as our own hub writes them."""
    rows = [
        row(number, f"x{number}.safetensors", trained_words=["a"] * (number % 3)) for number in range(1, 61)
    ]
    with run_hub(rows) as hub, httpx.Client(base_url=hub.url) as client:
        paths = [
            path
            for number in range(1, 61)
            for path in (
                f"/api/v1/models/{number}",
                f"/api/v1/model-versions/{1000 + number}",
                f"/api/v1/model-versions/mini/{1000 + number}",
                f"/api/v1/models?limit={1 + number % 5}&query=Model {number}",
                f"/api/v1/model-versions/by-hash/{sha256_of(f'x{number}.safetensors').value}",
            )
        ]
        for path in paths[:count]:
            yield client.get(path).raise_for_status().json()
        hashes = [sha256_of(f"x{number}.safetensors").value for number in range(1, 6)]
        for path in ("/api/v1/model-versions/by-hash", "/api/v1/model-versions/by-hash/ids"):
            yield client.post(path, json=hashes).raise_for_status().json()


def _recorded(folder: Path) -> Iterator[Any]:
    """What Civitai answered; nothing where the recordings are not there."""
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            yield json.loads(path.read_bytes())
        except ValueError:
            continue


def _mutant(body: Any, chance: random.Random) -> Any:
    """A copy with one to four of its parts replaced, taken away, repeated, or put in another's place."""
    body = copy.deepcopy(body)
    for _ in range(chance.randint(1, 4)):
        places = list(_places(body))
        if not places:
            return chance.choice(STRANGE)
        holder, key = chance.choice(places)
        change = chance.randrange(6)
        if change == 0:
            del holder[key]
        elif change == 1:
            holder[key] = [holder[key]] * chance.choice((0, 2, 50))
        elif change == 2:
            other, other_key = chance.choice(places)
            holder[key] = copy.deepcopy(other[other_key])
        else:
            holder[key] = copy.deepcopy(chance.choice(STRANGE))
    return body


def _places(value: Any, most: int = 400) -> Iterator[tuple[Any, Any]]:
    """Every (object or array, key) below a value, the outermost first; at most so many."""
    waiting, seen = [value], 0
    while waiting and seen < most:
        holder = waiting.pop(0)
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        for key in list(keys)[:40]:
            seen += 1
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])


def _check(candidates: Any) -> int:
    """What every candidate must be: of the right types, and the same after it was remembered."""
    known = tuple(candidates)[:20]
    for file in known:
        assert file.file_name
        assert file.file_name.isprintable()
        assert file.url.startswith("https://")
        assert file.size is None or 0 <= file.size < 2**63
    answer = Answer(known, Verdict("s", VerdictKind.FOUND, ""))
    # A remembered answer is ASCII JSON in SQLite.
    assert answer_of(json.loads(json.dumps(json_of(answer)))) == answer
    return len(known)


def test_a_mutated_answer_is_read_or_refused(request: pytest.FixtureRequest) -> None:
    recordings = request.config.rootpath.parent / "shared/data/civitai/recorded"
    bodies = [*_recorded(recordings), *_bodies_of_the_hub(300)]
    assert len(bodies) >= 300
    chance = random.Random(15)
    read = refused = 0
    for number in range(MUTANTS):
        if number % 20:
            body, readers = bodies[number % len(bodies)], CIVITAI
        else:
            body, reader = OTHERS[number // 20 % len(OTHERS)]
            readers = (reader,)
        mutant = _mutant(body, chance)
        for reader in readers:
            try:
                candidates = reader(mutant)
            except SourceError:
                refused += 1
                continue
            read += _check(candidates)
    # Most mutants still hold files: the readers were reached, not only their first line.
    assert read > MUTANTS
    assert refused > MUTANTS


LONG = """
import sys
from wfdeps.sources.civitai.pages import model_page, plain_text
from wfdeps.sources.civitai.payloads import *
site, many = CivitaiSite("https://civitai.com", "2026-11-01T00:00:00"), 300_000
assert len(versions_by_hash([{"hash": "ab" * 32, "modelVersionId": 1 + n} for n in range(many)])["ab" * 32]) == many
assert versions_by_hash([[]] * many) == {}
file = {"id": 1, "name": "x.safetensors"}
version = {"id": 1, "files": [file] * 20_000, "images": [{"url": "https://e.example/"}] * 10}
assert len(candidates_of_version(version, site)) == 20_000
assert page_of({"items": [[]] * many, "metadata": {}}, site).candidates == ()
for part in ("<", "< ", "<p ", "<br", "&", "&#9", "<\\n", "a<"):
    plain_text(part * 1_000_000)
"""


def test_a_long_answer_takes_time_by_its_length_and_no_more() -> None:
    subprocess.run([sys.executable, "-c", LONG], check=True, timeout=40)
