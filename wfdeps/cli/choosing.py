"""The chooser of a run: a prompt that can look things up and remembers, or nobody."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from wfdeps.cli.output import terminal_view
from wfdeps.console.chooser import Prompt, Terminal
from wfdeps.console.question import Screen, cards
from wfdeps.console.silent import NeverAsk
from wfdeps.disk.hashing import hash_file
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import LOCAL, Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.files import LocalFile
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.domain.refs import Certainty, ModelRef
from wfdeps.domain.urls import file_address, path_of
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError, UsageError
from wfdeps.jobs.civitai_pages import completed
from wfdeps.library.identities import read_identity
from wfdeps.library.outside import file_at
from wfdeps.match.decide import ranked_candidates
from wfdeps.match.evidence import rank
from wfdeps.match.links import plain_url
from wfdeps.match.policy import Policy
from wfdeps.match.spelling import spell
from wfdeps.ports import Chooser, Source
from wfdeps.sources.answers import AnswerBook, Scope
from wfdeps.values import replace

if TYPE_CHECKING:
    from wfdeps.cli.context import Context


LISTED = 9
"""Candidates that a command tells without being asked for more."""


def chooser_for(context: Context, *, ask: bool) -> Chooser:
    """A prompt where a person may be asked and is there, else nobody."""
    if not (ask and context.asks):
        return NeverAsk()
    sources = context.doors.sources()
    book = next((source for source in sources if isinstance(source, AnswerBook)), None)
    return Prompt(
        find=partial(_looked_up, context=context),
        local=partial(local_file, allow_pickle=context.settings.allow_pickle),
        memory=Kept(book) if book else None,
        terminal=Terminal(color=context.colors(context.stderr), links=context.settings.hyperlinks),
    )


def listed(candidates: Sequence[RankedCandidate], context: Context) -> str:
    """The first few candidates, for a command that only tells."""
    return cards(candidates, Screen(terminal_view(context).width), at_once=LISTED)


class Kept:
    """The answer book as the prompt wants it."""

    def __init__(self, book: AnswerBook) -> None:
        self._book = book

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        self._book.save(ref, candidate, Scope(scope))


def _looked_up(text: str, ref: ModelRef, context: Context) -> tuple[RankedCandidate, ...]:
    """The same as `look_up`, with all that a person is shown."""
    found = look_up(text, ref, context.doors.sources())
    candidates = completed([one.candidate for one in found], context.doors)
    return tuple(replace(one, candidate=candidate) for one, candidate in zip(found, candidates, strict=True))


def look_up(text: str, ref: ModelRef, sources: Sequence[Source]) -> tuple[RankedCandidate, ...]:
    """What stands at an AIR or a URL, ranked for this ref. Empty for a text that is neither."""
    try:
        query = query_of(text)
    except UsageError:
        return ()
    answers = [(query, answer) for source in sources for answer in source.find_all([query]).values()]
    found = ranked_candidates(ref, answers, Policy())
    file_id = query.air.file_id if isinstance(query, AirQuery) else None
    return tuple(one for one in found if file_id in (None, one.candidate.file_id))


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


def local_file(text: str, ref: ModelRef, *, allow_pickle: bool = False) -> RankedCandidate:
    """A file of the person's own as the answer to a ref, read whole. Raises LibraryError, saying why, where it can be none."""
    file = file_at(_path_in(text))
    identity = read_identity(file)
    digests = hash_file(file.path, {Algorithm.SHA256, *(digest.algorithm for digest in ref.digests)})
    if objection := _objection(file, identity, ref, allow_pickle=allow_pickle):
        raise objection
    if agreement(ref.digests, digests) is False:
        told = f"it names {ref.digests[0]}, this one has {digests[0]}"
        raise LibraryError(f"`{file.path}` is not the file the workflow means: {told}")
    candidate = Candidate(
        LOCAL,
        file.basename,
        file_address(file.path),
        model_type=ModelType.UNKNOWN if identity.certainty is Certainty.GUESS else identity.model_type,
        size=file.size,
        size_is_exact=True,
        digests=tuple(digest for digest in digests if digest.algorithm is Algorithm.SHA256),
        precision=identity.precision,
        trained_words=identity.trained_words,
    )
    evidence = rank(candidate, ref, (), ()).evidence
    return RankedCandidate(candidate, (Evidence(Why.CHOSEN_BEFORE, "a file of yours"), *evidence), 1.0)


_FORMATS = {".safetensors": "safetensors", ".sft": "safetensors", ".gguf": "gguf", ".onnx": "onnx"}
"""By its ending ComfyUI decides how a file is read; every other ending is a pickle's."""


def _objection(
    file: LocalFile, identity: Identity, ref: ModelRef, *, allow_pickle: bool
) -> LibraryError | None:
    """Why the file cannot answer the ref, whoever says so."""
    wanted = spell(ref.name).ending
    if not identity.format:
        return LibraryError(f"`{file.path}` is no model file: {'; '.join(identity.reasons)}")
    is_pickle = identity.format in ("pickle", "torchscript")
    if is_pickle and not allow_pickle:
        return LibraryError(
            f"`{file.path}` is a pickle, which can run code when it is loaded ({identity.safety})",
            hint="--allow-pickle takes it all the same",
        )
    if wanted and _FORMATS.get(wanted, "pickle") != ("pickle" if is_pickle else identity.format):
        return LibraryError(
            f"`{file.path}` is a {identity.format} file, and ComfyUI would read `{visible(ref.name)}` as another format",
            hint=f"the workflow asks for a {wanted} file",
        )
    return None


def _path_in(text: str) -> str:
    """The path a person typed, pasted in quotes, or dropped into the terminal as a `file:` address."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return path_of(text) if text.lower().startswith("file://") else os.path.expanduser(text)
