"""Whether what was chosen can be had from here, asked once all choices are made and before any byte."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from wfdeps.domain.candidates import Access, Candidate
from wfdeps.domain.resolutions import Resolution, Resolved
from wfdeps.values import replace


def with_access(
    resolutions: Iterable[Resolution], access_of: Callable[[Candidate], Access]
) -> tuple[Resolution, ...]:
    """The same resolutions, each chosen file with the freshest word on who may download it; one question a file.

    What a mirror of ours holds is not asked about.
    """
    known: dict[str, Access] = {}
    return tuple(_asked(one, access_of, known) for one in resolutions)


def _asked(
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
