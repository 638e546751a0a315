"""Settings and flags → what may be taken without asking, and the doors that resolving needs."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.policing import judged_resolutions, rules_for, with_licences
from wfdeps.domain.locks import Lock
from wfdeps.domain.resolutions import Resolution
from wfdeps.errors import ConfigError
from wfdeps.match.policy import Auto, Policy
from wfdeps.pipeline.survey import Survey
from wfdeps.wiring.stages import Resolving, for_a_lock, resolve_needed


def resolve_for(
    surveyed: Survey, arguments: argparse.Namespace, context: Context, *, ask: bool
) -> tuple[Resolution, ...]:
    """How every needed ref is settled; `ask` lets a person choose, where one is there."""
    resolutions = resolve_needed(surveyed, _resolving(arguments, context, ask=ask))
    rules = rules_for(arguments, context)
    return judged_resolutions(with_licences(resolutions, context), rules) if rules else resolutions


def with_origins_for(
    resolutions: tuple[Resolution, ...],
    previous: Lock | None,
    arguments: argparse.Namespace,
    context: Context,
) -> tuple[Resolution, ...]:
    """The same, present files with their hash and origin, as a lock wants them."""
    return for_a_lock(resolutions, previous, _resolving(arguments, context, ask=False))


def _resolving(arguments: argparse.Namespace, context: Context, *, ask: bool) -> Resolving:
    doors = context.doors
    policy = policy_for(arguments, context)
    return Resolving(context.settings, doors, doors.chooser(ask=ask), doors.reporter(), policy)


def policy_for(arguments: argparse.Namespace, context: Context) -> Policy:
    """What may be taken without asking: by flag, else by `[resolve]` of the config. Raises ConfigError."""
    auto = arguments.auto or context.settings.table("resolve").get("auto") or Auto.EXACT
    try:
        return Policy(auto=Auto(auto), allow_pickle=context.allows_pickles)
    except ValueError:
        raise ConfigError(f"`auto = {auto!r}` is none of {', '.join(Auto)}") from None
