"""What else the file says of its refs: declared URLs and hashes, hashes and ids in metadata, links in notes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import base_name
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Lookup, ModelRef, NodeSite, RefStatus
from wfdeps.domain.urls import without_secrets
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple, replace
from wfdeps.workflow.limits import MAX_LINKS, MAX_NOTES
from wfdeps.workflow.names import ENDINGS, is_name

if TYPE_CHECKING:  # only files with generation metadata pay for reading it
    from wfdeps.workflow.node_graph import NodeGraph
    from wfdeps.workflow.parameters import Resource


_URL = pattern(r"https?://[^\s\"'<>()\[\]{}|`\\^]{4,2000}")
_WORDS = 2_000
"""Characters of all words that link to one address."""
_LINK = pattern(r"\[([^\]\n]{1,300})\]\((https?://[^\s)]{4,2000})\)")


class DeclaredFile(NamedTuple):
    """What `models` says of one file."""

    urls: tuple[str, ...]
    digests: tuple[Digest, ...]


def with_declared(refs: Sequence[ModelRef], graph: NodeGraph) -> tuple[ModelRef, ...]:
    """Returns the refs with the URLs and hashes that `properties.models` of their nodes and the top-level `models` give."""
    declared = _declared(graph)
    return tuple(_with_declared_of(ref, declared) for ref in refs) if declared else tuple(refs)


def with_only_declared(refs: Sequence[ModelRef], graph: NodeGraph) -> tuple[ModelRef, ...]:
    """Returns the refs and one more, not required, for each file that the top-level `models` lists and no node names.

    The frontend does not ask for these: the list may be older than the nodes.
    """
    names = {base_name(ref.name) for ref in refs}
    return (
        *refs,
        *(
            _ref_of_declared(model)
            for model in graph.declared
            if _has_name(model) and base_name(str(model["name"])) not in names
        ),
    )


def _has_name(model: Mapping[str, object]) -> bool:
    return isinstance(model.get("name"), str) and is_name(model["name"])


def _ref_of_declared(model: Mapping[str, object]) -> ModelRef:
    directory = model.get("directory")
    folders = (canonical_key(directory),) if isinstance(directory, str) and directory else ()
    found: dict[tuple[str, str], DeclaredFile] = {}
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
    """Returns the refs with the hashes and ids that metadata gives for files of their name.

    An id without a name is that of the one needed file of its folder, where there is one of each.
    """
    named: dict[str, dict[str, tuple[int, Resource]]] = {}
    for place, resource in enumerate(resources):
        if resource.name:
            named.setdefault(_stem(resource.name), {}).setdefault(resource.folder, (place, resource))
    joined = tuple(_with_named_resource(ref, named) for ref in refs) if named else tuple(refs)
    ids = [resource for resource in unnamed(resources, joined) if resource.folder]
    alone: dict[int, Resource] = {}
    times, open_places = Counter(resource.folder for resource in ids), _without_id(joined)
    for resource in ids:
        places = open_places.get(resource.folder, ())
        if len(places) == 1 and times[resource.folder] == 1:
            alone[places[0]] = resource
    return tuple(_with_id(ref, alone[place]) if place in alone else ref for place, ref in enumerate(joined))


def refs_of_resources(resources: Iterable[Resource], path: str, where: str) -> tuple[ModelRef, ...]:
    """Refs for what only metadata names. A name that is missing is said by id: `civitai version 128078`."""
    refs = []
    for resource in resources:
        name = resource.name or (
            str(resource.air)
            if resource.air
            else f"civitai version {resource.version_id}"
            if resource.version_id
            else str(resource.digest)
        )
        refs.append(
            ModelRef(
                name=name,
                model_type=model_type_of(resource.folder) if resource.folder else ModelType.UNKNOWN,
                folders=(resource.folder, *resource.more_folders) if resource.folder else (),
                status=RefStatus.REQUIRED,
                sites=(NodeSite(path, "", where, resource.folder or "resource"),),
                digests=(resource.digest,) if resource.digest else (),
                air=resource.air,
                version_id=resource.version_id,
                base_models=(resource.base_model,) if resource.base_model else (),
                lookups=(Lookup.STEM if resource.name else Lookup.HASH,),
            )
        )
    return tuple(sorted(refs, key=lambda ref: ref.key))


def unnamed(resources: Iterable[Resource], refs: Sequence[ModelRef]) -> list[Resource]:
    """The resources known by id alone that no ref has already."""
    known = {ref.version_id for ref in refs} | {ref.air.version_id for ref in refs if ref.air}
    digests = {digest for ref in refs for digest in ref.digests}
    return [
        resource
        for resource in resources
        if not resource.name
        and (resource.version_id or (resource.air.version_id if resource.air else None)) not in known
        and (resource.digest is None or resource.digest not in digests)
    ]


def _without_id(refs: Sequence[ModelRef]) -> dict[str, list[int]]:
    """The places in `refs` of the required files that have neither a hash nor an id, by folder."""
    found: dict[str, list[int]] = {}
    for place, ref in enumerate(refs):
        if ref.status is RefStatus.REQUIRED and not (ref.digests or ref.version_id or ref.air):
            found.setdefault(ref.folder, []).append(place)
    return found


def _with_id(ref: ModelRef, resource: Resource) -> ModelRef:
    digests = (resource.digest,) if resource.digest else ()
    return replace(ref, version_id=resource.version_id, air=resource.air, digests=digests)


def _with_declared_of(ref: ModelRef, declared: Mapping[tuple[str, str], DeclaredFile]) -> ModelRef:
    keys = [*((site.node_id, ref.name) for site in ref.sites), ("", ref.name), ("", base_name(ref.name))]
    found = [declared[key] for key in keys if key in declared]
    if not found:
        return ref
    urls = tuple(dict.fromkeys(url for file in found for url in file.urls))
    digests = tuple(dict.fromkeys(digest for file in found for digest in file.digests))
    return replace(ref, urls=urls, digests=digests)


def _declared(graph: NodeGraph) -> dict[tuple[str, str], DeclaredFile]:
    found: dict[tuple[str, str], DeclaredFile] = {}
    for node in graph.nodes.values():
        for model in node.declared:
            _declare(found, node.id, model)
    for model in graph.declared:
        _declare(found, "", model)
    return found


def _declare(found: dict[tuple[str, str], DeclaredFile], node_id: str, model: Mapping[str, object]) -> None:
    name, url = model.get("name"), model.get("url")
    if isinstance(name, str):
        urls = (url,) if isinstance(url, str) and url.startswith(("https://", "http://")) else ()
        found[node_id, name] = DeclaredFile(urls, _digests(model.get("hash"), model.get("hash_type")))


def _digests(value: object, algorithm: object) -> tuple[Digest, ...]:
    if not isinstance(value, str):
        return ()
    try:
        if isinstance(algorithm, str):
            return (Digest.of(Algorithm(algorithm.lower().replace("-", "")), value),)
        return (Digest.parse(value),)
    except ValueError:
        return ()


def _with_named_resource(ref: ModelRef, named: Mapping[str, Mapping[str, tuple[int, Resource]]]) -> ModelRef:
    """`named`: stem → folder → the first such resource, with its place among all."""
    by_folder = named.get(_stem(ref.name), {})
    folders = ("", *ref.folders) if ref.folders else by_folder
    fitting = [by_folder[folder] for folder in folders if folder in by_folder]
    if not fitting:
        return ref
    _, resource = min(fitting, key=lambda row: row[0])
    digests = tuple(dict.fromkeys([*ref.digests, *([resource.digest] if resource.digest else [])]))
    return replace(
        ref, digests=digests, version_id=ref.version_id or resource.version_id, air=ref.air or resource.air,
        base_models=ref.base_models or ((resource.base_model,) if resource.base_model else ()),
    )  # fmt: skip


def with_hints(refs: Iterable[ModelRef], notes: Sequence[str]) -> tuple[ModelRef, ...]:
    """Returns the refs; one whose file name is in a link of a note has that URL as a hint. A hint requires nothing."""
    links = _links(notes)
    if not links:
        return tuple(refs)
    return tuple(_hinted(ref, links) for ref in refs)


def _links(notes: Sequence[str]) -> list[tuple[str, str]]:
    """Each URL with the text it may be recognised by: its own, and the words of its Markdown link; the first of too many."""
    found: dict[str, str] = {}
    left = MAX_NOTES
    for note in notes:
        note, left = note[:left], left - len(note[:left])
        for words, url in islice(_LINK().findall(note), MAX_LINKS - len(found)):
            found[url] = f"{words}\n{found.get(url, '')}"[:_WORDS]
        for url in islice(_URL().findall(note), MAX_LINKS - len(found)):
            found.setdefault(url.rstrip(".,;:!?*"), "")
    return [(url, f"{_readable(url)}\n{words}".lower()) for url, words in found.items()]


def _readable(url: str) -> str:
    if "%" not in url:
        return url
    from urllib.parse import unquote  # most URLs are plain

    return unquote(url)


def _hinted(ref: ModelRef, links: list[tuple[str, str]]) -> ModelRef:
    name = base_name(ref.name).lower()
    if len(name) < 5:
        return ref
    hints = [without_secrets(url) for url, text in links if name in text]
    hints = [url for url in dict.fromkeys((*ref.hints, *hints)) if url not in ref.urls]
    return replace(ref, hints=tuple(hints)) if hints else ref


def _stem(name: str) -> str:
    base = base_name(name).lower()
    return next((base[: -len(ending)] for ending in ENDINGS if base.endswith(ending)), base)
