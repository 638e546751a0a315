"""The routes of Hugging Face that a client of files needs: resolve, the tree, and the repository's listing.

Rows say `"hf": {"repo": "org/name", "path": "a/b.safetensors", "revision": "main", "gated": true}`. Point
`HF_ENDPOINT` at the hub, or at its `/hf`. `gated` may be true (any token opens it) or `"manual"` (only one whose
owner was let in, which here are the buyers).
"""

from __future__ import annotations

import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from wfdeps.hub.catalogue import File
from wfdeps.hub.endpoints import site_of
from wfdeps.hub.site import HubSite
from wfdeps.values import dataclass

_METHODS = ["GET", "HEAD"]


@dataclass(frozen=True, slots=True)
class RepoEntry:
    """One file of a repository."""

    path: str
    version_id: int
    file: File
    size: int

    @property
    def sha256(self) -> str:
        return self.file.hashes.get("SHA256", "").lower()


class HubError(Exception):
    """An answer in Hugging Face's manner: the code is a header."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def huggingface_routes() -> list[BaseRoute]:
    """At the root and below `/hf`."""
    return [*_routes(), Mount("/hf", routes=_routes())]


def _routes() -> list[BaseRoute]:
    return [
        Route("/api/whoami-v2", _whoami, methods=_METHODS),
        Route("/api/models/{org}/{name}/tree/{revision}", _tree, methods=_METHODS),
        Route("/api/models/{org}/{name}/tree/{revision}/{folder:path}", _tree, methods=_METHODS),
        Route("/api/models/{org}/{name}/revision/{revision}", _info, methods=_METHODS),
        Route("/api/models/{org}/{name}", _info, methods=_METHODS),
        Route("/{org}/{name}/resolve/{revision}/{path:path}", _resolve, methods=_METHODS),
    ]


async def _resolve(request: Request) -> Response:
    site, path = site_of(request), request.path_params["path"]
    try:
        entries = _open_repository(request, site)
    except HubError as refusal:
        return _refused(refusal)
    entry = next((entry for entry in entries if entry.path == path), None)
    if entry is None:
        return _refused(HubError(404, "EntryNotFound", "Entry not found"))
    headers = {
        "x-repo-commit": _commit(_repo(request)),
        "x-linked-size": str(entry.size),
        "x-linked-etag": f'"{entry.sha256}"',
        "etag": f'"{_commit(entry.path)}"',
        "accept-ranges": "bytes",
    }
    link = site.signer.link(entry.version_id, entry.file, site.clock())
    return RedirectResponse(site.storage_base(request) + link, 302, headers)


async def _tree(request: Request) -> Response:
    site, folder = site_of(request), request.path_params.get("folder", "")
    try:
        entries = _open_repository(request, site, bytes_wanted=False)
    except HubError as refusal:
        return _refused(refusal)
    deep = request.query_params.get("recursive") in ("true", "True", "1")
    prefix = folder.rstrip("/") + "/" if folder else ""
    listing: dict[str, dict[str, Any]] = {}
    for entry in entries:
        if not entry.path.startswith(prefix):
            continue
        head, slash, _ = entry.path[len(prefix) :].partition("/")
        if slash:
            listing.setdefault(
                prefix + head, {"type": "directory", "oid": _commit(head), "size": 0, "path": prefix + head}
            )
        if not slash or deep:
            listing[entry.path] = {
                "type": "file",
                "oid": _commit(entry.path),
                "size": entry.size,
                "lfs": {"oid": entry.sha256, "size": entry.size, "pointerSize": 134},
                "path": entry.path,
            }
    return JSONResponse(list(listing.values()))


async def _info(request: Request) -> Response:
    site, repo = site_of(request), _repo(request)
    try:
        entries = _open_repository(request, site, bytes_wanted=False)
    except HubError as refusal:
        return _refused(refusal)
    blobs = request.query_params.get("blobs") in ("true", "True", "1")
    siblings: list[dict[str, Any]] = []
    for entry in entries:
        sibling: dict[str, Any] = {"rfilename": entry.path}
        if blobs:
            sibling |= {"blobId": _commit(entry.path), "size": entry.size}
            sibling["lfs"] = {"sha256": entry.sha256, "size": entry.size, "pointerSize": 134}
        siblings.append(sibling)
    gated = _gate(site, repo)
    return JSONResponse(
        {
            "id": repo,
            "modelId": repo,
            "sha": _commit(repo),
            "private": False,
            "gated": {True: "auto", False: False}.get(gated, gated) if isinstance(gated, bool) else gated,
            "siblings": siblings,
        }
    )


async def _whoami(request: Request) -> Response:
    if not site_of(request).visitor(request).signed_in:
        return JSONResponse({"error": "Invalid username or password."}, 401)
    return JSONResponse({"type": "user", "name": "hub-user", "auth": {"type": "access_token"}})


def _open_repository(request: Request, site: HubSite, *, bytes_wanted: bool = True) -> list[RepoEntry]:
    """The repository's files. Raises HubError where it, or its revision, is not there, or is gated."""
    repo, visitor = _repo(request), site.visitor(request)
    entries = _entries(site, repo)
    if not entries:
        # To a stranger a repository that does not exist looks like one he may not see.
        raise HubError(404 if visitor.signed_in else 401, "RepoNotFound", "Repository not found")
    revision = request.path_params.get("revision", "main")
    if revision not in {"main", _commit(repo), *_revisions(site, repo)}:
        raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")
    gate = _gate(site, repo)
    if not bytes_wanted or not gate:
        return entries
    if not visitor.signed_in:
        raise HubError(
            401,
            "GatedRepo",
            f"Access to model {repo} is restricted. You must have access to it and be authenticated to access it. Please log in.",
        )
    if gate == "manual" and not visitor.has_bought:
        raise HubError(
            403,
            "GatedRepo",
            f"Access to model {repo} is restricted and you are not in the authorized list. Visit {repo} to ask for access.",
        )
    return entries


def _entries(site: HubSite, repo: str) -> list[RepoEntry]:
    files = []
    rows = site.store.fetch(
        "SELECT path, version_id, file_id FROM repositories WHERE repo = ? ORDER BY path", (repo,)
    )
    for path, version_id, file_id in rows:
        of_version = site.version(version_id)
        file = of_version[1].file(file_id) if of_version else None
        size = site.size_of(file) if file else None
        if file is not None:
            files.append(
                RepoEntry(path, version_id, file, size if size is not None else round(file.size_kb * 1024))
            )
    return files


def _hf_rows(site: HubSite, repo: str) -> list[dict[str, Any]]:
    rows = site.store.fetch("SELECT DISTINCT model_id FROM repositories WHERE repo = ?", (repo,))
    described = [row["hf"] for (model_id,) in rows for row in site.store.rows(model_id) if row.get("hf")]
    return [hf for hf in described if hf["repo"] == repo]


def _gate(site: HubSite, repo: str) -> bool | str:
    return next((hf["gated"] for hf in _hf_rows(site, repo) if hf.get("gated")), False)


def _revisions(site: HubSite, repo: str) -> set[str]:
    return {hf["revision"] for hf in _hf_rows(site, repo) if hf.get("revision")}


def _repo(request: Request) -> str:
    return f"{request.path_params['org']}/{request.path_params['name']}"


def _commit(text: str) -> str:
    """Forty hex digits that stay the same."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def _refused(refusal: HubError) -> Response:
    headers = {"x-error-code": refusal.code, "x-error-message": refusal.message}
    return JSONResponse({"error": refusal.message}, refusal.status, headers)
