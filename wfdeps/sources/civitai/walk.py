"""A polite walk through a whole catalogue, newest first, that can be stopped and taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from wfdeps.domain.candidates import Candidate
from wfdeps.errors import SourceError, UnexpectedPayloadError
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite, SearchPage, page_of
from wfdeps.sources.name_index import NameIndex, Walk
from wfdeps.values import dataclass

PAUSE = 1.0
"""Seconds between two pages: nobody is in a hurry."""


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the walk: how many models and files it had, and when the first changed of its models was changed."""

    models: int
    files: int
    oldest: str


def walk(
    client: CivitaiClient,
    site: CivitaiSite,
    index: NameIndex,
    *,
    types: Sequence[str] = (),
    since: str = "",
    pause: float = PAUSE,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> Iterator[Step]:
    """Each page as it was learned. Every page's place is kept, so the next walk goes on where this one stopped.

    `since` (ISO 8601) ends it at models that had no new version after that. At the end the index knows that it is
    whole, unless `since` left a gap. Raises SourceError, after which it can be taken up again.
    """
    scope = f"{site.base_url} {','.join(sorted(types))} {since}"
    under_way = index.walk_of(scope)
    begun = under_way.begun if under_way else now()
    cursor = under_way.cursor if under_way else None
    been: set[str | None] = set()
    while True:
        been.add(cursor)
        page = _page(client, site, types, cursor, is_resumed=under_way is not None and len(been) == 1)
        index.learn(page.candidates)
        changed = _changes(page.candidates)
        is_last = page.cursor is None or bool(since and changed and changed[-1] < since)
        if page.cursor in been and not is_last:
            index.remember_walk(scope, None)
            raise UnexpectedPayloadError("the pages of the catalogue go round in a circle")
        index.remember_walk(scope, None if is_last else Walk(page.cursor or "", begun))
        if is_last and _leaves_no_gap(index, types, since):
            index.remember_whole(begun, types)
        yield Step(page.models, len(page.candidates), changed[0] if changed else "")
        if is_last:
            return
        cursor = page.cursor
        sleep(pause)


def _page(
    client: CivitaiClient, site: CivitaiSite, types: Sequence[str], cursor: str | None, *, is_resumed: bool
) -> SearchPage:
    try:
        return page_of(client.newest(types, cursor=cursor), site)
    except SourceError as error:
        # The place of an earlier walk, in words that the site no longer takes.
        if not is_resumed or error.status != 400:
            raise
        return page_of(client.newest(types), site)


def _changes(candidates: Sequence[Candidate]) -> list[str]:
    """When each model of a page had its newest version, the earliest first: that is what the site sorts by."""
    newest: dict[int | None, str] = {}
    for candidate in candidates:
        if candidate.published:
            newest[candidate.model_id] = max(candidate.published, newest.get(candidate.model_id, ""))
    return sorted(newest.values())


def _leaves_no_gap(index: NameIndex, types: Sequence[str], since: str) -> bool:
    """Whether what is older than this walk went is here from one before."""
    if not since:
        return True
    whole_since = index.whole_since(types)
    return whole_since is not None and since <= datetime.fromtimestamp(whole_since, UTC).isoformat()
