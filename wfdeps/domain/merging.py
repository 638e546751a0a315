"""Refs that mean the same file become one, keeping every site that asked for it."""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus
from wfdeps.values import replace

if TYPE_CHECKING:
    from typing import TypeVar

    _T = TypeVar("_T")

_STATUS_ORDER = tuple(RefStatus)
"""As declared: what makes a file needed comes first."""
_CERTAINTY_ORDER = tuple(Certainty)


def merge_refs(refs: Iterable[ModelRef]) -> tuple[ModelRef, ...]:
    """One ref for each (name, folder), in the order first seen.

    The merged ref has the most demanding status of all, the best certainty, and every site, hash and URL.
    """
    merged: dict[tuple[str, str], ModelRef] = {}
    for ref in refs:
        key = (ref.name, ref.folder)
        merged[key] = _both(merged[key], ref) if key in merged else ref
    return tuple(merged.values())


def _both(one: ModelRef, other: ModelRef) -> ModelRef:
    lead = min(one, other, key=lambda ref: _STATUS_ORDER.index(ref.status))
    return replace(
        lead,
        folders=_union(one.folders, other.folders),
        sites=_union(one.sites, other.sites),
        digests=_union(one.digests, other.digests),
        urls=_union(one.urls, other.urls),
        hints=_union(one.hints, other.hints),
        base_models=_union(one.base_models, other.base_models),
        air=one.air or other.air,
        version_id=one.version_id or other.version_id,
        accepts=one.accepts if one.accepts == other.accepts else "",
        certainty=min(one.certainty, other.certainty, key=_CERTAINTY_ORDER.index),
    )


def _union(one: tuple[_T, ...], other: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*one, *other)))
