"""Finding a file by its name where only models can be searched.

The name is turned back into what a model may be called, most telling form first; each page's files are compared
with the name; the first exact one ends the search. Every name has a budget of requests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.model_types import TO_CIVITAI
from wfdeps.domain.queries import NameQuery
from wfdeps.errors import SourceError
from wfdeps.match.evidence import closeness
from wfdeps.match.name_rule import KEEPS_UPLOADED_NAME, names_by_rule
from wfdeps.match.search_terms import search_terms
from wfdeps.match.spelling import Spelling, core_of, key_of, spell
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import CivitaiSite, page_of
from wfdeps.sources.json_values import record, text
from wfdeps.values import replace

KEPT = 30
"""Candidates that are handed on: the closest."""
LIKE_ENOUGH = 0.6
PAGES_A_TERM = 3
UPLOADED_NAMES = 3
"""Of so many files, the closest, the uploaded name is asked for where no name is exact: one request each, beyond the budget of the search."""
FIRST_PAGE, FURTHER_PAGE = 20, 100
"""Models. A model's JSON is heavy and the file is mostly among the first; who must look further takes more at once."""


class Search:
    """One search, with the searches it may cost; a name that nothing bears exactly costs UPLOADED_NAMES requests more."""

    def __init__(
        self,
        client: CivitaiClient,
        site: CivitaiSite,
        learn: Callable[[Sequence[Candidate]], object],
        *,
        requests: int,
    ) -> None:
        self._client = client
        self._site = site
        self._learn = learn
        self._left = requests

    def run(self, query: NameQuery) -> tuple[Candidate, ...]:
        """The files that may carry this name, closest first. Raises SourceError."""
        wanted = spell(query.name)
        types = tuple(dict.fromkeys(word for kind in query.model_types for word in TO_CIVITAI.get(kind, ())))
        seen: dict[tuple[int | None, int | None, str], Candidate] = {}
        for term in search_terms(query.name, query.model_types):
            if self._left <= 0:
                break
            files = self._pages(term, types, wanted)
            seen |= {(file.version_id, file.file_id, file.file_name): file for file in files}
            if any(_is_the_name(wanted, file) for file in files):
                break
        closest = _closest(wanted, tuple(seen.values()))
        if any(_is_exact(wanted, file) for file in closest):
            return closest
        return tuple(map(self._with_uploaded_name, closest[:UPLOADED_NAMES])) + closest[UPLOADED_NAMES:]

    def _with_uploaded_name(self, file: Candidate) -> Candidate:
        """The file with the name its creator gave it: workflows from before Civitai's renaming say that one.

        A page lists the name made by rule; `/model-versions/mini/ID` alone tells the other (`fileName`).
        """
        if file.version_id is None or file.source_type in KEEPS_UPLOADED_NAME:
            return file
        try:
            uploaded = text(record(self._client.mini(file.version_id, file.file_id)).get("fileName"))
        except SourceError:  # what was found by searching is not lost for it
            return file
        return replace(file, uploaded_name=uploaded) if uploaded != file.file_name else file

    def _pages(self, term: str, types: Sequence[str], wanted: Spelling) -> list[Candidate]:
        files: list[Candidate] = []
        cursor: str | None = None
        for number in range(PAGES_A_TERM):
            if self._left <= 0:
                break
            self._left -= 1
            limit = FURTHER_PAGE if number else FIRST_PAGE
            page = page_of(self._client.search(term, types, limit=limit, cursor=cursor), self._site)
            self._learn(page.candidates)
            files += page.candidates
            # The same cursor again would go round for ever.
            if page.cursor is None or page.cursor == cursor:
                break
            # One page beyond the first that holds the name: a rival may stand there.
            if number and any(_is_the_name(wanted, file) for file in files):
                break
            cursor = page.cursor
        return files


def _is_exact(wanted: Spelling, file: Candidate) -> bool:
    theirs = spell(file.file_name)
    if wanted.base == theirs.base or (not wanted.ending and wanted.stem == theirs.stem):
        return True
    return wanted.base in names_by_rule(file.model_name, file.version_name, theirs.ending)


def _is_the_name(wanted: Spelling, file: Candidate) -> bool:
    """Exact, or the same but for how people write it: what could be better would stand on the same page."""
    keys = (key_of(wanted.stem), key_of(core_of(wanted.stem)))
    return _is_exact(wanted, file) or key_of(spell(file.file_name).stem) in keys


def _closest(wanted: Spelling, files: Sequence[Candidate]) -> tuple[Candidate, ...]:
    rated = [(closeness(wanted, file)[0] + _is_exact(wanted, file), file) for file in files]
    close = [(alike, file) for alike, file in rated if alike >= LIKE_ENOUGH]
    close.sort(key=lambda pair: (-pair[0], -(pair[1].downloads or 0)))
    return tuple(file for _, file in close[:KEPT])
