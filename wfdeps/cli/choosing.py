"""The chooser of a run: a prompt that can look things up and remembers, or nobody."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.request import pathname2url

from wfdeps.console.chooser import NeverAsk, Prompt
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.errors import UsageError
from wfdeps.match.decide import ranked_candidates
from wfdeps.match.links import plain_url
from wfdeps.match.policy import Policy
from wfdeps.ports import Chooser, Source
from wfdeps.sources.answers import AnswerBook, Scope

if TYPE_CHECKING:
    from wfdeps.cli.context import Context


def build_chooser(context: Context, *, ask: bool) -> Chooser:
    """A prompt where a person may be asked and is there, else nobody."""
    if not (ask and context.asks):
        return NeverAsk()
    sources = context.doors.sources()
    book = next((source for source in sources if isinstance(source, AnswerBook)), None)
    return Prompt(
        find=lambda text, ref: look_up(text, ref, sources),
        local=local_file,
        memory=Kept(book) if book else None,
    )


class Kept:
    """The answer book as the prompt wants it."""

    def __init__(self, book: AnswerBook) -> None:
        self._book = book

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        self._book.save(ref, candidate, Scope(scope))

    def is_never_asked(self, ref: ModelRef) -> bool:
        return self._book.is_never_asked(ref)


def look_up(text: str, ref: ModelRef, sources: Sequence[Source]) -> tuple[RankedCandidate, ...]:
    """What stands at an AIR or a URL, ranked for this ref. Empty for a text that is neither."""
    try:
        query = query_of(text)
    except UsageError:
        return ()
    answers = [(query, answer) for source in sources for answer in source.find_all([query]).values()]
    return ranked_candidates(ref, answers, Policy())


def query_of(text: str) -> Query:
    """An AIR (`civitai:7@9` will do) or an https URL as a query. Raises UsageError for anything else."""
    text = text.strip()
    if "://" in text:
        return UrlQuery(plain_url(text))
    try:
        return AirQuery(Air.parse(text))
    except ValueError:
        raise UsageError(
            f"neither an AIR nor a URL: `{text}`",
            hint="urn:air:sd1:lora:civitai:58390@62833, or an https address",
        ) from None


def local_file(path: str, ref: ModelRef) -> RankedCandidate:
    """A file of the person's own as a candidate. Raises OSError where there is none."""
    path = os.path.abspath(os.path.expanduser(path))
    size = os.stat(path).st_size
    candidate = Candidate(
        "local", os.path.basename(path), "file://" + pathname2url(path), size=size, size_is_exact=True
    )
    return RankedCandidate(candidate, (Evidence(Why.CHOSEN_BEFORE, "a file of yours"),), 1.0)
