"""Graph → what each of its nodes names, and whether that is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import STAND_IN, NodeSite, Notice, RefStatus
from wfdeps.values import NamedTuple
from wfdeps.workflow.model_claims import ModelClaim, RuntimeName, SitedClaim
from wfdeps.workflow.names import is_stand_in
from wfdeps.workflow.notices import (
    embedding_dropped,
    not_judged,
    notices_on_claim,
    notices_on_guesses,
    notices_on_node,
    runtime_name,
    unknown_preset,
)
from wfdeps.workflow.reach import reach_of
from wfdeps.workflow.slots import claims_of
from wfdeps.workflow.text_tags import TextTag, lora_readers, tags_of

if TYPE_CHECKING:
    from wfdeps.domain.refs import Lookup
    from wfdeps.workflow.loaders import LoaderRow, LoaderTable
    from wfdeps.workflow.node_graph import Node, NodeGraph
    from wfdeps.workflow.reach import Reach


class GraphClaims(NamedTuple):
    """Everything the nodes of one graph name, each with its status, and what else is to be told of it."""

    claims: list[SitedClaim]
    notices: list[Notice]
    reach: Reach
    """Which nodes run."""


def claims_in(graph: NodeGraph, table: LoaderTable, path: str, *, include_inactive: bool) -> GraphClaims:
    """Returns what the nodes of a graph name; `path` is the workflow's, for the sites.

    `include_inactive` counts muted and bypassed nodes and switched-off slots as required.
    """
    return _Collector(graph, table, path, include_inactive).collect()


class _Collector:
    def __init__(self, graph: NodeGraph, table: LoaderTable, path: str, include_inactive: bool) -> None:
        self.graph, self.table, self.path, self.include_inactive = graph, table, path, include_inactive
        self.reach = reach_of(graph, table)
        self.claims: list[SitedClaim] = []
        self.notices = [Notice(code, message) for code, message in graph.notices]

    def collect(self) -> GraphClaims:
        if self.reach.doubt and self.graph.nodes:
            code, why = self.reach.doubt
            what = "everything that is active" if self.reach.node_ids is None else "what they give"
            self.notices.append(Notice(code, f"{why}: {what} counts as required"))
        with_preset, nameless = [], []
        for node in self.graph.nodes.values():
            row = self.table.row(node.node_class, node.pack)
            if row is not None and not node.widget_names:
                names = row.order_for(node.listed)
                node.widget_names = names if len(names) == len(node.listed) else ()
            if self._runs(node):
                self.notices.extend(notices_on_node(node, row))
            claims = [self._sited(node, claim) for claim in self._claims(node, row)]
            self.claims.extend(claims)
            if row is None and not claims and self._runs(node) and not self.table.is_listed(node.node_class):
                nameless.append(node)
            if row is not None and any(slot.kind == "preset" for slot in row.slots):
                with_preset.append((node, row))
        for node, row in with_preset:  # which file a preset picks depends on the names of all the others
            self._collect_preset(node, row)
        for each in self.claims:
            self.notices.extend(notices_on_claim(each.claim, each.site, each.status))
        self.notices.extend(notices_on_guesses(self.claims))
        if nameless:
            from wfdeps.workflow.guess import speaks_of_models  # most workflows have listed classes only

            if unjudged := [node for node in nameless if speaks_of_models(node)]:
                self.notices.append(not_judged(unjudged))
        return GraphClaims(self.claims, self.notices, self.reach)

    def _claims(self, node: Node, row: LoaderRow | None) -> Iterator[ModelClaim]:
        if row is not None:
            for claim in claims_of(node, row, self.graph, self.table):
                if isinstance(claim, RuntimeName):
                    self.notices.append(runtime_name(node, claim))
                else:
                    yield claim
        elif node.node_class not in self.table.known:
            from wfdeps.workflow.guess import guesses_of  # most workflows have listed classes only

            yield from guesses_of(node, self.table)
        for tag in tags_of(node, lambda: self._lora_readers):
            if tag.folder == "embeddings" and not tag.loaded and self._runs(node):
                self.notices.append(embedding_dropped(node, tag.name, tag.why))
            yield _claim_of_tag(tag)

    @cached_property
    def _lora_readers(self) -> Mapping[str, tuple[Lookup, ...]]:
        return lora_readers(self.graph, self.table.tag_readers)

    def _collect_preset(self, node: Node, row: LoaderRow) -> None:
        from wfdeps.workflow.presets import files_of_preset  # few workflows have one

        claims = list(files_of_preset(node, row, self.graph, self.table, self.claims))
        self.claims.extend(self._sited(node, claim) for claim in claims)
        if not claims and self._runs(node):
            self.notices.append(unknown_preset(node))

    def _runs(self, node: Node) -> bool:
        return not node.inactive and self.reach.runs(node)

    def _sited(self, node: Node, claim: ModelClaim) -> SitedClaim:
        status, why = self._status(node, claim)
        site = NodeSite(self.path, node.id, node.node_class, claim.input, node.title)
        return SitedClaim(claim, site, status, why)

    def _status(self, node: Node, claim: ModelClaim) -> tuple[RefStatus, str]:
        if claim.kind == "inert":
            return RefStatus.INERT, claim.why
        if node.inactive and not self.include_inactive:
            return RefStatus.INACTIVE, node.inactive
        if not claim.loaded and not claim.validated and not self.include_inactive:
            return RefStatus.INACTIVE, "its slot is switched off"
        if not self.reach.runs(node) and not node.inactive:
            return RefStatus.UNREACHABLE, "no output node depends on it"
        if claim.kind == "auto":
            return RefStatus.AUTO_DOWNLOAD, "the node fetches it at run time"
        if claim.kind == "unfilled":
            return RefStatus.PLACEHOLDER, f"slot not filled: ComfyUI's list has no `{claim.name}`"
        if is_stand_in(claim.name):
            return RefStatus.PLACEHOLDER, STAND_IN
        if not claim.loaded:
            return RefStatus.REQUIRED, "not loaded as its slot is set, but ComfyUI refuses to run without it"
        return RefStatus.REQUIRED, claim.why


def _claim_of_tag(tag: TextTag) -> ModelClaim:
    kind = "file" if tag.loaded else "inert"
    folders = (tag.folder,) if tag.folder else ()
    return ModelClaim(tag.name, folders, tag.input, kind, validated=False, why=tag.why, lookups=tag.lookups)
