"""Where no person is: a reporter that shows nothing, a chooser that leaves every choice open."""

from __future__ import annotations

from wfdeps.domain.outcomes import FetchEvent
from wfdeps.domain.plans import Plan
from wfdeps.domain.resolutions import Ambiguous


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


class NeverAsk:
    """Leaves every choice open."""

    def choose(self, question: Ambiguous, *, left: int = 0) -> None:
        return None
