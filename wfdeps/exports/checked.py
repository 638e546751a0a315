"""Lock → the files that can be exported at all: safe paths, plain https URLs, one entry a path."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from wfdeps.domain.folders import canonical_key, default_directory
from wfdeps.domain.locks import Lock, LockEntry
from wfdeps.domain.urls import has_secrets, is_inside
from wfdeps.errors import UnsafePathError
from wfdeps.exports.values import LeftOut, ModelFile
from wfdeps.match.links import CIVITAI_HOSTS
from wfdeps.planning.layout import safe_relative
from wfdeps.values import replace

CIVITAI_TOKEN = "CIVITAI_API_TOKEN"
"""Civitai asks for a token on every download; which Hugging Face repositories are gated, a lock does not say."""


def checked_files(lock: Lock) -> tuple[tuple[ModelFile, ...], tuple[LeftOut, ...]]:
    """The lock's files, sorted by path, and what cannot go into any format.

    An entry is left out if its path is unsafe, or if another entry has the same path and says something else.
    """
    by_path: dict[str, list[ModelFile]] = {}
    left_out = [LeftOut(name, "the lock has not settled it") for name in lock.unresolved]
    for entry in lock.entries:
        try:
            file = _checked(entry)
        except UnsafePathError as error:
            left_out.append(LeftOut(entry.path, error.message))
        else:
            by_path.setdefault(file.path, []).append(file)
    files = []
    for path, same in by_path.items():
        if merged := _merged(same):
            files.append(merged)
        else:
            left_out.append(
                LeftOut(path, f"{len(same)} entries of the lock stand for this path, and they differ")
            )
    return tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(left_out, key=lambda one: one.what))


def public_url(url: str) -> str | None:
    """The URL with every character escaped that means something to a shell, a Dockerfile or a list; None for a URL
    that nobody else can use: not https, inside a private network, with a secret in it, or no URL at all."""
    if not url.isprintable() or has_secrets(url):
        return None
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme != "https" or not host.isascii() or is_inside(host):
        return None
    return quote(url, safe="%/:=&?~#+!;@,().*-_")


def token_for(url: str) -> str:
    """The environment variable of the token that the URL's site needs; empty where it needs none."""
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return CIVITAI_TOKEN if host in CIVITAI_HOSTS else ""


def _checked(entry: LockEntry) -> ModelFile:
    """The entry with a safe path. Raises UnsafePathError."""
    key, path = safe_relative(entry.folder), safe_relative(entry.path)
    if key not in path.parents:
        raise UnsafePathError(f"its path is not in its folder `{entry.folder}`")
    folder, within = canonical_key(str(key)), path.relative_to(key).parts
    urls = tuple(dict.fromkeys(url for source in entry.sources if (url := public_url(source.url))))
    pages = (source.page for source in entry.sources if source.page)
    return ModelFile(
        folder=folder,
        directory="/".join((default_directory(folder), *within[:-1])),
        name=within[-1],
        sha256=entry.sha256,
        size=entry.size,
        urls=urls,
        tokens=tuple(map(token_for, urls)),
        size_about=entry.about if entry.size is None else None,
        air=entry.air,
        page=next((page for one in pages if (page := public_url(one))), None),
        used_by=entry.used_by,
    )


def _merged(files: Iterable[ModelFile]) -> ModelFile | None:
    """One file for all entries of a path; None where they say different things of it."""
    first, *others = files
    used_by = set(first.used_by)
    for other in others:
        if (other.sha256, other.size, other.urls) != (first.sha256, first.size, first.urls):
            return None
        used_by.update(other.used_by)
    return replace(first, used_by=tuple(sorted(used_by)))
