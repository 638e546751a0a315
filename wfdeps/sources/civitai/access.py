"""Whether a file can be had, known before its first byte."""

from __future__ import annotations

from wfdeps.domain.candidates import Access, AccessState, Candidate
from wfdeps.errors import AuthRequiredError, SourceError
from wfdeps.sources.cached import AccessMemory
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import SOURCE, Site, access_of_mini
from wfdeps.sources.http_doors import RangedHttp

_SETTLED = frozenset({AccessState.DISABLED, AccessState.ARCHIVED, AccessState.DELETED, AccessState.BLOCKED})


class AccessProbe:
    """Asks Civitai about one file: one request, and one byte of it only where a purchase is in question.

    A try counts as a download there, so it is made only where nothing else can tell.
    """

    def __init__(
        self, client: CivitaiClient, http: RangedHttp, site: Site, memory: AccessMemory | None = None
    ) -> None:
        self._client = client
        self._http = http
        self._site = site
        self._memory = memory

    def access_of(self, candidate: Candidate) -> Access:
        """What stands between us and the bytes; what was known before, where Civitai does not say."""
        if candidate.source != SOURCE or candidate.version_id is None or candidate.access.state in _SETTLED:
            return candidate.access
        if self._memory and (known := self._memory.recall(candidate)):
            return known
        try:
            access = access_of_mini(self._client.mini(candidate.version_id, candidate.file_id), self._site)
        except SourceError:
            access = candidate.access
            return self._tried(candidate, access) if access.if_bought else access
        if access.if_bought:
            return self._tried(candidate, access)
        if self._memory:
            self._memory.keep(candidate, access)
        return access

    def _tried(self, candidate: Candidate, access: Access) -> Access:
        try:
            self._http.ranged(candidate.url, 0, 1)
        except AuthRequiredError as error:
            return Access(AccessState.EARLY_ACCESS, error.message, access.until)
        except SourceError:
            return access
        return Access(detail="bought")
