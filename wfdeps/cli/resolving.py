"""Settings and flags → what may be taken without asking, and the doors that resolving needs."""

from __future__ import annotations

from wfdeps.cli.choosing import build_chooser
from wfdeps.cli.context import Context
from wfdeps.console.chooser import NeverAsk
from wfdeps.domain.locks import Lock
from wfdeps.domain.resolutions import Resolution
from wfdeps.jobs.policy import judged_resolutions, policy_rules, with_licences
from wfdeps.pipeline.survey import Survey
from wfdeps.wiring.stages import Resolving, for_a_lock, resolve_needed


def resolve_for(surveyed: Survey, context: Context, *, ask: bool) -> tuple[Resolution, ...]:
    """How every needed ref is settled; `ask` lets a person choose, where one is there."""
    resolutions = resolve_needed(surveyed, _resolving(context, ask=ask))
    rules = policy_rules(context.settings.policy_file)
    return judged_resolutions(with_licences(resolutions, context.doors), rules) if rules else resolutions


def with_origins_for(
    resolutions: tuple[Resolution, ...],
    previous: Lock | None,
    context: Context,
) -> tuple[Resolution, ...]:
    """The same, present files with their hash and origin, as a lock wants them."""
    return for_a_lock(resolutions, previous, _resolving(context, ask=False))


def _resolving(context: Context, *, ask: bool) -> Resolving:
    chooser = build_chooser(context) if ask and context.asks else NeverAsk()
    return Resolving(context.settings, context.doors, chooser, context.reporter, context.settings.policy)
