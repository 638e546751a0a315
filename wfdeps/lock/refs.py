"""Lock → what a sync asks for: one ref and one candidate for each entry."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.locks import LockEntry
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, usual_lookups
from wfdeps.domain.urls import AS_WRITTEN, Addresses, is_inside
from wfdeps.values import dataclass, field, replace


def ref_of(entry: LockEntry) -> ModelRef:
    """What the entry stands for, by its name in its folder and its hash."""
    folder = canonical_key(entry.folder)
    return ModelRef(
        name=entry.name,
        model_type=model_type_of(folder),
        folders=(folder,),
        status=RefStatus.REQUIRED,
        sites=tuple(_site(text) for text in entry.used_by),
        digests=_digests(entry),
        lookups=usual_lookups(folder, entry.name),
    )


@dataclass(frozen=True, slots=True)
class DownloadRoutes:
    """Where files are asked for from here."""

    addresses: Addresses = AS_WRITTEN
    held: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 → where a mirror of ours holds it: asked before the sources the lock names."""


def candidate_of(entry: LockEntry, routes: DownloadRoutes) -> RankedCandidate | None:
    """Where the entry's bytes can be had, in the order to ask; None if nobody knows."""
    urls = [
        *([routes.held[entry.sha256]] if entry.sha256 and entry.sha256 in routes.held else ()),
        *(routes.addresses.here(source.url) for source in entry.sources if _is_outside(source.url)),
    ]
    if not urls:
        return None
    named = entry.sources[0] if entry.sources else None
    candidate = Candidate(
        source=named.source if named else "mirror",
        file_name=entry.path.rpartition("/")[2],
        url=urls[0],
        model_type=model_type_of(canonical_key(entry.folder)),
        size=entry.about if entry.size is None else entry.size,
        size_is_exact=entry.size is not None,
        digests=_digests(entry),
        page=named.page if named else None,
        mirrors=tuple(urls[1:]),
    )
    return RankedCandidate(_with_ids(candidate, entry), evidence=(), confidence=1.0)


def _is_outside(url: str) -> bool:
    """A lock is shared like a workflow: neither may send us to our own machine or its neighbours."""
    parts = urlsplit(url)
    return parts.scheme == "https" and not is_inside(parts.hostname or "")


def _with_ids(candidate: Candidate, entry: LockEntry) -> Candidate:
    try:
        air = Air.parse(entry.air or "")
    except ValueError:
        return candidate
    return replace(candidate, air=air, model_id=air.model_id, version_id=air.version_id, file_id=air.file_id)


def _digests(entry: LockEntry) -> tuple[Digest, ...]:
    return (Digest(Algorithm.SHA256, entry.sha256),) if entry.sha256 else ()


def _site(text: str) -> NodeSite:
    workflow, _, place = text.rpartition("#")
    node_id, _, name = place.rpartition(":")
    return NodeSite(workflow, node_id, "", name)
