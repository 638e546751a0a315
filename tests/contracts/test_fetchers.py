"""What every Fetcher keeps: one final event a download, staged files beside the target, nothing escapes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.server import FaultServer, body, body_sha256
from tests.fetch.fetching import QUICK, download
from wfdeps.domain.outcomes import Fetched, FetchFailed
from wfdeps.fetch.executor import open_fetcher
from wfdeps.http import Http
from wfdeps.ports import Fetcher
from wfdeps.values import replace

SIZE = 300_000


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture(params=["plain", "one job", "limited"])
def fetcher(request: pytest.FixtureRequest) -> Iterator[Fetcher]:
    options = {"plain": {}, "one job": {"jobs": 1}, "limited": {"limit_rate": "50M"}}[request.param]
    with Http() as http:
        yield open_fetcher(http, limits=QUICK, **options)  # type: ignore[arg-type]


def test_every_download_ends_in_exactly_one_event(
    fetcher: Fetcher, server: FaultServer, tmp_path: Path
) -> None:
    items = [
        download(
            tmp_path,
            server.url(f"/{n}.bin", size=SIZE, **({"status": 404} if n % 3 == 0 else {})),
            name=f"{n}.bin",
        )
        for n in range(9)
    ]
    finals = [event for event in fetcher.fetch_all(items) if isinstance(event, (Fetched, FetchFailed))]
    assert {final.download.label: isinstance(final, Fetched) for final in finals} == {
        f"{n}.bin": n % 3 != 0 for n in range(9)
    }
    assert len(finals) == 9


def test_nothing_to_fetch_is_nothing_told(fetcher: Fetcher) -> None:
    assert list(fetcher.fetch_all([])) == []


def test_a_staged_file_lies_below_the_targets_root_and_under_no_models_name(
    fetcher: Fetcher, server: FaultServer, tmp_path: Path
) -> None:
    item = download(
        tmp_path / "models", server.url(size=SIZE), name="sub/x.safetensors.bin", sha256=body_sha256(1, SIZE)
    )
    (final,) = [event for event in fetcher.fetch_all([item]) if isinstance(event, Fetched)]
    staged = Path(final.staged)
    assert staged.is_relative_to(tmp_path / "models")
    assert staged.suffix == ".part"
    assert staged.read_bytes() == body(1, 0, SIZE)
    assert not (tmp_path / "models" / "sub").exists()


def test_the_same_hash_wanted_twice_is_fetched_once(
    fetcher: Fetcher, server: FaultServer, tmp_path: Path
) -> None:
    sha256 = body_sha256(1, SIZE)
    items = [
        download(tmp_path / root, server.url(size=SIZE), name=name, sha256=sha256)
        for root, name in (("a", "x.bin"), ("a", "y.bin"), ("b", "z.bin"))
    ]
    finals = [event for event in fetcher.fetch_all(items) if isinstance(event, Fetched)]
    assert len(finals) == 3
    assert len({final.staged for final in finals}) == 3
    assert all(Path(final.staged).read_bytes() == body(1, 0, SIZE) for final in finals)
    assert len(server.log) == 1


def test_closing_the_iterator_stops_the_workers(
    fetcher: Fetcher, server: FaultServer, tmp_path: Path
) -> None:
    items = [
        download(tmp_path, server.url(f"/{n}.bin", size=SIZE, drip=0.01), name=f"{n}.bin") for n in range(4)
    ]
    events = fetcher.fetch_all(items)
    next(events)
    events.close()  # type: ignore[attr-defined]
    asked = len(server.log)
    assert asked <= 4


def test_a_bug_in_a_worker_is_a_final_event(fetcher: Fetcher, tmp_path: Path) -> None:
    item = download(tmp_path, "http://127.0.0.1:1/x", name="x.bin")
    broken = replace(item, urls=("http://127.0.0.1:1/x", 7))  # type: ignore[arg-type]
    finals = [event for event in fetcher.fetch_all([broken]) if isinstance(event, FetchFailed)]
    assert [final.kind for final in finals] == ["bug"]
