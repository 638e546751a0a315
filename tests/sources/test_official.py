"""What ComfyUI's own templates name is found by name, and verified by what its site says of the bytes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.hub import run_hub
from tests.whole.conftest import Person
from wfdeps.hub.samples import safetensors_bytes
from wfdeps.sources.model_list import OFFICIAL, candidates_of_list

ROWS: list[dict[str, Any]] = json.loads(Path(OFFICIAL).read_text(encoding="utf-8"))["models"]


def test_every_row_of_the_table_is_a_candidate_of_a_known_type() -> None:
    candidates = candidates_of_list({"models": ROWS}, "official")
    assert len(candidates) == len(ROWS) > 300
    assert {one.source for one in candidates} == {"official"}
    assert all(one.url.startswith("https://huggingface.co/") for one in candidates)


def test_a_bare_official_name_is_got_and_verified_though_three_repositories_hold_it(tmp_path: Path) -> None:
    name = "wan_2.1_vae.safetensors"
    places = [row["url"] for row in ROWS if row["filename"] == name]
    assert len(places) > 1
    content = safetensors_bytes({"a.weight": (4, 4)}, "F16", {}, seed=1)
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    (shelf / "x.safetensors").write_bytes(content)
    sha256 = hashlib.sha256(content).hexdigest()
    with run_hub([published(url, sha256, number) for number, url in enumerate(places)], shelf) as hub:
        person = Person(tmp_path / "home", hub)
        (person.home / "config" / "config.toml").write_text('[resolve]\nsources = ["civitai", "official"]\n')
        workflow = person.save(
            "w.json",
            {
                "1": {"class_type": "VAELoader", "inputs": {"vae_name": name}},
                "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
            },
        )
        got = person.get(workflow)
        assert got.code == 0, got.out + got.err
        assert person.tree() == {f"vae/{name}": sha256}
        (entry,) = json.loads(person.lock.read_text(encoding="utf-8"))["files"]
        assert (entry["chosen_by"], [one["url"] for one in entry["sources"]]) == ("name", places)


def published(url: str, sha256: str, number: int) -> dict[str, Any]:
    """A catalogue row that no search finds, at the place the table names."""
    owner, repo, _, revision, *path = urlsplit(url).path.strip("/").split("/")
    return {
        "file_name": f"hidden{number}.safetensors",
        "model_name": f"hidden {number}",
        "model_type": "Other",
        "path": "x.safetensors",
        "hashes": {"SHA256": sha256.upper()},
        "unsearchable": True,
        "hf": {"repo": f"{owner}/{repo}", "revision": revision, "path": "/".join(path)},
    }
