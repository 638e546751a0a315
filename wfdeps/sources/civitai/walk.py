"""A polite walk through a whole catalogue, newest first, that can be stopped and taken up again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import Site, page_of
from wfdeps.sources.name_index import NameIndex, walk_scope
from wfdeps.values import dataclass

PAUSE = 1.0
"""Seconds between two pages: nobody is in a hurry."""


@dataclass(frozen=True, slots=True)
class Step:
    """One page of the walk: how many models and files it had, and when its oldest was published."""

    models: int
    files: int
    oldest: str


def walk(
    client: CivitaiClient,
    site: Site,
    index: NameIndex,
    *,
    types: Sequence[str] = (),
    since: str = "",
    pause: float = PAUSE,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Step]:
    """Each page as it was learned. Every page's place is kept, so the next walk goes on where this one stopped.

    `since` (ISO 8601) ends it at what is older. Raises SourceError, after which it can be taken up again.
    """
    scope = walk_scope(site.base_url, types, since)
    cursor, done = index.walk_of(scope)
    cursor = None if done else cursor
    while True:
        page = page_of(client.newest(types, cursor=cursor), site)
        index.learn(page.candidates)
        oldest = min(
            (candidate.published for candidate in page.candidates if candidate.published), default=""
        )
        is_last = page.cursor is None or page.cursor == cursor or bool(since and oldest and oldest < since)
        index.remember_walk(scope, page.cursor, done=is_last)
        yield Step(page.models, len(page.candidates), oldest)
        if is_last:
            return
        cursor = page.cursor
        sleep(pause)
