"""A plan is carried out once somebody agreed and there is room; the lock is written for what was done."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.whole.conftest import Person
from wfdeps.console.chooser import TakeBest
from wfdeps.console.silent import NeverAsk, Silent
from wfdeps.domain.plans import Plan
from wfdeps.domain.reports import ReportVerdict
from wfdeps.errors import LockError
from wfdeps.jobs.get import Done, get, write_lock_of
from wfdeps.jobs.lock import plan_lock, write_planned_lock
from wfdeps.jobs.reading import WorkflowFiles, read_files
from wfdeps.jobs.sync import lock_at, plan_sync, what_is_stale
from wfdeps.packaged import sample_path
from wfdeps.pipeline.locking import read_lock
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Overrides, load_settings

DEMO = sample_path("demo.json")


@pytest.fixture
def doors(person: Person) -> Doors:
    return Doors(load_settings(Overrides(models=str(person.models)), person.environ), lock=str(person.lock))


def got(doors: Doors, *, says_yes: bool = True, lock: str = "") -> tuple[Done, list[Plan]]:
    asked: list[Plan] = []

    def agrees(plan: Plan) -> bool:
        asked.append(plan)
        return says_yes

    with doors:
        readings = read_files(WorkflowFiles((DEMO,)), doors).readings
        done = get(readings, doors, chooser=TakeBest(), reporter=Silent(), agrees=agrees, lock=lock)
        if lock:
            write_lock_of(done, lock, doors)
    return done, asked


def test_what_is_missing_is_there_afterwards_and_locked(person: Person, doors: Doors) -> None:
    done, asked = got(doors, lock=str(person.lock))
    assert done.report.verdict is ReportVerdict.READY
    assert len(asked) == 1
    lock = read_lock(str(person.lock))
    assert lock is not None
    assert {entry.path for entry in lock.entries} == set(person.tree())


def test_after_a_no_nothing_is_touched_and_nothing_locked(person: Person, doors: Doors) -> None:
    done, asked = got(doors, says_yes=False, lock=str(person.lock))
    assert done.outcomes is None
    assert done.report.verdict is ReportVerdict.MISSING
    assert asked == [done.planned.plan]
    assert person.tree() == {}
    assert not person.lock.exists()
    assert len(person.hub.requests.to("/api/download/")) == 0


def test_nobody_is_asked_where_nothing_is_to_be_downloaded(person: Person, doors: Doors) -> None:
    got(doors)
    again = Doors(doors.settings, lock=str(person.lock))
    done, asked = got(again, says_yes=False)
    assert asked == []
    assert done.report.verdict is ReportVerdict.READY


def test_a_file_that_is_no_lock_stops_it_before_the_first_byte(person: Person, doors: Doors) -> None:
    person.lock.write_text("my notes")
    with pytest.raises(LockError):
        got(doors, lock=str(person.lock))
    assert person.tree() == {}
    assert person.lock.read_text() == "my notes"


def test_a_lock_without_download_says_the_same_as_one_after_it(person: Person, doors: Doors) -> None:
    path = str(person.home / "planned.lock")
    with doors:
        readings = read_files(WorkflowFiles((DEMO,)), doors).readings
        planned = plan_lock(readings, doors, chooser=TakeBest(), reporter=Silent(), path=path)
        lock = write_planned_lock(planned, path, doors)
    assert lock is not None
    assert person.tree() == {}
    got(Doors(doors.settings, lock=str(person.lock)), lock=str(person.lock))
    after = read_lock(str(person.lock))
    assert after is not None
    assert [(entry.path, entry.sha256) for entry in lock.entries] == [
        (entry.path, entry.sha256) for entry in after.entries
    ]


def test_no_lock_is_written_for_workflows_that_cannot_be_read(person: Person, doors: Doors) -> None:
    broken = person.save("broken.json", "{")
    with doors:
        readings = read_files(WorkflowFiles((str(broken),)), doors).readings
        planned = plan_lock(readings, doors, chooser=NeverAsk(), reporter=Silent(), path=str(person.lock))
        assert write_planned_lock(planned, str(person.lock), doors) is None
    assert not person.lock.exists()


def test_a_changed_workflow_makes_a_lock_stale_one_that_is_not_here_does_not(
    person: Person, doors: Doors, tmp_path: Path
) -> None:
    workflow = person.save("w.json", Path(DEMO).read_text(encoding="utf-8"))
    with doors:
        readings = read_files(WorkflowFiles((str(workflow),)), doors).readings
        planned = plan_lock(readings, doors, chooser=TakeBest(), reporter=Silent(), path=str(person.lock))
        write_planned_lock(planned, str(person.lock), doors)
        lock = lock_at(str(person.lock))
        assert what_is_stale(lock, str(person.lock)) == ()
        workflow.write_text("{}")
        assert what_is_stale(lock, str(person.lock)) == ("`w.json` changed since",)
        workflow.unlink()
        assert what_is_stale(lock, str(person.lock)) == ()
        assert len(plan_sync(lock, str(person.lock), doors).plan.downloads) == len(lock.entries)


def test_where_there_is_no_lock_it_is_said_how_to_write_one(tmp_path: Path) -> None:
    with pytest.raises(LockError, match="no lock at"):
        lock_at(str(tmp_path / "none.lock"))
