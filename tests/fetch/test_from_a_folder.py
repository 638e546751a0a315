"""A mirror that is a folder: its files are copied, verified and never touched."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.fetch.fetching import Told, download, fetch
from wfdeps.domain.outcomes import Fetched, FetchFailed

DATA = bytes(range(256)) * 9000
SHA256 = hashlib.sha256(DATA).hexdigest()


def mirror(folder: Path, data: bytes = DATA) -> Path:
    path = folder / "a mirror #1" / "sha256" / SHA256
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    return path


def test_a_file_of_a_folder_is_copied_and_proven_by_its_hash(tmp_path: Path) -> None:
    path = mirror(tmp_path)
    told: Told = fetch(download(tmp_path / "models", path.as_uri(), sha256=SHA256))
    assert isinstance(told.final, Fetched)
    assert (told.final.verified_by, told.content) == ("sha256", DATA)
    assert Path(told.final.staged).stat().st_ino != path.stat().st_ino, (
        "another file: the mirror's is left alone"
    )


def test_other_bytes_in_the_folder_are_not_the_file(tmp_path: Path) -> None:
    path = mirror(tmp_path, DATA[:-1] + b"x")
    told = fetch(download(tmp_path / "models", path.as_uri(), sha256=SHA256))
    assert isinstance(told.final, FetchFailed)
    assert told.final.kind == "digest"


def test_a_folder_that_is_not_there_says_so(tmp_path: Path) -> None:
    told = fetch(download(tmp_path / "models", (tmp_path / "gone").as_uri(), sha256=SHA256))
    assert isinstance(told.final, FetchFailed)
    assert "No such file" in told.final.reason
