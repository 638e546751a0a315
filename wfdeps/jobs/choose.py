"""Which file a person's words mean (an AIR, an address, a path of their own), and remembering it as an answer."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack

from wfdeps.disk.hashing import hash_file
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import LOCAL, Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.digests import Algorithm, agreement
from wfdeps.domain.files import LocalFile
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.identity import Identity
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, Query, UrlQuery
from wfdeps.domain.refs import Certainty, ModelRef, NodeSite, RefStatus, usual_lookups
from wfdeps.domain.type_words import loader_folder
from wfdeps.domain.urls import file_address, path_of
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError, SourceError, UsageError
from wfdeps.jobs.civitai_pages import with_page_facts
from wfdeps.library.health import file_at
from wfdeps.library.identities import read_identity
from wfdeps.match.decide import ranked_candidates
from wfdeps.match.evidence import rank
from wfdeps.match.links import plain_url
from wfdeps.match.policy import Policy
from wfdeps.match.spelling import spell
from wfdeps.ports import Source
from wfdeps.sources.answers import AnswerBook, AnswerScope
from wfdeps.values import replace
from wfdeps.wiring.answers import open_answers
from wfdeps.wiring.doors import Doors

_WANTED = "an AIR (civitai:58390@62833), an https address, a path, or the word `optional`"


class AnswerMemory:
    """The answer book as a Prompt of `console` wants it: that room does not know what a scope is."""

    def __init__(self, book: AnswerBook) -> None:
        self._book = book

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        self._book.save(ref, candidate, AnswerScope(scope))


def ref_of_name(name: str, folder: str = "", workflows: Sequence[str] = ()) -> ModelRef:
    """The file that workflows call so, in that folder or in any. Raises UsageError for a folder nobody knows."""
    key = loader_folder(folder) if folder else ""
    return ModelRef(
        name,
        model_type_of(key) if key else ModelType.UNKNOWN,
        (key,) if key else (),
        RefStatus.REQUIRED,
        sites=tuple(NodeSite(path, "", "", "") for path in workflows),
        lookups=usual_lookups(key, name),
    )


def files_meant(what: str, ref: ModelRef, doors: Doors, *, allow_pickle: bool) -> tuple[RankedCandidate, ...]:
    """The one file that an AIR, an address or a path means for this ref; several where only a person can tell.

    Text that is neither an AIR nor an address is a path. Raises UsageError where it means no file, SourceError where
    nothing is found.
    """
    if what.startswith("file://") or ("://" not in what and not _is_air(what)):
        try:
            return (local_file(what, ref, allow_pickle=allow_pickle),)
        except LibraryError as error:
            raise UsageError(error.message, hint=error.hint or _WANTED) from error
    query_of(what)
    ranked = look_up(what, ref, doors.sources())
    if not ranked:
        raise SourceError(f"nothing found at `{what}`", hint="is it published, and is the network there?")
    exact = tuple(each for each in ranked if any(piece.why is Why.NAME_EXACT for piece in each.evidence))
    primary = tuple(each for each in ranked if each.candidate.is_primary)
    return next((group for group in (ranked, exact, primary) if len(group) == 1), ranked)


def remember_answer(ref: ModelRef, candidate: Candidate | None, scope: AnswerScope, doors: Doors) -> None:
    """Keep the answer; None: the file is optional."""
    with ExitStack() as exits:
        open_answers(doors.settings, exits).save(ref, candidate, scope)


def look_up_in_full(text: str, ref: ModelRef, doors: Doors) -> tuple[RankedCandidate, ...]:
    """What `look_up` returns, with the creator and licence that only a model's page tells."""
    ranked = look_up(text, ref, doors.sources())
    candidates = with_page_facts([each.candidate for each in ranked], doors)
    return tuple(
        replace(each, candidate=candidate) for each, candidate in zip(ranked, candidates, strict=True)
    )


def look_up(text: str, ref: ModelRef, sources: Sequence[Source]) -> tuple[RankedCandidate, ...]:
    """The files at an AIR or a URL, ranked for this ref; empty for a text that is neither."""
    try:
        query = query_of(text)
    except UsageError:
        return ()
    answers = [(query, answer) for source in sources for answer in source.find_all([query]).values()]
    ranked = ranked_candidates(ref, answers, Policy())
    file_id = query.air.file_id if isinstance(query, AirQuery) else None
    return tuple(each for each in ranked if file_id in (None, each.candidate.file_id))


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
    """The file at that path as the answer to a ref; it is read whole. Raises LibraryError where it cannot be one."""
    file = file_at(_path_in(text))
    identity = read_identity(file)
    digests = hash_file(file.path, {Algorithm.SHA256, *(digest.algorithm for digest in ref.digests)})
    if objection := _objection(file, identity, ref, allow_pickle=allow_pickle):
        raise objection
    if agreement(ref.digests, digests) is False:
        difference = f"it names {ref.digests[0]}, this one has {digests[0]}"
        raise LibraryError(f"`{file.path}` is not the file the workflow means: {difference}")
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
    """Why the file cannot answer the ref; None where it can."""
    wanted = spell(ref.name).ending
    if not identity.format:
        return LibraryError(f"`{file.path}` is no model file: {'; '.join(identity.reasons)}")
    if identity.can_run_code and not allow_pickle:
        return LibraryError(
            f"`{file.path}` is a pickle, which can run code when it is loaded ({identity.safety})",
            hint="--allow-pickle takes it",
        )
    if wanted and _FORMATS.get(wanted, "pickle") != ("pickle" if identity.can_run_code else identity.format):
        return LibraryError(
            f"`{file.path}` is a {identity.format} file, and ComfyUI would read `{visible(ref.name)}` as another format",
            hint=f"the workflow asks for a {wanted} file",
        )
    return None


def _is_air(text: str) -> bool:
    return text.lower().startswith(("urn:", "air:", "civitai:", "huggingface:"))


def _path_in(text: str) -> str:
    """The path a person typed, pasted in quotes, or dropped into the terminal as a `file:` address."""
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    return path_of(text) if text.lower().startswith("file://") else os.path.expanduser(text)
