"""The doors of a person, and a reporter that remembers, for jobs called without a command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.whole.conftest import Person
from wfdeps.console.silent import Silent
from wfdeps.domain.outcomes import FetchEvent
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Overrides, load_settings
from wfdeps.workflow.read import Reading, read_workflow


@contextmanager
def doors_of(person: Person, **said: Any) -> Iterator[Doors]:
    """The doors of a run in the person's tree; `said` are Overrides."""
    overrides = Overrides(**{"models": str(person.models), **said})
    with Doors(load_settings(overrides, person.environ), lock=str(person.lock)) as doors:
        yield doors


class Remembering(Silent):
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.events: list[FetchEvent] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def event(self, event: FetchEvent) -> None:
        self.events.append(event)


def readings_of(**classes: dict[str, Any]) -> tuple[Reading, ...]:
    """A workflow of one node for each class, with these inputs; each is needed for a picture."""
    nodes: dict[str, Any] = {
        str(number): {"class_type": name, "inputs": inputs}
        for number, (name, inputs) in enumerate(classes.items(), 1)
    }
    for number in list(nodes):
        nodes[f"9{number}"] = {"class_type": "SaveImage", "inputs": {"images": [number, 0]}}
    return tuple(read_workflow(json.dumps(nodes).encode(), "wf.json"))
