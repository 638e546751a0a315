"""How the files of workflows would be had: asked of mirrors and sources, of a person, and judged by the policy."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack

from wfdeps.console.silent import NeverAsk
from wfdeps.domain.locks import Lock
from wfdeps.domain.plans import Plan
from wfdeps.domain.resolutions import Resolution
from wfdeps.jobs.policy import judged_resolutions, policy_rules, with_licences
from wfdeps.pipeline.access import from_mirrors, with_access
from wfdeps.pipeline.resolve import ResolvingDoors, resolve, with_origins
from wfdeps.pipeline.survey import Survey
from wfdeps.planning.build import Layout, build_plan, without_collisions
from wfdeps.ports import Chooser, Library, Reporter
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.sources import build_probe


def resolve_needed(
    surveyed: Survey, doors: Doors, *, chooser: Chooser, reporter: Reporter
) -> tuple[Resolution, ...]:
    """How every needed ref is settled, and whether its file may be had from here, as far as can be asked."""
    settings = doors.settings
    helpers = ResolvingDoors(doors.sources(), chooser, reporter)
    resolutions = resolve(surveyed.needed, doors.library(), helpers, settings.policy)
    resolutions = from_mirrors(resolutions, doors.mirrors())
    if not settings.offline:
        with ExitStack() as exits:
            resolutions = with_access(resolutions, build_probe(settings, doors.http(), exits).access_of)
    rules = policy_rules(settings.policy_file)
    return judged_resolutions(with_licences(resolutions, doors), rules) if rules else resolutions


def with_file_origins(
    resolutions: tuple[Resolution, ...], doors: Doors, *, previous: Lock | None, reporter: Reporter
) -> tuple[Resolution, ...]:
    """These resolutions, the files that are here with their SHA-256 and origin, as a lock wants them."""
    helpers = ResolvingDoors(doors.sources(), NeverAsk(), reporter)
    return with_origins(resolutions, doors.library(), helpers, doors.settings.policy, previous=previous)


def plan_of(resolutions: Iterable[Resolution], library: Library) -> Plan:
    """The plan for these resolutions in this library, no two files in one place."""
    return without_collisions(build_plan(resolutions, Layout(library.folders(), library.separator)))
