"""The pipeline's stages with their doors: what the command line and the API run alike."""

from __future__ import annotations

from contextlib import ExitStack

from wfdeps.domain.locks import Lock
from wfdeps.domain.resolutions import Resolution
from wfdeps.match.policy import Policy
from wfdeps.pipeline.access import with_access
from wfdeps.pipeline.nearby import from_mirrors
from wfdeps.pipeline.resolve import Helpers, resolve, with_origins
from wfdeps.pipeline.survey import Survey
from wfdeps.ports import Chooser, Reporter
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.settings import Settings
from wfdeps.wiring.sources import build_probe


@dataclass(frozen=True, slots=True)
class Resolving:
    """What resolving needs besides the workflows."""

    settings: Settings
    doors: Doors
    chooser: Chooser
    reporter: Reporter
    policy: Policy

    @property
    def helpers(self) -> Helpers:
        """The doors, as the stage takes them."""
        return Helpers(self.doors.sources(), self.chooser, self.reporter)


def resolve_needed(surveyed: Survey, run: Resolving) -> tuple[Resolution, ...]:
    """How every needed ref is settled, and whether its file may be had from here, as far as can be asked."""
    resolutions = resolve(surveyed.needed, run.doors.library(), run.helpers, run.policy)
    resolutions = from_mirrors(resolutions, run.doors.mirrors())
    if run.settings.offline:
        return resolutions
    with ExitStack() as exits:
        return with_access(resolutions, build_probe(run.settings, run.doors.http(), exits).access_of)


def for_a_lock(
    resolutions: tuple[Resolution, ...], previous: Lock | None, run: Resolving
) -> tuple[Resolution, ...]:
    """The same, present files with their hash and origin, as a lock wants them."""
    return with_origins(resolutions, run.doors.library(), run.helpers, run.policy, previous=previous)
