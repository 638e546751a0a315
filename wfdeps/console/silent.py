"""A reporter that hears everything and shows nothing: for commands whose answer is their output."""

from __future__ import annotations

from wfdeps.domain.outcomes import FetchEvent
from wfdeps.domain.plans import Plan


class Silent:
    """Nothing it is told leaves it."""

    def stage(self, name: str, detail: str = "") -> None:
        pass

    def note(self, text: str) -> None:
        pass

    def plan(self, plan: Plan) -> None:
        pass

    def event(self, event: FetchEvent) -> None:
        pass

    def close(self) -> None:
        pass
