"""One ref for one file, however many workflows and nodes name it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from wfdeps.domain.digests import agreement
from wfdeps.domain.refs import Certainty, ModelRef, RefStatus

STATUS_RANK: dict[RefStatus, int] = {
    RefStatus.REQUIRED: 0,
    RefStatus.AUTO_DOWNLOAD: 1,
    RefStatus.PLACEHOLDER: 2,
    RefStatus.INACTIVE: 3,
    RefStatus.UNREACHABLE: 4,
    RefStatus.INERT: 5,
}
"""The strongest claim wins: a file one workflow needs and another has muted is needed."""

_T = TypeVar("_T")
_CERTAINTY_RANK = {certainty: rank for rank, certainty in enumerate(Certainty)}


def merge_refs(refs: Iterable[ModelRef]) -> tuple[ModelRef, ...]:
    """The same refs with those of one name and folder made one, sorted by folder and name.

    Two whose hashes contradict each other stay two: they are different files under one name.
    """
    merged: dict[tuple[str, str], list[ModelRef]] = {}
    for ref in refs:
        group = merged.setdefault((ref.folder, ref.name), [])
        place = next((i for i, other in enumerate(group) if are_same(ref, other)), None)
        if place is None:
            group.append(ref)
        else:
            group[place] = _merge(group[place], ref)
    return tuple(ref for key in sorted(merged) for ref in merged[key])


def are_same(one: ModelRef, other: ModelRef) -> bool:
    """Whether two refs mean one file: same name, same folder, no hash that says otherwise."""
    return (
        one.name == other.name
        and one.folder == other.folder
        and agreement(one.digests, other.digests) is not False
    )


def _merge(one: ModelRef, other: ModelRef) -> ModelRef:
    first, second = sorted((one, other), key=lambda ref: STATUS_RANK[ref.status])
    return replace(
        first,
        folders=_union(first.folders, second.folders),
        sites=_union(one.sites, other.sites),
        digests=_union(first.digests, second.digests),
        urls=_union(first.urls, second.urls),
        air=first.air or second.air,
        version_id=first.version_id or second.version_id,
        hints=_union(first.hints, second.hints),
        base_models=_union(first.base_models, second.base_models),
        certainty=min(first.certainty, second.certainty, key=_CERTAINTY_RANK.__getitem__),
    )


def _union(one: tuple[_T, ...], other: tuple[_T, ...]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys((*one, *other)))
