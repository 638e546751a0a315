"""What else the file says of its refs: URLs and hashes it declares, hashes and ids in generation metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus
from wfdeps.values import NamedTuple, replace
from wfdeps.workflow.names import ENDINGS, is_name

if TYPE_CHECKING:  # only files with generation metadata pay for reading it
    from wfdeps.workflow.graph import Graph
    from wfdeps.workflow.parameters import Resource


class Declared(NamedTuple):
    """What `models` says of one file."""

    urls: tuple[str, ...]
    digests: tuple[Digest, ...]


def with_declared(refs: Sequence[ModelRef], graph: Graph) -> tuple[ModelRef, ...]:
    """The same refs with the URLs and hashes of `properties.models` of their nodes and of the top-level `models`."""
    declared = _declared(graph)
    return tuple(_with(ref, declared) for ref in refs) if declared else tuple(refs)


def with_only_declared(refs: Sequence[ModelRef], graph: Graph) -> tuple[ModelRef, ...]:
    """The same refs and one, not required, for each file that the top-level `models` lists and no node names.

    The frontend does not ask for these: the list may be older than the nodes.
    """
    names = {_base(ref.name) for ref in refs}
    return (
        *refs,
        *(
            _only_declared(model)
            for model in graph.declared
            if _is_told(model) and _base(str(model["name"])) not in names
        ),
    )


def _is_told(model: Mapping[str, object]) -> bool:
    return isinstance(model.get("name"), str) and is_name(model["name"])


def _only_declared(model: Mapping[str, object]) -> ModelRef:
    directory = model.get("directory")
    folders = (canonical_key(directory),) if isinstance(directory, str) and directory else ()
    found: dict[tuple[str, str], Declared] = {}
    _declare(found, "", model)
    (declared,) = found.values()
    return ModelRef(
        name=str(model["name"]),
        model_type=model_type_of(folders[0]) if folders else ModelType.UNKNOWN,
        folders=folders,
        status=RefStatus.UNREACHABLE,
        sites=(),
        digests=declared.digests,
        urls=declared.urls,
        why="listed in the workflow's `models`, but no node names it",
    )


def with_resources(refs: Sequence[ModelRef], resources: Sequence[Resource]) -> tuple[ModelRef, ...]:
    """The same refs with the hashes and ids that metadata gives for files of their name.

    An id without a name is that of the one needed file of its folder, where there is one of each.
    """
    named = [one for one in resources if one.name]
    joined = tuple(_joined(ref, named) for ref in refs) if named else tuple(refs)
    ids = [one for one in unnamed(resources, joined) if one.folder]
    alone: dict[int, Resource] = {}
    for one in ids:
        places = _without_id(joined, one.folder)
        if len(places) == 1 and sum(other.folder == one.folder for other in ids) == 1:
            alone[places[0]] = one
    return tuple(_with_id(ref, alone[place]) if place in alone else ref for place, ref in enumerate(joined))


def refs_of_resources(resources: Iterable[Resource], path: str, where: str) -> tuple[ModelRef, ...]:
    """Refs for what only metadata names. A name that is missing is said by id: `civitai version 128078`."""
    refs = []
    for one in resources:
        name = one.name or (
            str(one.air)
            if one.air
            else f"civitai version {one.version_id}"
            if one.version_id
            else str(one.digest)
        )
        refs.append(
            ModelRef(
                name=name,
                model_type=model_type_of(one.folder) if one.folder else ModelType.UNKNOWN,
                folders=(one.folder,) if one.folder else (),
                status=RefStatus.REQUIRED,
                sites=(NodeSite(path, "", where, one.folder or "resource"),),
                digests=(one.digest,) if one.digest else (),
                air=one.air,
                version_id=one.version_id,
                base_models=(one.base_model,) if one.base_model else (),
            )
        )
    return tuple(sorted(refs, key=lambda ref: (ref.folder, ref.name)))


def unnamed(resources: Iterable[Resource], refs: Sequence[ModelRef]) -> list[Resource]:
    """The resources known by id alone that no ref has already."""
    known = {ref.version_id for ref in refs} | {ref.air.version_id for ref in refs if ref.air}
    digests = {digest for ref in refs for digest in ref.digests}
    return [
        one
        for one in resources
        if not one.name
        and (one.version_id or (one.air.version_id if one.air else None)) not in known
        and (one.digest is None or one.digest not in digests)
    ]


def _without_id(refs: Sequence[ModelRef], folder: str) -> list[int]:
    """The places of the needed files of a folder whose hash and id nobody knows."""
    return [
        place
        for place, ref in enumerate(refs)
        if ref.folder == folder
        and ref.status is RefStatus.REQUIRED
        and not (ref.digests or ref.version_id or ref.air)
    ]


def _with_id(ref: ModelRef, one: Resource) -> ModelRef:
    digests = (one.digest,) if one.digest else ()
    return replace(ref, version_id=one.version_id, air=one.air, digests=digests)


def _with(ref: ModelRef, declared: Mapping[tuple[str, str], Declared]) -> ModelRef:
    keys = [*((site.node_id, ref.name) for site in ref.sites), ("", ref.name), ("", _base(ref.name))]
    found = [declared[key] for key in keys if key in declared]
    if not found:
        return ref
    urls = tuple(dict.fromkeys(url for one in found for url in one.urls))
    digests = tuple(dict.fromkeys(digest for one in found for digest in one.digests))
    return replace(ref, urls=urls, digests=digests)


def _declared(graph: Graph) -> dict[tuple[str, str], Declared]:
    found: dict[tuple[str, str], Declared] = {}
    for node in graph.nodes.values():
        for model in node.declared:
            _declare(found, node.id, model)
    for model in graph.declared:
        _declare(found, "", model)
    return found


def _declare(found: dict[tuple[str, str], Declared], node_id: str, model: Mapping[str, object]) -> None:
    name, url = model.get("name"), model.get("url")
    if isinstance(name, str):
        urls = (url,) if isinstance(url, str) and url.startswith(("https://", "http://")) else ()
        found[node_id, name] = Declared(urls, _digests(model.get("hash"), model.get("hash_type")))


def _digests(value: object, algorithm: object) -> tuple[Digest, ...]:
    if not isinstance(value, str):
        return ()
    try:
        if isinstance(algorithm, str):
            return (Digest.of(Algorithm(algorithm.lower().replace("-", "")), value),)
        return (Digest.parse(value),)
    except ValueError:
        return ()


def _joined(ref: ModelRef, resources: Sequence[Resource]) -> ModelRef:
    stem = _stem(ref.name)
    for one in resources:
        if _stem(one.name) == stem and (not one.folder or not ref.folders or one.folder in ref.folders):
            digests = tuple(dict.fromkeys([*ref.digests, *([one.digest] if one.digest else [])]))
            return replace(
                ref, digests=digests, version_id=ref.version_id or one.version_id, air=ref.air or one.air,
                base_models=ref.base_models or ((one.base_model,) if one.base_model else ()),
            )  # fmt: skip
    return ref


def _base(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[2]


def _stem(name: str) -> str:
    base = _base(name).lower()
    return next((base[: -len(ending)] for ending in ENDINGS if base.endswith(ending)), base)
