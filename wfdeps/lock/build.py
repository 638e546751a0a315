"""Steps and outcomes → Lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from wfdeps.domain.candidates import LOCAL, Candidate, Evidence, RankedCandidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.findings import RefState
from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.domain.outcomes import Failed, Outcome, Placed
from wfdeps.domain.plans import Blocked, Download, Keep, Link
from wfdeps.domain.refs import ModelRef, RefStatus, WorkflowRefs
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.domain.urls import AS_WRITTEN, Addresses, without_secrets
from wfdeps.values import replace

Relative = Callable[[str], str]
"""A workflow's path → the same relative to the lock's folder, with `/`."""


def build_lock(
    workflows: Iterable[WorkflowRefs],
    outcomes: Iterable[Outcome | Download],
    *,
    relative: Relative,
    addresses: Addresses = AS_WRITTEN,
    previous: Lock | None = None,
    keep_others: bool = False,
) -> Lock:
    """The lock for these workflows.

    A file that is simply there keeps what an earlier lock knew of its origin, as long as its bytes are the same; what
    could not be settled now, but was locked before, stays locked as it was.
    `keep_others`: what the earlier lock says of other workflows stays.
    """
    known = {entry.key: entry for entry in (previous.entries if previous else ())}
    entries: dict[tuple[str, str], LockEntry] = {}
    unresolved: set[str] = set()
    optional: set[str] = set()
    for outcome in outcomes:
        for entry in _entries_of(outcome, relative):
            entry = _published(entry, addresses)
            entries[entry.key] = _with_origin(entry, known.get(entry.key))
        for ref in _open_ends(outcome):
            if isinstance(outcome, Blocked) and outcome.state is RefState.OPTIONAL:
                optional.add(f"{ref.folder}/{ref.name}")
            elif before := known.get(ref.key):
                entries[ref.key] = replace(before, used_by=_used_by((ref,), relative))
            else:
                unresolved.add(f"{ref.folder}/{ref.name}")
    lock = Lock(
        workflows=tuple(sorted({(relative(read.path), read.sha256) for read in workflows})),
        entries=tuple(entries[key] for key in sorted(entries)),
        unresolved=tuple(sorted(unresolved)),
        optional=tuple(sorted(optional)),
    )
    return _joined(previous, lock) if previous and keep_others else lock


def _joined(before: Lock, lock: Lock) -> Lock:
    """The new lock, and what the earlier one says of workflows that the new one does not."""
    mine = {path for path, _ in lock.workflows}
    others = tuple((path, sha256) for path, sha256 in before.workflows if path not in mine)
    entries = {entry.key: entry for entry in lock.entries}
    for entry in before.entries:
        kept = tuple(use for use in entry.used_by if use.rpartition("#")[0] not in mine)
        if not kept:
            continue
        newer = entries.get(entry.key, replace(entry, used_by=()))
        entries[entry.key] = replace(newer, used_by=tuple(sorted({*newer.used_by, *kept})))
    settled = {"/".join(key) for key in entries}
    return Lock(
        workflows=tuple(sorted((*lock.workflows, *others))),
        entries=tuple(entries[key] for key in sorted(entries)),
        unresolved=_still_open((*lock.unresolved, *before.unresolved), {*settled, *lock.optional}),
        optional=_still_open((*lock.optional, *before.optional), {*settled, *lock.unresolved}),
    )


def _still_open(names: Iterable[str], settled: set[str]) -> tuple[str, ...]:
    return tuple(sorted(set(names) - settled))


def _entries_of(outcome: Outcome | Download, relative: Relative) -> tuple[LockEntry, ...]:
    match outcome:
        case Keep(ref, file, origin):
            return (_from_library(ref, file.name, file.size, file.digests, origin, relative),)
        case Link(ref, file, target, origin):
            return (_from_library(ref, target.name, file.size, file.digests, origin, relative),)
        case Download() as download:
            digest = find_digest(download.digests, Algorithm.SHA256)
            exact = download.candidate.size_is_exact
            size, about = (download.size, None) if exact else (None, download.size)
            return _from_download(download, digest.value if digest else None, size, relative, about=about)
        case Placed(download, receipt):
            return _from_download(download, receipt.sha256, receipt.size, relative)
        case Blocked() | Failed():
            return ()
        case _:
            assert_never(outcome)


def _open_ends(outcome: Outcome | Download) -> tuple[ModelRef, ...]:
    match outcome:
        case Blocked(ref) if ref.status is RefStatus.REQUIRED:
            return (ref,)
        case Failed(download):
            return download.refs
        case _:
            return ()


def _from_library(
    ref: ModelRef,
    name: str,
    size: int,
    digests: tuple[Digest, ...],
    origin: RankedCandidate | None,
    relative: Relative,
) -> LockEntry:
    digest = find_digest(digests, Algorithm.SHA256)
    own = origin is not None and origin.candidate.source == LOCAL
    return LockEntry(
        name=ref.name,
        folder=ref.folder,
        path=f"{ref.folder}/{name}",
        sha256=digest.value if digest else None,
        size=size,
        air=str(origin.candidate.air) if origin and origin.candidate.air else None,
        sources=_sources(origin.candidate) if origin and not own else _named_by_workflow(ref),
        used_by=_used_by((ref,), relative),
        chosen_by=ChosenBy.USER if own else ChosenBy.HASH if origin else ChosenBy.NAME,
        evidence=_texts(origin.evidence) if origin else ("in the library under this name",),
    )


def _from_download(
    download: Download, sha256: str | None, size: int | None, relative: Relative, *, about: int | None = None
) -> tuple[LockEntry, ...]:
    candidate = download.candidate
    by_name: dict[tuple[str, str], list[ModelRef]] = {}
    for ref in download.refs:
        by_name.setdefault((download.target.folder_key, ref.name), []).append(ref)
    return tuple(
        LockEntry(
            name=name,
            folder=folder,
            path=f"{folder}/{download.target.name}",
            sha256=sha256,
            size=size,
            air=str(candidate.air) if candidate.air else None,
            sources=_sources(candidate),
            used_by=_used_by(refs, relative),
            chosen_by=download.chosen_by,
            evidence=_texts(download.evidence),
            about=about,
        )
        for (folder, name), refs in sorted(by_name.items())
    )


def _sources(candidate: Candidate) -> tuple[LockSource, ...]:
    """Where everybody may have it: a folder of this machine is no such place."""
    first = LockSource(candidate.source, without_secrets(candidate.url), candidate.page)
    sources = (first, *(LockSource("mirror", without_secrets(url)) for url in candidate.mirrors))
    return tuple(source for source in sources if not source.url.startswith("file:"))


def _named_by_workflow(ref: ModelRef) -> tuple[LockSource, ...]:
    return tuple(LockSource("url", without_secrets(url)) for url in ref.urls)


def _published(entry: LockEntry, addresses: Addresses) -> LockEntry:
    """The entry with every site under the name everybody uses."""
    sources = (
        replace(
            source,
            url=addresses.public(source.url),
            page=addresses.public(source.page) if source.page else None,
        )
        for source in entry.sources
    )
    return replace(entry, sources=tuple(sources))


def _with_origin(entry: LockEntry, before: LockEntry | None) -> LockEntry:
    if before is None or entry.chosen_by is not ChosenBy.NAME or entry.air or before.sha256 != entry.sha256:
        return entry
    return replace(
        entry, air=before.air, sources=before.sources, chosen_by=before.chosen_by, evidence=before.evidence
    )


def _used_by(refs: Iterable[ModelRef], relative: Relative) -> tuple[str, ...]:
    sites = {(relative(site.workflow), site.node_id, site.input) for ref in refs for site in ref.sites}
    return tuple(f"{workflow}#{node_id}:{name}" for workflow, node_id, name in sorted(sites))


def _texts(evidence: Iterable[Evidence]) -> tuple[str, ...]:
    return tuple(map(str, evidence))
