"""A hub with the sample models, and a person with an empty model tree in front of it."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.hub import run_hub
from wfdeps.cli.main import main
from wfdeps.hub.samples import write_samples
from wfdeps.hub.server import HubServer


@dataclass(frozen=True)
class Said:
    """What one command line answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Person:
    """Somebody with a folder, a model tree in it and a hub to ask. `wfdeps(...)` types a command."""

    def __init__(self, home: Path, hub: HubServer) -> None:
        self.home = home
        self.hub = hub
        self.models = home / "models"
        self.lock = home / "wfdeps.lock"
        self.environ = {
            "HOME": str(home),
            "WFDEPS_CIVITAI_URL": hub.url,
            "HF_ENDPOINT": hub.url,
            "CIVITAI_API_TOKEN": "s3cret-token",
            "WFDEPS_CACHE_DIR": str(home / "cache"),
            "WFDEPS_STATE_DIR": str(home / "state"),
            "WFDEPS_CONFIG_DIR": str(home / "config"),
        }
        self.models.mkdir(parents=True)
        (home / "config").mkdir()
        # The catalogue of ComfyUI's Manager lives elsewhere on the net: here, nothing but the hub is asked.
        (home / "config" / "config.toml").write_text(
            '[resolve]\nsources = ["index", "civitai", "huggingface", "url"]\n'
        )

    def wfdeps(self, *words: str, **environ: str) -> Said:
        out, err = io.StringIO(), io.StringIO()
        code = main(
            [str(word) for word in words], stdout=out, stderr=err, environ={**self.environ, **environ}
        )
        assert "s3cret-token" not in out.getvalue() + err.getvalue()
        return Said(code, out.getvalue(), err.getvalue())

    def get(self, *words: str | Path, **environ: str) -> Said:
        tree = ("--models", str(self.models), "--lock", str(self.lock))
        return self.wfdeps("get", *map(str, words), *tree, "--yes", **environ)

    def tree(self) -> dict[str, str]:
        """Every model file below the tree and its SHA-256; sidecars and staging aside."""
        return tree_of(self.models)

    def save(self, name: str, document: Any) -> Path:
        path = self.home / name
        path.write_text(json.dumps(document) if not isinstance(document, str) else document, encoding="utf-8")
        return path


def tree_of(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.endswith(".civitai.json") and ".wfdeps" not in path.as_posix()
    }


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Any]]:
    """The sample models, and their catalogue."""
    folder = tmp_path_factory.mktemp("shelf")
    return folder, list(write_samples(str(folder)))


@pytest.fixture
def hub(shelf: tuple[Path, list[Any]]) -> Iterator[HubServer]:
    folder, rows = shelf
    with run_hub(rows, folder, tokens=["s3cret-token"]) as running:
        yield running


@pytest.fixture
def person(tmp_path: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> Person:
    monkeypatch.chdir(tmp_path)
    return Person(tmp_path / "home", hub)
