"""A mirror is a store of bytes by hash, however it is laid out, in a folder or behind any server of files."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from tests.sources.catalogue import http, sha256_of
from wfdeps.domain.candidates import VerdictKind
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.queries import HashQuery
from wfdeps.library.store import Store
from wfdeps.sources.mirror import LAYOUTS, MirrorSource

DATA = b"the bytes of a model" * 1000
WANTED = HashQuery(Digest(Algorithm.SHA256, hashlib.sha256(DATA).hexdigest()))
MISSING = HashQuery(sha256_of("nobody has this"))
SHA256 = WANTED.digest.value


class Files(SimpleHTTPRequestHandler):
    """A server of plain files that keeps what it was asked for; with `closed`, as a bucket that may not be listed."""

    asked: ClassVar[list[str]] = []
    closed = False

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        self.asked.append(f"{code} {self.path}")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        super().send_error(403 if self.closed and code == 404 else code, message, explain)


@pytest.fixture(params=[False, True], ids=["", "that may not be listed"])
def server(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[str, list[str]]]:
    handler = type("Asked", (Files,), {"asked": [], "closed": request.param})
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(tmp_path))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", handler.asked
        running.shutdown()
        thread.join()


def laid_out(folder: Path, layout: str, ending: str = "") -> Path:
    path = folder / (layout.format(hash=SHA256, start=SHA256[:2]) + ending)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(DATA)
    return path


@pytest.mark.parametrize("ending", ["", ".safetensors"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_folder_is_a_mirror_however_it_is_laid_out(tmp_path: Path, layout: str, ending: str) -> None:
    path = laid_out(tmp_path, layout, ending)
    with http() as client:
        answers = MirrorSource(client, tmp_path.as_uri()).find_all([MISSING, WANTED])
    assert [one.url for one in answers[WANTED].candidates] == [path.as_uri()]
    assert answers[MISSING].verdict.kind is VerdictKind.NO_SUCH


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_server_is_a_mirror_however_it_is_laid_out(
    tmp_path: Path, server: tuple[str, list[str]], layout: str
) -> None:
    url, _ = server
    laid_out(tmp_path, layout)
    with http() as client:
        (found,) = MirrorSource(client, url).find_all([WANTED])[WANTED].candidates
    assert found.url == f"{url}/{layout.format(hash=SHA256, start=SHA256[:2])}"


def test_once_a_server_has_answered_its_layout_is_known(
    tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    url, asked = server
    laid_out(tmp_path, "{start}/{hash}")
    with http() as client:
        MirrorSource(client, url).find_all([WANTED, MISSING])
    assert len(asked) == 3 + 1


def test_a_store_of_ours_is_a_mirror_as_it_lies(tmp_path: Path, server: tuple[str, list[str]]) -> None:
    url, _ = server
    (tmp_path / "staged").write_bytes(DATA)
    kept = Store(str(tmp_path)).adopt(str(tmp_path / "staged"), SHA256)
    with http() as client:
        in_folder = MirrorSource(client, tmp_path.as_uri()).find_all([WANTED])[WANTED]
        served = MirrorSource(client, url).find_all([WANTED])[WANTED]
    assert [one.url for one in in_folder.candidates] == [Path(kept).as_uri()]
    assert [one.digests for one in served.candidates] == [(WANTED.digest,)]
