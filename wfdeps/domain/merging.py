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


def _both(first: ModelRef, second: ModelRef) -> ModelRef:
    lead = min(first, second, key=lambda ref: _STATUS_ORDER.index(ref.status))
    return replace(
        lead,
        folders=_union(first.folders, second.folders),
        sites=_union(first.sites, second.sites),
        digests=_union(first.digests, second.digests),
        urls=_union(first.urls, second.urls),
        hints=_union(first.hints, second.hints),
        base_models=_union(first.base_models, second.base_models),
        air=first.air or second.air,
        version_id=first.version_id or second.version_id,
        accepts=first.accepts if first.accepts == second.accepts else "",
        lookups=_union(first.lookups, second.lookups),
        certainty=min(first.certainty, second.certainty, key=_CERTAINTY_ORDER.index),
    )


def _union(first: tuple[_T, ...], second: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
