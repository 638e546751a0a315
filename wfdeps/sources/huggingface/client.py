"""The one endpoint a client of files needs: a repository with its files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from wfdeps.sources.http_doors import JsonHttp


class HuggingFaceClient:
    """Returns decoded JSON and raises SourceError."""

    def __init__(self, http: JsonHttp, endpoint: str) -> None:
        self._http = http
        self.endpoint = endpoint.rstrip("/")

    def repository(self, repository: str, revision: str) -> Any:
        """Its files with size and LFS hash (`blobs`), and whether it is gated, in one request."""
        url = f"{self.endpoint}/api/models/{repository}/revision/{quote(revision, safe='')}"
        return self._http.json("GET", url, params={"blobs": True})

    def whoami(self) -> Any:
        """Who the token belongs to. Raises AuthRequiredError where it belongs to nobody."""
        return self._http.json("GET", f"{self.endpoint}/api/whoami-v2")
