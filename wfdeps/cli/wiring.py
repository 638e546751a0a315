"""The doors of one command: the common ones, and those that talk to the person at the terminal."""

from __future__ import annotations

from functools import cached_property

from wfdeps import TYPE_CHECKING
from wfdeps.wiring.doors import Doors as CommonDoors
from wfdeps.wiring.doors import Wishes

if TYPE_CHECKING:
    from wfdeps.cli.context import Context
    from wfdeps.ports import Chooser, Reporter


class Doors(CommonDoors):
    """The doors of one run of one command."""

    def __init__(self, context: Context) -> None:
        super().__init__(context.settings, _wishes(context))
        self._context = context

    def chooser(self, *, ask: bool) -> Chooser:
        """What settles a person's choices: a prompt at a terminal, else nobody."""
        from wfdeps.cli.choosing import build_chooser

        return build_chooser(self._context, ask=ask)

    def reporter(self) -> Reporter:
        """What shows how it goes: bars on a terminal, lines in a pipe."""
        return self._reporter

    @cached_property
    def _reporter(self) -> Reporter:
        from wfdeps.console.progress import open_reporter

        context = self._context
        reporter = open_reporter(
            context.stderr,
            color=context.colors(context.stderr),
            quiet=context.settings.verbosity < 0,
            redraws=context.settings.redraws,
        )
        self._exits.callback(reporter.close)
        return reporter


def _wishes(context: Context) -> Wishes:
    return Wishes(
        workflows=tuple(context.flag("workflows") or ()),
        jobs=context.flag("jobs"),
        connections=context.flag("connections"),
        limit_rate=context.flag("limit_rate"),
        no_hand_off=bool(context.flag("no_hand_off")),
        lock=context.flag("lock") or "wfdeps.lock",
        store=context.flag("store"),
    )
