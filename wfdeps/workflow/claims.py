"""Graph → ModelRefs: what each node names, whether it is needed, merged by name and folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from wfdeps import TYPE_CHECKING
from wfdeps.domain.air import AIR_ANYWHERE, Air
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import Certainty, ModelRef, NodeSite, Notice, RefStatus
from wfdeps.values import NamedTuple, dataclass, field
from wfdeps.workflow.guess import guesses_of
from wfdeps.workflow.names import is_stand_in
from wfdeps.workflow.reach import Reach, reach_of
from wfdeps.workflow.remarks import remark_on_dynamic, remark_on_preset, remarks_on, remarks_on_claim
from wfdeps.workflow.slots import Claim, Dynamic, claims_of
from wfdeps.workflow.text_tags import Tag, lora_readers, tags_of

if TYPE_CHECKING:
    from wfdeps.workflow.graph import Graph, Node
    from wfdeps.workflow.loaders import LoaderRow, LoaderTable

# The strongest status of all sites is the ref's.
_ORDER = (
    RefStatus.REQUIRED, RefStatus.AUTO_DOWNLOAD, RefStatus.PLACEHOLDER, RefStatus.INACTIVE, RefStatus.UNREACHABLE,
    RefStatus.INERT,
)  # fmt: skip
_RANK = {status: rank for rank, status in enumerate(_ORDER)}
_CERTAINTIES = tuple(Certainty)


class Found(NamedTuple):
    """One claim with its place and what it is worth."""

    claim: Claim
    site: NodeSite
    status: RefStatus
    why: str


@dataclass(slots=True)
class Reading:
    """What one graph gave."""

    readers: Callable[[], frozenset[str]]
    """The nodes whose `<lora:…>` is loaded, found when first asked for."""
    found: list[Found] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


def read_claims(graph: Graph, table: LoaderTable, path: str, *, include_inactive: bool) -> Reading:
    """Everything the nodes of a graph name, each with its status."""
    reading = Reading(
        cache(lambda: lora_readers(graph)), notices=[Notice(code, message) for code, message in graph.notices]
    )
    reach = reach_of(graph, table)
    if reach.doubt and graph.nodes:
        code, why = reach.doubt
        what = "everything that is active" if reach.node_ids is None else "what they give"
        reading.notices.append(Notice(code, f"{why}: {what} counts as required"))
    by_preset: list[tuple[Node, LoaderRow]] = []
    for node in graph.nodes.values():
        row = table.row(node.node_class, node.pack)
        if row is not None and not node.widget_names and len(row.order) == len(node.listed):
            node.widget_names = row.order
        if not node.inactive and reach.runs(node):
            reading.notices.extend(remarks_on(node, row))
        for claim in _claims(node, graph, table, reading):
            reading.found.append(_found(node, claim, path, reach, include_inactive))
        if row is not None and any(slot.kind == "preset" for slot in row.slots):
            by_preset.append((node, row))
    for node, row in by_preset:
        from wfdeps.workflow.presets import implied_by  # few workflows have one

        claims = list(implied_by(node, row, graph, table, reading.found))
        reading.found += [_found(node, claim, path, reach, include_inactive) for claim in claims]
        if not claims and not node.inactive and reach.runs(node):
            reading.notices.append(remark_on_preset(node))
    reading.notices.extend(
        remark for one in reading.found for remark in remarks_on_claim(one.claim, one.site, one.status)
    )
    return reading


def merge(found: Iterable[Found]) -> tuple[ModelRef, ...]:
    """One ref for each name in a folder, its sites in the workflow's order; sorted by folder and name."""
    groups: dict[tuple[str, str], list[Found]] = {}
    for one in found:
        folder = one.claim.folders[0] if one.claim.folders else ""
        groups.setdefault((folder, one.claim.name), []).append(one)
    return tuple(_ref(group) for _, group in sorted(groups.items()))


def _claims(node: Node, graph: Graph, table: LoaderTable, reading: Reading) -> Iterator[Claim]:
    row = table.row(node.node_class, node.pack)
    if row is not None:
        for claim in claims_of(node, row, graph, table):
            if isinstance(claim, Dynamic):
                reading.notices.append(remark_on_dynamic(node, claim))
            else:
                yield claim
    elif node.node_class not in table.known:
        yield from guesses_of(node, table)
    for tag in tags_of(node, reading.readers):
        yield _tagged(tag)


def _found(node: Node, claim: Claim, path: str, reach: Reach, include_inactive: bool) -> Found:
    status, why = _status(node, claim, reach, include_inactive)
    return Found(claim, NodeSite(path, node.id, node.node_class, claim.input, node.title), status, why)


def _tagged(tag: Tag) -> Claim:
    kind = "file" if tag.loaded else "inert"
    return Claim(tag.name, (tag.folder,) if tag.folder else (), tag.input, kind, validated=False, why=tag.why)


def _status(node: Node, claim: Claim, reach: Reach, include_inactive: bool) -> tuple[RefStatus, str]:
    if claim.kind == "inert":
        return RefStatus.INERT, claim.why
    if node.inactive and not include_inactive:
        return RefStatus.INACTIVE, node.inactive
    if not claim.loaded and not claim.validated and not include_inactive:
        return RefStatus.INACTIVE, "its slot is switched off"
    if not reach.runs(node) and not node.inactive:
        return RefStatus.UNREACHABLE, "no output node depends on it"
    if claim.kind == "auto":
        return RefStatus.AUTO_DOWNLOAD, "the node fetches it at run time"
    if is_stand_in(claim.name):
        return RefStatus.PLACEHOLDER, "a stand-in, not a file's name"
    if not claim.loaded:
        return RefStatus.REQUIRED, "not loaded as its slot is set, but ComfyUI refuses to run without it"
    return RefStatus.REQUIRED, claim.why


def _ref(group: list[Found]) -> ModelRef:
    best = min(group, key=lambda one: _RANK[one.status])
    folders = max((one.claim.folders for one in group), key=len)
    accepts = {one.claim.accepts for one in group}
    return ModelRef(
        name=best.claim.name,
        model_type=model_type_of(folders[0]) if folders else ModelType.UNKNOWN,
        folders=folders,
        status=best.status,
        sites=tuple(dict.fromkeys(one.site for one in group)),
        air=_air(best.claim.name),
        urls=_each(one.claim.urls for one in group),
        hints=_each(one.claim.hints for one in group),
        certainty=min((one.claim.certainty for one in group), key=_CERTAINTIES.index),
        why=best.why,
        accepts=accepts.pop() if len(accepts) == 1 else "",
    )


def _each(values: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for some in values for value in some))


def _air(name: str) -> Air | None:
    lower = name.lower()
    if not lower.startswith(("urn:air:", "air:", "civitai:")):
        found = AIR_ANYWHERE().search(name) if "urn:air:" in lower else None
        name = found.group() if found else ""
    try:
        return Air.parse(name) if name else None
    except ValueError:
        return None
