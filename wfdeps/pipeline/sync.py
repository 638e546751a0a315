"""A lock instead of a search: what each of its entries needs here."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.locks import Lock, LockEntry
from wfdeps.domain.resolutions import Present, Resolution, Resolved, Unresolved
from wfdeps.domain.urls import Addresses
from wfdeps.lock.refs import DownloadRoutes, candidate_of, ref_of
from wfdeps.match.local import find_local
from wfdeps.pipeline.access import held_by
from wfdeps.ports import Library, Source
from wfdeps.values import replace


def resolve_lock(
    lock: Lock, library: Library, addresses: Addresses, mirrors: Sequence[Source] = ()
) -> tuple[Resolution, ...]:
    """How each entry stands: there with the same bytes, to be linked or fetched, or in the way.

    Files whose hash the index does not know are read. Mirrors are asked for what is not there, and come first.
    """
    refs = [ref_of(entry) for entry in lock.entries]
    inventory = library.inventory(refs)
    findings = [_proven(find_local(ref, inventory), library) for ref in refs]
    held = held_by(mirrors, (one.ref.digests[0] for one in findings if one.ref.digests and not one.files))
    routes = DownloadRoutes(addresses, {digest.value: url for digest, url in held.items()})
    return tuple(
        _resolution(entry, finding, routes) for entry, finding in zip(lock.entries, findings, strict=True)
    )


def _resolution(entry: LockEntry, finding: Finding, routes: DownloadRoutes) -> Resolution:
    ref = finding.ref
    match finding.state:
        case RefState.PRESENT:
            return Present(ref, finding, candidate_of(entry, routes))
        case RefState.PRESENT_ELSEWHERE | RefState.WRONG_FOLDER | RefState.INVISIBLE if _has_hash(
            finding, entry
        ):
            return Present(ref, finding, candidate_of(entry, routes))
        case RefState.WRONG_HASH | RefState.CORRUPT:
            hint = f"move `{finding.files[0].path}` away; it is not what was locked, and is not overwritten"
            return Unresolved(ref, finding.state, finding.detail or "other bytes stand there", hint)
        case _:
            choice = candidate_of(entry, routes)
    if choice is None:
        return Unresolved(ref, RefState.UNRESOLVED, "the lock knows no source for it", "copy it here by hand")
    return Resolved(ref, replace(choice, evidence=()), entry.chosen_by)


def _proven(finding: Finding, library: Library) -> Finding:
    """The finding with the first file's SHA-256 known, and judged by it."""
    if not finding.files or not finding.ref.digests:
        return finding
    first = library.digest(finding.files[0])
    files = (first, *finding.files[1:])
    known = find_digest(first.digests, Algorithm.SHA256)
    if finding.state is RefState.PRESENT and known and known != finding.ref.digests[0]:
        detail = f"locked {finding.ref.digests[0]}, found {known}"
        return replace(finding, state=RefState.WRONG_HASH, files=files, detail=detail)
    return replace(finding, files=files)


def _has_hash(finding: Finding, entry: LockEntry) -> bool:
    known = find_digest(finding.files[0].digests, Algorithm.SHA256)
    return known is not None and known.value == entry.sha256
