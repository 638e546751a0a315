"""The person at the terminal: who is asked where a choice is left, and how candidates are listed for them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from wfdeps import TYPE_CHECKING
from wfdeps.cli.output import terminal_view
from wfdeps.console.chooser import Prompt, Terminal
from wfdeps.console.question import Screen, cards
from wfdeps.console.silent import NeverAsk
from wfdeps.jobs.choose import AnswerMemory, local_file, look_up_in_full
from wfdeps.sources.answers import AnswerBook

if TYPE_CHECKING:
    from wfdeps.cli.context import Context
    from wfdeps.domain.candidates import RankedCandidate
    from wfdeps.ports import Chooser

LISTED = 9
"""Candidates that a command shows without being asked for more."""


def chooser_for(context: Context, *, ask: bool) -> Chooser:
    """A prompt where a person may be asked and is there, else nobody."""
    if not (ask and context.asks):
        return NeverAsk()
    sources = context.doors.sources()
    book = next((source for source in sources if isinstance(source, AnswerBook)), None)
    return Prompt(
        find=partial(look_up_in_full, doors=context.doors),
        local=partial(local_file, allow_pickle=context.settings.allow_pickle),
        memory=AnswerMemory(book) if book else None,
        terminal=Terminal(color=context.colors(context.stderr), links=context.settings.hyperlinks),
    )


def listed(candidates: Sequence[RankedCandidate], context: Context) -> str:
    """The first few candidates, for a command that asks nothing."""
    return cards(candidates, Screen(terminal_view(context).width), at_once=LISTED)
