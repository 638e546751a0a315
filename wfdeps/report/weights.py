"""The least memory a workflow's weights take, by phase: from file sizes, so a floor and no more.

A file holds its weights and little else (a safetensors header is a few hundred kilobytes), and ComfyUI loads
what a phase needs before the phase begins. What comes on top (latents, activations, a cast to another
precision) and what ComfyUI offloads to stay below it cannot be known from files.
"""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps.domain.model_types import APPLIED_TO_A_BASE, ModelType
from wfdeps.domain.refs import RefStatus
from wfdeps.domain.reports import ReportItem, WeightsFloor

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
