"""Refs, findings and resolutions → the dependency graph; the only module that knows networkx.

Every edge but one leads to a kind further down (workflow → node → ref → file → version → model → source, base
models last), so there can be no ring; `applied_to` leads from ref to ref, and one that would close a ring is
left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, assert_never

from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.graphs import Graph, GraphEdge, GraphKind, GraphNode, Relation
from wfdeps.domain.merging import merge_refs
from wfdeps.domain.refs import ModelRef, NodeSite, Pairing, UnreadableWorkflow, WorkflowRefs
from wfdeps.domain.resolutions import Ambiguous, Present, Resolution, Resolved, Unresolved
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import visible

if TYPE_CHECKING:
    import networkx

    _DiGraph = networkx.DiGraph[str]

_RANK = {kind: rank for rank, kind in enumerate(GraphKind)}


def build_graph(
    workflows: Sequence[WorkflowRefs | UnreadableWorkflow],
    findings: Iterable[Finding],
    resolutions: Iterable[Resolution] = (),
) -> Graph:
    """The graph of these workflows; a workflow that could not be read is a node without edges."""
    draft = _Draft()
    by_ref = {finding.ref.key: finding for finding in findings}
    resolved_by_ref = {resolution.ref.key: resolution for resolution in resolutions}
    for workflow in workflows:
        draft.add_workflow(workflow)
    for ref in merge_refs(ref for row in workflows if isinstance(row, WorkflowRefs) for ref in row.refs):
        draft.add_ref(ref, by_ref.get(ref.key), resolved_by_ref.get(ref.key))
    for workflow in workflows:
        if isinstance(workflow, WorkflowRefs):
            draft.add_pairings(workflow.refs, workflow.pairings)
    return draft.finish()


def to_networkx(graph: Graph) -> _DiGraph:
    """The dependency graph as a networkx graph: nodes by id with `kind`, `label` and their attributes, edges with `relation`."""
    import networkx  # 120 ms to import

    result: _DiGraph = networkx.DiGraph()
    for node in graph.nodes:
        result.add_node(node.id, kind=str(node.kind), label=node.label, **dict(node.attributes))
    for edge in graph.edges:
        result.add_edge(edge.source, edge.target, relation=str(edge.relation))
    return result


def graphml(graph: Graph) -> str:
    """GraphML, for Gephi, yEd and networkx; what XML cannot hold is written visibly."""
    import networkx

    shown = Graph(
        tuple(
            GraphNode(visible(node.id), node.kind, visible(node.label), _shown(node)) for node in graph.nodes
        ),
        tuple(GraphEdge(visible(edge.source), visible(edge.target), edge.relation) for edge in graph.edges),
    )
    return "\n".join(networkx.generate_graphml(to_networkx(shown))) + "\n"


def _shown(node: GraphNode) -> tuple[tuple[str, str | int], ...]:
    return tuple(
        (name, visible(value) if isinstance(value, str) else value) for name, value in node.attributes
    )


class _Draft:
    """A graph being put together."""

    def __init__(self) -> None:
        import networkx

        self._nodes: dict[str, GraphNode] = {}
        self._relations: dict[tuple[str, str], Relation] = {}
        self._applied: _DiGraph = networkx.DiGraph()
        """Only the edges from ref to ref: the only ones that could close a ring."""

    def add_workflow(self, workflow: WorkflowRefs | UnreadableWorkflow) -> None:
        if isinstance(workflow, UnreadableWorkflow):
            self._node(GraphKind.WORKFLOW, workflow.path, workflow.path, error=workflow.message)
            return
        top = self._node(GraphKind.WORKFLOW, workflow.path, workflow.path, format=workflow.format)
        for ref in workflow.refs:
            for site in ref.sites:
                self._edge(top, self._site(site), Relation.CONTAINS)

    def add_ref(self, ref: ModelRef, finding: Finding | None, resolution: Resolution | None) -> None:
        state = _state(finding, resolution)
        self._node(
            GraphKind.REF,
            _ref_key(ref),
            ref.name if "://" not in ref.name else without_secrets(ref.name),
            folder=ref.folder,
            model_type=str(ref.model_type),
            status=str(ref.status),
            state=str(state) if state else "",
        )
        top = _ref_id(ref)
        for site in ref.sites:
            self._edge(self._site(site), top, Relation.NEEDS)
        for base_model in ref.base_models:
            self._edge(top, self._base(base_model), Relation.BASED_ON)
        for file in finding.files[:1] if finding else ():
            self._edge(top, self._local(file), Relation.FOUND_AS)
        self._add_resolution(top, resolution)

    def _add_resolution(self, top: str, resolution: Resolution | None) -> None:
        match resolution:
            case None | Unresolved():
                return
            case Present(finding=finding, origin=origin):
                if origin and finding.files:
                    self._below_file(self._local(finding.files[0]), origin.candidate)
            case Resolved(choice=choice):
                self._edge(top, self._remote(choice.candidate), Relation.CHOSEN)
            case Ambiguous(candidates=candidates):
                for ranked in candidates:
                    self._edge(top, self._remote(ranked.candidate), Relation.CANDIDATE)
            case _:
                assert_never(resolution)

    def add_pairings(self, refs: Sequence[ModelRef], pairings: Iterable[Pairing]) -> None:
        import networkx

        at = {site: _ref_id(ref) for ref in refs for site in ref.sites}
        for pairing in pairings:
            dependent, base = at.get(pairing.dependent), at.get(pairing.base)
            if dependent is None or base is None:
                continue
            self._applied.add_nodes_from((dependent, base))
            if not networkx.has_path(self._applied, base, dependent):
                self._applied.add_edge(dependent, base)
                self._edge(dependent, base, Relation.APPLIED_TO)

    def finish(self) -> Graph:
        """The graph, sorted."""
        place = {node.id: (_RANK[node.kind], _natural(node.id), node.id) for node in self._nodes.values()}
        ends = sorted(self._relations, key=lambda pair: (place[pair[0]], place[pair[1]]))
        return Graph(
            tuple(sorted(self._nodes.values(), key=lambda node: place[node.id])),
            tuple(GraphEdge(source, target, self._relations[source, target]) for source, target in ends),
        )

    def _site(self, site: NodeSite) -> str:
        label = f"{site.node_id} {site.title or site.node_class}"
        return self._node(
            GraphKind.NODE,
            f"{site.workflow}#{site.node_id}",
            label,
            node_class=site.node_class,
            workflow=site.workflow,
        )

    def _local(self, file: LocalFile) -> str:
        sha256 = find_digest(file.digests, Algorithm.SHA256)
        return self._node(
            GraphKind.FILE,
            file.path,
            file.name,
            folder=file.folder_key,
            path=file.path,
            sha256=sha256.value if sha256 else "",
            size=file.size,
            where="library",
        )

    def _remote(self, candidate: Candidate) -> str:
        sha256 = find_digest(candidate.digests, Algorithm.SHA256)
        url = without_secrets(candidate.url)
        node = self._node(
            GraphKind.FILE,
            f"{candidate.source}:{candidate.file_id or url}",
            candidate.file_name,
            access=str(candidate.access.state),
            air=str(candidate.air) if candidate.air else "",
            sha256=sha256.value if sha256 else "",
            size=candidate.size,
            url=url,
            where="remote",
        )
        self._below_file(node, candidate)
        return node

    def _below_file(self, file: str, candidate: Candidate) -> None:
        """Version, model and source, as far as the source knows such things; and the base model."""
        last = file
        if candidate.version_id is not None:
            label = candidate.version_name or str(candidate.version_id)
            key = f"{candidate.source}:{candidate.version_id}"
            version = self._node(GraphKind.VERSION, key, label, version_id=candidate.version_id)
            self._edge(last, version, Relation.RELEASE_OF)
            last = version
        if candidate.base_model:
            self._edge(last, self._base(candidate.base_model), Relation.BASED_ON)
        if candidate.model_id is not None or candidate.model_name:
            label = candidate.model_name or str(candidate.model_id)
            key = f"{candidate.source}:{candidate.model_id if candidate.model_id is not None else candidate.model_name}"
            page = without_secrets(candidate.page) if candidate.page else ""
            model = self._node(GraphKind.MODEL, key, label, model_id=candidate.model_id, page=page)
            self._edge(last, model, Relation.OF_MODEL)
            last = model
        self._edge(
            last, self._node(GraphKind.SOURCE, candidate.source, candidate.source), Relation.FROM_SOURCE
        )

    def _base(self, name: str) -> str:
        return self._node(GraphKind.BASE_MODEL, name, name)

    def _node(self, kind: GraphKind, key: str, label: str, **attributes: str | int | None) -> str:
        """Add a node once; what is empty or unknown is left out. Returns its id."""
        id = f"{kind}:{key}"
        if id not in self._nodes:
            kept = tuple(
                sorted((name, value) for name, value in attributes.items() if value not in ("", None))
            )
            self._nodes[id] = GraphNode(id, kind, label, kept)
        return id

    def _edge(self, source: str, target: str, relation: Relation) -> None:
        """Add an edge once; the first thing said of two ends stays."""
        self._relations.setdefault((source, target), relation)


def _natural(text: str) -> tuple[tuple[int, str], ...]:
    """Sorts `node 9` before `node 14`."""
    return tuple(
        (int(part) if part.isdecimal() and part.isascii() else 0, part)
        for part in re.split("([0-9]{1,18})", text)
    )


def _state(finding: Finding | None, resolution: Resolution | None) -> RefState | None:
    match resolution:
        case Resolved():
            return RefState.RESOLVED
        case Ambiguous():
            return RefState.AMBIGUOUS
        case Unresolved(state=state):
            return state
        case Present(finding=present):
            return present.state
        case None:
            return finding.state if finding else None
        case _:
            assert_never(resolution)


def _ref_key(ref: ModelRef) -> str:
    return f"{ref.folder}/{ref.name}"


def _ref_id(ref: ModelRef) -> str:
    return f"{GraphKind.REF}:{_ref_key(ref)}"
