"""Counts and bytes over items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.domain.refs import RefStatus
from wfdeps.domain.reports import FileSystemTotal, FolderTotal, ReportItem, Totals

if TYPE_CHECKING:
    from wfdeps.domain.outcomes import Outcome

TO_FETCH = frozenset(
    {
        RefState.RESOLVED,
        RefState.GATED,
        RefState.EARLY_ACCESS,
        RefState.FAILED,
        RefState.MISSING,
        RefState.AMBIGUOUS,
    }
)
"""States whose file is to come from a source."""


def total(
    items: Sequence[ReportItem], outcomes: Sequence[Outcome], file_systems: Sequence[FileSystemTotal]
) -> Totals:
    """The totals of a report."""
    needed = required(items)
    return Totals(
        required=len(needed),
        present=len(present(needed)),
        states=tuple(sorted(Counter(item.state for item in items).items())),
        bytes_present=bytes_present(needed),
        bytes_to_fetch=bytes_to_fetch(needed),
        unknown_sizes=sum(item.state in TO_FETCH and item.size is None for item in needed),
        bytes_fetched=_bytes_fetched(outcomes) if outcomes else 0,
        folders=_folders(needed),
        file_systems=tuple(file_systems),
    )


def _bytes_fetched(outcomes: Sequence[Outcome]) -> int:
    from wfdeps.domain.outcomes import Placed  # a check fetches nothing

    return sum(
        one.receipt.size - one.reused for one in outcomes if isinstance(one, Placed) and one.receipt.wrote
    )


def required(items: Iterable[ReportItem]) -> tuple[ReportItem, ...]:
    """The items a run needs; what a person marked optional it does not."""
    return tuple(
        item
        for item in items
        if item.ref.status is RefStatus.REQUIRED and item.state is not RefState.OPTIONAL
    )


def present(items: Iterable[ReportItem]) -> tuple[ReportItem, ...]:
    """Those that are there as the workflow asks for them."""
    return tuple(item for item in items if item.state is RefState.PRESENT)


def bytes_present(items: Iterable[ReportItem]) -> int:
    """Of the files that are there, each path once."""
    return sum({item.path or item.ref.name: item.size or 0 for item in present(items)}.values())


def bytes_to_fetch(items: Iterable[ReportItem]) -> int:
    """Of the chosen files whose size is known; two refs for the same file at the same place count once."""
    return sum(
        {
            _fetch_key(item): item.size or 0 for item in items if item.state in TO_FETCH and item.chosen
        }.values()
    )


def _fetch_key(item: ReportItem) -> tuple[str, str]:
    return (
        item.chosen.candidate.url if item.chosen else "",
        item.path or f"{item.ref.folder}/{item.ref.name}",
    )


def _folders(items: Iterable[ReportItem]) -> tuple[FolderTotal, ...]:
    by_folder: dict[str, list[ReportItem]] = {}
    for item in items:
        by_folder.setdefault(item.ref.folder, []).append(item)
    return tuple(
        FolderTotal(folder, len(group), len(present(group)), bytes_present(group), bytes_to_fetch(group))
        for folder, group in sorted(by_folder.items())
    )
