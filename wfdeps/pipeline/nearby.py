"""What a mirror of ours holds is had from there: asked by hash, once it is known which bytes are wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps.domain.candidates import MIRROR, Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.queries import HashQuery
from wfdeps.domain.resolutions import Resolution, Resolved
from wfdeps.ports import Source
from wfdeps.values import replace


def held_by(mirrors: Sequence[Source], digests: Iterable[Digest]) -> Mapping[Digest, str]:
    """Where the first mirror that holds it has each of these; those that none holds are left out."""
    held: dict[Digest, str] = {}
    wanted = dict.fromkeys(digests)
    for mirror in mirrors:
        queries = [HashQuery(digest) for digest in wanted if digest not in held]
        for query, answer in (mirror.find_all(queries) if queries else {}).items():
            if isinstance(query, HashQuery) and answer.candidates:
                held[query.digest] = answer.candidates[0].url
    return held


def from_mirrors(resolutions: Iterable[Resolution], mirrors: Sequence[Source]) -> tuple[Resolution, ...]:
    """The same resolutions, each chosen file that a mirror holds asked for there first."""
    resolutions = tuple(resolutions)
    known = {one.ref: _sha256_of(one.choice.candidate) for one in resolutions if isinstance(one, Resolved)}
    held = held_by(mirrors, (digest for digest in known.values() if digest))
    return tuple(
        _nearer(one, held[digest])
        if isinstance(one, Resolved) and (digest := known[one.ref]) and digest in held
        else one
        for one in resolutions
    )


def _sha256_of(candidate: Candidate) -> Digest | None:
    """What to ask a mirror for; None for a file that one has already been found to hold."""
    is_there = candidate.source == MIRROR
    return None if is_there else find_digest(candidate.digests, Algorithm.SHA256)


def _nearer(resolved: Resolved, url: str) -> Resolved:
    candidate = replace(resolved.choice.candidate, nearer=(url,))
    return replace(resolved, choice=replace(resolved.choice, candidate=candidate))
