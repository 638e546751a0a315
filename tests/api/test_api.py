"""The public Python API: its doctests against a hub, its names, and what importing it costs."""

from __future__ import annotations

import doctest
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import wfdeps
from tests.fakes.hub import run_hub
from wfdeps import api
from wfdeps.domain.reports import ReportVerdict
from wfdeps.errors import LockError, UsageError, WorkflowError
from wfdeps.hub.samples import write_samples
from wfdeps.hub.server import HubServer
from wfdeps.packaged import sample_path
from wfdeps.wiring.settings import Settings

DEMO = sample_path("demo.json")
_FINDER = doctest.DocTestFinder(exclude_empty=True)
EXAMPLES = {one.name: one for one in _FINDER.find(api, "wfdeps.api", module=api) if one.examples}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubServer]:
    folder = tmp_path_factory.mktemp("shelf")
    with run_hub(write_samples(str(folder)), folder) as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path, hub: HubServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A person's settings, in a home of their own with an empty model tree."""
    for name in ("cache", "state", "config"):
        monkeypatch.setenv(f"WFDEPS_{name.upper()}_DIR", str(tmp_path / name))
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    return wfdeps.load_settings(models=tmp_path / "models", civitai_url=hub.url, civitai_token="t0ken")


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_the_documentation_is_true(name: str, settings: Settings, hub: HubServer, tmp_path: Path) -> None:
    example = EXAMPLES[name]
    lock = tmp_path / "wfdeps.lock"
    if ".Lock" in name:
        wfdeps.get(DEMO, settings=settings, auto="best", lock=lock)
    example.globs = {
        "wfdeps": wfdeps, "workflow": DEMO, "hub": hub.url, "lock": lock, "models": tmp_path / "models",
        "settings": settings,
    }  # fmt: skip
    said: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL)
    runner.run(example, out=said.append, clear_globs=False)
    assert runner.failures == 0, "".join(said)


def test_every_function_has_an_example() -> None:
    public = {name for name in wfdeps.__all__ if name not in ("__version__", "Settings")}
    assert public <= {name.rpartition(".")[2] for name in EXAMPLES}


def test_all_public_names_are_there_and_none_is_a_room() -> None:
    import wfdeps.planning.build

    for name in wfdeps.__all__:
        assert hasattr(wfdeps, name)
    assert callable(wfdeps.plan)
    assert set(wfdeps.__all__) <= set(dir(wfdeps))
    with pytest.raises(AttributeError, match="has no attribute `nothing`"):
        _ = wfdeps.nothing


def test_importing_wfdeps_costs_nothing() -> None:
    code = "import sys; before = set(sys.modules); import wfdeps; print(sorted(set(sys.modules) - before))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "['__future__', 'wfdeps']"


@pytest.mark.parametrize("order", ["import wfdeps.planning.build", "import wfdeps.api", "pass"])
def test_plan_is_the_function_whoever_was_imported_first(order: str) -> None:
    code = f"{order}\nimport wfdeps\nfrom wfdeps import plan\nfrom wfdeps.planning.build import build_plan\nprint(plan.__module__, wfdeps.plan is plan)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said == "wfdeps.api True\n"


def test_a_ready_workflow_is_ready_and_a_second_get_downloads_nothing(
    settings: Settings, hub: HubServer
) -> None:
    assert wfdeps.get(DEMO, settings=settings, auto="best").verdict is ReportVerdict.READY
    asked = len(hub.requests.to("/api/download/"))
    assert wfdeps.check(DEMO, settings=settings).exit_code == 0
    assert wfdeps.get(DEMO, settings=settings).exit_code == 0
    assert len(hub.requests.to("/api/download/")) == asked


def test_a_plan_touches_nothing(settings: Settings, tmp_path: Path) -> None:
    assert wfdeps.plan(DEMO, settings=settings, auto="best").downloads
    assert list((tmp_path / "models").iterdir()) == []


def test_an_offline_check_asks_nobody(settings: Settings, hub: HubServer) -> None:
    asked = len(hub.requests.to("/"))
    wfdeps.check(DEMO, settings=settings)
    assert len(hub.requests.to("/")) == asked


def test_what_makes_no_sense_raises_from_one_tree(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(WorkflowError):
        wfdeps.read_workflow(tmp_path / "none.json")
    with pytest.raises(WorkflowError):
        wfdeps.check(b"{}", settings=settings)  # type: ignore[arg-type]
    with pytest.raises(UsageError):
        wfdeps.check(settings=settings)
    with pytest.raises(UsageError):
        wfdeps.resolve(DEMO, settings=settings, auto="luck")
    with pytest.raises(LockError):
        wfdeps.Lock.read(tmp_path / "none.lock")


def test_no_token_is_shown(settings: Settings) -> None:
    assert "t0ken" not in repr(settings)


def test_locks_that_say_the_same_are_equal() -> None:
    lock = wfdeps.Lock(workflows=(("w.json", "00" * 32),), entries=())
    assert lock == wfdeps.Lock.parse(str(lock))
    assert hash(lock) == hash(wfdeps.Lock.parse(str(lock)))
    assert lock != wfdeps.Lock(workflows=(), entries=())
