"""The last stage: the plan carried out, in the caller's thread, one outcome for every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import assert_never

from wfdeps.domain.files import Folder
from wfdeps.domain.findings import RefState
from wfdeps.domain.identity import Identity
from wfdeps.domain.outcomes import (
    Failed,
    FailureKind,
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
    Outcome,
)
from wfdeps.domain.plans import Blocked, Download, Keep, Link, Plan
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import DiskFullError, LibraryError
from wfdeps.pipeline.staged import settle_staged
from wfdeps.planning.settle import Misfit, Settled, disguise_of, misfit_of, settle
from wfdeps.planning.sidecar import sidecar_of_link
from wfdeps.ports import Fetcher, Library, Reporter
from wfdeps.values import replace

WORTH_A_LOOK = 32 << 20
"""Bytes from which on a file's front is looked at before the file is fetched: a smaller one is here as soon."""
Settling = Callable[[Fetched, Identity, tuple[Folder, ...], str], Settled | Misfit]
"""Who decides where a fetched file goes: `planning.settle` for a workflow's, `planning.shelving` for one by itself."""


def require_room(plan: Plan, library: Library) -> None:
    """Raises LibraryError where a folder may not be written, DiskFullError where there is too little space."""
    if barred := library.not_writable(plan):
        raise LibraryError(
            "; ".join(barred), hint="have it writable for you, or name other folders; nothing was touched"
        )
    if troubles := library.room(plan):
        raise DiskFullError(
            "; ".join(troubles), hint="free some space, or name other folders; nothing was touched"
        )


def carry_out(
    plan: Plan, *, fetcher: Fetcher, library: Library, reporter: Reporter, settling: Settling = settle
) -> tuple[Outcome, ...]:
    """What became of each step. Stopping it (KeyboardInterrupt) leaves what is placed placed, the rest resumable."""
    outcomes = [_settled_already(step, library) for step in plan.steps if not isinstance(step, Download)]
    downloads: list[Download] = []
    for download in plan.downloads:
        if misfit := _misfit_by_front(download, fetcher):
            outcomes.append(Failed(download, misfit.reason, misfit.hint, FailureKind.MISFIT))
        else:
            downloads.append(download)
    events = fetcher.fetch_all(downloads) if downloads else iter(())
    for event in events:
        reporter.event(event)
        outcomes.extend(_outcome_of(event, library, reporter, settling))
    return tuple(outcomes)


def _misfit_by_front(download: Download, fetcher: Fetcher) -> Misfit | None:
    """What the header of a large file chosen by its name alone says against it, asked before its bytes are."""
    by_hash = any(digest.proves_identity for ref in download.refs for digest in ref.digests)
    if download.chosen_by is not ChosenBy.NAME or by_hash or (download.size or 0) < WORTH_A_LOOK:
        return None
    identity = fetcher.identity(download)
    return disguise_of(download, identity) or misfit_of(download, identity)


def _settled_already(step: Keep | Link | Blocked, library: Library) -> Outcome:
    if not isinstance(step, Link):
        return step
    try:
        library.link(replace(step, sidecar=_sidecar_of(step, library)))
    except LibraryError as error:
        return Blocked(step.ref, RefState.FAILED, error.message, error.hint or "")
    return step


def _sidecar_of(step: Link, library: Library) -> str | None:
    if step.origin is None or step.file.is_directory:
        return None
    return sidecar_of_link(step, library.identity(step.file))


def _outcome_of(
    event: FetchEvent, library: Library, reporter: Reporter, settling: Settling
) -> Iterable[Outcome]:
    match event:
        case FetchStarted() | FetchProgressed() | FetchRetrying():
            return ()
        case FetchFailed(download, reason, hint, kind):
            return (Failed(download, reason, hint, kind),)
        case Fetched():
            return (_placed(event, library, reporter, settling),)
        case _:
            assert_never(event)


def _placed(fetched: Fetched, library: Library, reporter: Reporter, settling: Settling) -> Outcome:
    def place_of(fetched: Fetched, identity: Identity) -> Settled | Misfit:
        return settling(fetched, identity, library.folders(), library.separator)

    return settle_staged(fetched, reporter, place_of=place_of, put=library.place)
