"""Every sample workflow: get, check, get again, and the same tree from the lock."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import pytest

from tests.fakes.hub import run_hub
from wfdeps.cli.main import main
from wfdeps.hub.samples import write_samples
from wfdeps.hub.server import HubServer

SAMPLES = Path(__file__).resolve().parents[2] / "sample_workflows"


class Person:
    """Somebody with an empty models folder, a token, and the hub for the whole world."""

    def __init__(self, home: Path, hub: HubServer) -> None:
        self.home, self.hub = home, hub
        self.models = home / "models"
        self.models.mkdir(parents=True)

    def types(self, *words: str) -> tuple[int, str]:
        """Run a line; its exit code and all that it said."""
        said = io.StringIO()
        environ = {
            "HOME": str(self.home),
            "WFDEPS_CIVITAI_URL": self.hub.url,
            "HF_ENDPOINT": self.hub.url,
            "CIVITAI_API_TOKEN": "known",
            "WFDEPS_CACHE_DIR": str(self.home / "cache"),
            "WFDEPS_STATE_DIR": str(self.home / "state"),
        }
        code = main(words, stdout=said, stderr=said, environ=environ)
        return code, said.getvalue()

    def tree(self) -> dict[str, str]:
        """Path → SHA-256 of every model."""
        return {
            path.relative_to(self.models).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.models.rglob("*"))
            if path.is_file() and not path.name.endswith(".civitai.json")
        }


def do_the_job(workflow: Path, rows: list[dict[str, object]], shelf: Path, tmp_path: Path) -> None:
    with run_hub(rows, shelf, tokens=["known"]) as hub:
        person = Person(tmp_path / "one", hub)
        where = ["--models", str(person.models)]
        lock = ["--lock", str(tmp_path / "wfdeps.lock")]
        assert person.types("check", str(workflow), *where)[0] == 1
        code, said = person.types(
            "get", str(workflow), *where, *lock, "--yes", "--auto", "best", "--allow-pickle"
        )
        assert code == 0, said
        assert person.types("check", str(workflow), *where)[0] == 0
        hub.requests.clear()
        again, said = person.types(
            "get", str(workflow), *where, *lock, "--yes", "--auto", "best", "--allow-pickle"
        )
        assert again == 0, said
        assert [seen for seen in hub.requests if seen.storage] == []
        other = Person(tmp_path / "two", hub)
        synced, said = other.types("sync", str(tmp_path / "wfdeps.lock"), "--models", str(other.models))
        assert synced == 0, said
        assert other.tree() == person.tree() != {}


@pytest.mark.parametrize("name", sorted(path.name for path in SAMPLES.iterdir()))
def test_a_sample_workflow_is_made_ready(name: str, tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    do_the_job(SAMPLES / name, write_samples(str(shelf)), shelf, tmp_path)
