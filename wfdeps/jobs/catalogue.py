"""The person's own index of names: filled from a file or from Civitai's whole catalogue, counted, and written out."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.type_words import civitai_types
from wfdeps.errors import UsageError
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite
from wfdeps.sources.civitai.rows import candidate_of_row, row_of_candidate
from wfdeps.sources.civitai.walk import PAUSE, Step, walk
from wfdeps.sources.name_index import NameIndex
from wfdeps.wiring.doors import Doors
from wfdeps.wiring.sources import site_of

_AT_ONCE = 5000


def import_rows(
    lines: Iterable[str], index: NameIndex, doors: Doors, *, label: str, whole: bool = False
) -> int:
    """How many files were learned from these JSON lines. `whole`: they are all there is, so names need no search.

    Raises UsageError for a line that is not JSON, naming it and `label`; what came before it stays learned.
    """
    candidates = _candidates(lines, label, site_of(doors.settings))
    learned = 0
    while batch := list(islice(candidates, _AT_ONCE)):
        learned += index.learn(batch)
    if whole:
        index.remember_whole(time.time())
    return learned


def build_index(
    index: NameIndex, doors: Doors, *, types: Sequence[str] = (), since: str = "", pause: float = PAUSE
) -> Iterator[Step]:
    """Each page of Civitai's catalogue, as it is learned; see `sources.civitai.walk.walk`.

    `types` are words for types, each of which may hold several with commas between. Raises UsageError, SourceError.
    """
    client = CivitaiClient(doors.http(), doors.settings.civitai_url)
    words = [part for word in types for part in word.split(",") if part]
    names = tuple(dict.fromkeys(name for word in words for name in civitai_types(word)))
    return walk(client, site_of(doors.settings), index, types=names, since=since, pause=max(0.0, pause))


def export_rows(index: NameIndex) -> Iterator[str]:
    """Every row as a JSON line, as `import_rows` takes it."""
    return (json.dumps(row_of_candidate(candidate), ensure_ascii=False) for candidate in index.candidates())


def _candidates(lines: Iterable[str], label: str, site: CivitaiSite) -> Iterator[Candidate]:
    for number, line in enumerate(_decoded(lines, label), start=1):
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError) as error:
            raise UsageError(f"`{label}` line {number} is not JSON", hint="one JSON object a line") from error
        candidate = candidate_of_row(row, site) if isinstance(row, dict) else None
        if candidate is not None:
            yield candidate


def _decoded(lines: Iterable[str], label: str) -> Iterator[str]:
    try:
        yield from lines
    except UnicodeDecodeError as error:
        raise UsageError(f"`{label}` is no text in UTF-8", hint="one JSON object a line") from error
