"""Whether a file can be had, known before its first byte."""

from __future__ import annotations

from functools import cached_property

from wfdeps.domain.access import Access, AccessState, downloads_are_off
from wfdeps.domain.candidates import Candidate
from wfdeps.errors import AuthRequiredError, SourceError
from wfdeps.sources.base import RangedHttp
from wfdeps.sources.cached import AccessMemory
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.civitai.payloads import SOURCE, CivitaiSite, access_of_mini


class AccessProbe:
    """Asks Civitai about one file: one request, and one byte of it only where a purchase is in question.

    Without a token one byte of the first files, too: whether the site asks everybody for a login it tells nowhere but at
    that door. A try counts as a download there, so it is made only where nothing else can tell. A token that belongs to
    nobody is none: the site would not say so, and serve us as anybody.
    """

    def __init__(
        self, client: CivitaiClient, http: RangedHttp, site: CivitaiSite, memory: AccessMemory | None = None
    ) -> None:
        self._client = client
        self._http = http
        self._site = site
        self._memory = memory
        self._door: Access | None = None
        """What the site says to anybody; None until that is clear."""
        self._refused_models: set[int | None] = set()

    def access_of(self, candidate: Candidate) -> Access:
        """What stands between us and the bytes; what was known before, where Civitai does not say."""
        if candidate.source != SOURCE or candidate.version_id is None or candidate.access.is_settled:
            return candidate.access
        if self._memory and (known := self._memory.recall(candidate)):
            return known
        try:
            access = access_of_mini(self._client.mini(candidate.version_id, candidate.file_id), self._site)
        except SourceError:
            access = candidate.access
            return self._access_by_trying(candidate, access) if access.if_bought else access
        if access.if_bought:
            return self._access_by_trying(candidate, access)
        if access.is_open and not self._is_known:
            access = self._access_of_anybody(candidate)
        if self._memory and access.state is not AccessState.TOKEN:  # the next token may be the right one
            self._memory.keep(candidate, access)
        return access

    @cached_property
    def _is_known(self) -> bool:
        """Whether we have a token, and the site, where it can be asked, does not call it wrong."""
        if not self._site.signed_in:
            return False
        try:
            self._client.me()
        except AuthRequiredError:
            return False
        except SourceError:
            pass
        return True

    def _access_of_anybody(self, candidate: Candidate) -> Access:
        """One file that is had shows that the site asks nobody; that it asks everybody, only a second that is not."""
        if self._door is not None:
            return self._door
        try:
            self._http.ranged(candidate.url, 0, 1)
        except AuthRequiredError as error:
            return self._refused(candidate, error.message)
        except SourceError:
            return Access()  # what ails that one file says nothing of the others
        self._door = Access()
        return self._door

    def _refused(self, candidate: Candidate, message: str) -> Access:
        if downloads_are_off(message):
            return Access(AccessState.DISABLED, message)
        wrong = "the token is wrong or has expired; " if self._site.signed_in else ""
        access = Access(AccessState.TOKEN, wrong + message)
        self._refused_models.add(candidate.model_id)
        if len(self._refused_models) > 1:
            self._door = access
        return access

    def _access_by_trying(self, candidate: Candidate, access: Access) -> Access:
        try:
            self._http.ranged(candidate.url, 0, 1)
        except AuthRequiredError as error:
            return Access(AccessState.EARLY_ACCESS, error.message, access.until)
        except SourceError:
            return access
        return Access(detail="bought")
