"""Sums over items: counts, bytes, and the least memory their weights take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import APPLIED_TO_A_BASE, ModelType
from wfdeps.domain.refs import NEEDED, RefStatus
from wfdeps.domain.reports import FileSystemTotal, FolderTotal, ReportItem, Totals, WeightsFloor

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
        outcome.receipt.size - outcome.reused
        for outcome in outcomes
        if isinstance(outcome, Placed) and outcome.receipt.wrote
    )


def required(items: Iterable[ReportItem]) -> tuple[ReportItem, ...]:
    """The items a run needs; what a person marked optional it does not."""
    return tuple(item for item in items if item.ref.status in NEEDED and item.state is not RefState.OPTIONAL)


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


# The least memory a workflow's weights take is told from file sizes: a file holds its weights and little else (a
# safetensors header is a few hundred kilobytes), and ComfyUI loads what a phase needs before the phase begins. What comes
# on top (latents, activations, a cast to another precision) and what ComfyUI offloads cannot be known from files.
PHASES = ("text_encoders", "diffusion", "vae", "other")
"""In the order a run goes through them."""

_T = ModelType
PHASE_OF: dict[ModelType, str] = {
    _T.TEXT_ENCODER: "text_encoders",
    _T.EMBEDDING: "text_encoders",
    _T.CLIP_VISION: "text_encoders",
    _T.VAE: "vae",
    _T.VAE_APPROX: "vae",
    **dict.fromkeys((_T.CHECKPOINT, _T.DIFFUSION_MODEL, *APPLIED_TO_A_BASE), "diffusion"),
}
"""A checkpoint counts where most of its weights do; what is not listed is `other`."""


def floors(items: Iterable[ReportItem]) -> tuple[WeightsFloor, ...]:
    """One row a phase that has files."""
    sizes: dict[str, list[int | None]] = {}
    for item in items:
        if item.ref.status is RefStatus.REQUIRED and item.ref.model_type is not ModelType.CONFIG:
            sizes.setdefault(PHASE_OF.get(item.ref.model_type, "other"), []).append(item.size)
    return tuple(_floor(phase, sizes[phase]) for phase in PHASES if phase in sizes)


def _floor(phase: str, sizes: list[int | None]) -> WeightsFloor:
    known = [size for size in sizes if size is not None]
    return WeightsFloor(phase, sum(known), max(known, default=0), len(sizes) - len(known))
