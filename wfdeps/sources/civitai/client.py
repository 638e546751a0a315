"""Civitai's endpoints, one method each: what to send, and the JSON that came back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wfdeps.errors import NotFoundError
from wfdeps.sources.base import JsonHttp

IDS_AT_ONCE = 10_000
VERSIONS_AT_ONCE = 100
MODELS_AT_ONCE = 100
LARGEST_ID = 2**31 - 1
"""The site's own limit; it answers 400 or 500 to numbers beyond."""


class CivitaiClient:
    """Every method asks once, returns decoded JSON, and raises SourceError.

    `fallback_url` is the site's other front: what one of them hides (`civitai.com`, of what is not for all) the other
    shows. A number that is not found is asked there once more, and from then on there first.
    """

    def __init__(self, http: JsonHttp, base_url: str, fallback_url: str = "") -> None:
        self._http = http
        self.base_url = base_url.rstrip("/")
        self._fallback_url = fallback_url.rstrip("/")
        self._shown_there: set[str] = set()

    def model(self, model_id: int) -> Any:
        return self._numbered(_of_model(model_id))

    def version(self, version_id: int) -> Any:
        return self._numbered(_of_version(version_id))

    def front_of(self, *, model_id: int | None = None, version_id: int | None = None) -> str:
        """The front that has shown this model or version: its pages and its files are asked for there."""
        paths = {_of_model(model_id), _of_version(version_id)}
        return self.base_url if paths.isdisjoint(self._shown_there) else self._fallback_url

    def mini(self, version_id: int, file_id: int | None = None) -> Any:
        """The freshest word on who may download; `modelFileId` is undocumented and works."""
        there = _of_version(version_id) in self._shown_there
        return self._get(f"/model-versions/mini/{version_id}", there=there, modelFileId=file_id)

    def version_by_hash(self, value: str) -> Any:
        """Any kind of hash; the site compares upper-case."""
        return self._get(f"/model-versions/by-hash/{value.upper()}")

    def ids_by_hash(self, sha256s: Sequence[str]) -> Any:
        """At most IDS_AT_ONCE at once."""
        return self._post("/model-versions/by-hash/ids", [value.upper() for value in sha256s])

    def versions_by_hash(self, sha256s: Sequence[str]) -> Any:
        """At most VERSIONS_AT_ONCE at once."""
        return self._post("/model-versions/by-hash", [value.upper() for value in sha256s])

    def search(
        self, query: str, types: Sequence[str], *, limit: int = MODELS_AT_ONCE, cursor: str | None = None
    ) -> Any:
        """A page of models. `types` is repeated, never joined: a comma list is a 400.

        `nsfw=true` means all levels; without it the site shows the tamest only.
        """
        return self._get(
            "/models", query=query, types=list(types) or None, nsfw=True, limit=limit, cursor=cursor
        )

    def models(
        self,
        *,
        query: str = "",
        types: Sequence[str] = (),
        base_models: Sequence[str] = (),
        ids: Sequence[int] = (),
        sort: str | None = None,
        limit: int = MODELS_AT_ONCE,
        cursor: str | None = None,
    ) -> Any:
        """A page of models of all levels, as a person filters them. With `query` the site ignores `sort` and `ids`."""
        return self._get(
            "/models",
            query=query or None,
            types=list(types) or None,
            baseModels=list(base_models) or None,
            ids=",".join(map(str, ids)) or None,
            sort=sort,
            nsfw=True,
            limit=limit,
            cursor=cursor,
        )

    def newest(self, types: Sequence[str], *, limit: int = MODELS_AT_ONCE, cursor: str | None = None) -> Any:
        """A page of all models, newest first: for walking the whole catalogue."""
        return self._get(
            "/models", types=list(types) or None, nsfw=True, sort="Newest", limit=limit, cursor=cursor
        )

    def me(self) -> Any:
        """Who the token belongs to. Raises AuthRequiredError where it belongs to nobody."""
        return self._get("/me")

    def _numbered(self, path: str) -> Any:
        if path in self._shown_there:
            return self._get(path, there=True)
        try:
            return self._get(path)
        except NotFoundError:
            if not self._fallback_url:
                raise
        answer = self._get(path, there=True)
        self._shown_there.add(path)
        return answer

    def _get(self, path: str, *, there: bool = False, **params: object) -> Any:
        base_url = self._fallback_url if there else self.base_url
        return self._http.json("GET", f"{base_url}/api/v1{path}", params=params or None)

    def _post(self, path: str, body: object) -> Any:
        return self._http.json("POST", f"{self.base_url}/api/v1{path}", body=body)


def _of_model(model_id: int | None) -> str:
    return f"/models/{model_id}"


def _of_version(version_id: int | None) -> str:
    return f"/model-versions/{version_id}"
