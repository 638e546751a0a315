"""Answers as JSON and back, for what remembers them. Pure; `answer_of(json_of(answer)) == answer`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Answer, Candidate, Verdict, VerdictKind
from wfdeps.domain.digests import Digest
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery

_DEFAULTS = {name: getattr(Candidate("", "", ""), name) for name in Candidate.__match_args__}


def key_of_query(query: Query) -> str:
    """A text that is equal for queries with equal answers. Base models only rank, so they are not in it."""
    match query:
        case AirQuery(air):
            return f"air {air}"
        case HashQuery(digest):
            return f"hash {digest}"
        case UrlQuery(url):
            return f"url {url}"
        case NameQuery(name, model_types):
            return f"name {','.join(sorted(model_types))} {name}"
        case _:
            assert_never(query)


def json_of(answer: Answer) -> dict[str, Any]:
    """The answer as JSON values."""
    verdict = answer.verdict
    document: dict[str, Any] = {
        "verdict": [verdict.source, verdict.kind.value, verdict.detail],
        "candidates": [json_of_candidate(candidate) for candidate in answer.candidates],
    }
    return document if answer.is_whole else document | {"whole": False}


def answer_of(value: Mapping[str, Any]) -> Answer:
    """The answer back. Raises KeyError, ValueError or TypeError for what `json_of` never wrote."""
    source, kind, detail = value["verdict"]
    return Answer(
        tuple(candidate_of(candidate) for candidate in value["candidates"]),
        Verdict(source, VerdictKind(kind), detail),
        value.get("whole") is not False,
    )


def json_of_candidate(candidate: Candidate) -> dict[str, Any]:
    """The candidate as JSON values, what is at its default left out."""
    document: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        value = getattr(candidate, name)
        if value != default:
            document[name] = _WRITE.get(name, _plain)(value)
    return document


def candidate_of(value: Mapping[str, Any]) -> Candidate:
    """The candidate back; keys of a later version are passed over."""
    read = {name: _READ.get(name, _unlisted)(value[name]) for name in _DEFAULTS if name in value}
    return Candidate(**{"source": "", "file_name": "", "url": "", **read})


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _unlisted(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


_WRITE: dict[str, Any] = {
    "model_type": lambda model_type: model_type.value,
    "digests": lambda digests: [str(digest) for digest in digests],
    "air": str,
    "access": lambda access: [access.state.value, access.detail, access.until, access.if_bought],
}
_READ: dict[str, Any] = {
    "model_type": ModelType,
    "digests": lambda digests: tuple(Digest.parse(digest) for digest in digests),
    "air": Air.parse,
    "access": lambda access: Access(AccessState(access[0]), *access[1:4]),
}
