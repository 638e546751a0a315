"""Why a name of a workflow is what it is."""

from __future__ import annotations

import pytest

from tests.jobs.helpers import Remembering, doors_of, readings_of
from tests.whole.conftest import Person
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.resolutions import Present, Resolved
from wfdeps.errors import UsageError, WorkflowError
from wfdeps.jobs.why import reasons_for

LANTERN = "paperLantern.safetensors"
READINGS = readings_of(LoraLoader={"lora_name": LANTERN})


def test_a_missing_name_is_asked_about_and_a_present_one_tells_its_origin(person: Person) -> None:
    with doors_of(person) as doors:
        (missing,) = reasons_for("lantern", READINGS, doors, Remembering())
    assert isinstance(missing.resolution, Resolved)
    assert missing.queries
    workflow = person.save("wf.json", {"1": {"class_type": "LoraLoader", "inputs": {"lora_name": LANTERN}}})
    assert person.get(workflow).code == 0
    with doors_of(person) as doors:
        (present,) = reasons_for(LANTERN, READINGS, doors, Remembering())
    assert isinstance(present.resolution, Present)
    ((path, sidecar),) = present.sidecars.items()
    assert path == str(person.models / "loras" / LANTERN)
    assert sidecar["version_id"] == 2_100_002_002
    assert [entry.name for entry in present.locked] == [LANTERN]


def test_a_name_nobody_has_is_an_error_unless_an_unreadable_workflow_may_have_it(person: Person) -> None:
    with doors_of(person) as doors:
        with pytest.raises(UsageError, match="no file called"):
            reasons_for("harbour", READINGS, doors, Remembering())
        with pytest.raises(WorkflowError):
            reasons_for("harbour", [*READINGS, UnreadableWorkflow("x.json", "cut")], doors, Remembering())
