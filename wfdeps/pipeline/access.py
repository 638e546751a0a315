"""Where and whether what was chosen can be had from here: asked once all choices are made and before any byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from wfdeps.domain.access import Access
from wfdeps.domain.candidates import MIRROR, Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.queries import HashQuery
from wfdeps.domain.resolutions import Resolution, Resolved
from wfdeps.ports import Source
from wfdeps.values import replace


def with_access(
    resolutions: Iterable[Resolution], access_of: Callable[[Candidate], Access]
) -> tuple[Resolution, ...]:
    """These resolutions, each chosen file with the freshest word on who may download it; one question a file.

    What a mirror of ours holds is not asked about.
    """
    known: dict[str, Access] = {}
    return tuple(_with_access(one, access_of, known) for one in resolutions)


def _with_access(
    resolution: Resolution, access_of: Callable[[Candidate], Access], known: dict[str, Access]
) -> Resolution:
    if not isinstance(resolution, Resolved):
        return resolution
    candidate = resolution.choice.candidate
    if candidate.nearer:
        return resolution
    if candidate.url not in known:
        known[candidate.url] = access_of(candidate)
    choice = replace(resolution.choice, candidate=replace(candidate, access=known[candidate.url]))
    return replace(resolution, choice=choice)


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
    """These resolutions; each chosen file that a mirror holds is had from there first."""
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
