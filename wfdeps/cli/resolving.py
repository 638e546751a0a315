"""Settings and flags → what may be taken without asking, and the doors that resolving needs."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.domain.locks import Lock
from wfdeps.domain.resolutions import Resolution
from wfdeps.errors import ConfigError
from wfdeps.match.policy import Auto, Policy
from wfdeps.pipeline.access import with_access
from wfdeps.pipeline.resolve import Helpers, resolve, with_origins
from wfdeps.pipeline.survey import Survey
from wfdeps.wiring.sources import build_probe


def resolve_for(
    surveyed: Survey, arguments: argparse.Namespace, context: Context, *, ask: bool
) -> tuple[Resolution, ...]:
    """How every needed ref is settled; `ask` lets a person choose, where one is there."""
    library = context.doors.library()
    helpers, policy = helpers_for(context, ask=ask), policy_for(arguments, context)
    resolutions = resolve(surveyed.needed, library, helpers, policy)
    if context.settings.offline:
        return resolutions
    return with_access(resolutions, build_probe(context.settings, context.doors.http()).access_of)


def with_origins_for(
    resolutions: tuple[Resolution, ...],
    previous: Lock | None,
    arguments: argparse.Namespace,
    context: Context,
) -> tuple[Resolution, ...]:
    """The same, present files with their hash and origin, as a lock wants them."""
    helpers, policy = helpers_for(context, ask=False), policy_for(arguments, context)
    return with_origins(resolutions, context.doors.library(), helpers, policy, previous=previous)


def helpers_for(context: Context, *, ask: bool) -> Helpers:
    """The sources, the chooser and the reporter of this run."""
    doors = context.doors
    return Helpers(doors.sources(), doors.chooser(ask=ask), doors.reporter())


def policy_for(arguments: argparse.Namespace, context: Context) -> Policy:
    """What may be taken without asking: by flag, else by `[resolve]` of the config. Raises ConfigError."""
    table = context.settings.table("resolve")
    auto = arguments.auto or table.get("auto") or Auto.EXACT
    try:
        return Policy(auto=Auto(auto), allow_pickle=bool(arguments.allow_pickle or table.get("allow_pickle")))
    except ValueError:
        raise ConfigError(f"`auto = {auto!r}` is none of {', '.join(Auto)}") from None
