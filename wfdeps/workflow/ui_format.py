"""UI format → Graph: subgraphs unfolded, promoted values handed in, virtual nodes looked through.

The rules are those of ComfyUI's frontend when it builds the prompt (`graphToPrompt`, `ExecutableNodeDTO`,
`SubgraphNode`): muted nodes give nothing, bypassed ones pass an input of the same type through, a promoted
widget's value on the host wins over the one inside.
"""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.errors import WorkflowError
from wfdeps.workflow.graph import Graph, Node, Output
from wfdeps.workflow.group_nodes import unfold_group
from wfdeps.workflow.limits import MAX_INSTANCES, MAX_NODES, MAX_SUBGRAPH_DEPTH
from wfdeps.workflow.origins import BROKEN, open_ends, origin_of
from wfdeps.workflow.promoted import Handed, hand_in
from wfdeps.workflow.scopes import NOTES, VIRTUAL, Raw, Scope, definitions_in, why_inactive
from wfdeps.workflow.ui_nodes import input_name, node_of

if TYPE_CHECKING:
    from typing import Any


def is_workflow(value: object) -> bool:
    """Whether this is a UI workflow: a dict with a list (or dict) of nodes that have an id and a type."""
    if not isinstance(value, dict):
        return False
    nodes = value.get("nodes")
    if isinstance(nodes, dict):
        return bool(nodes) and all(_is_node(node) for node in nodes.values())
    if not isinstance(nodes, list):
        return False
    if not nodes:
        return "links" in value or "last_node_id" in value
    return any(_is_node(node) for node in nodes)


def _is_node(value: object) -> bool:
    return isinstance(value, dict) and "id" in value and "type" in value and "class_type" not in value


def read_workflow_graph(workflow: Mapping[str, Any]) -> Graph:
    """The graph of a UI workflow. Raises WorkflowError where it unfolds past the limits."""
    graph = _Reader(workflow).read()
    declared = workflow.get("models")
    graph.declared = (
        [model for model in declared if isinstance(model, dict)] if isinstance(declared, list) else ()
    )
    return graph


class _Reader:
    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.definitions = definitions_in(workflow)
        extra = workflow.get("extra")
        groups = extra.get("groupNodes") if isinstance(extra, dict) else None
        self.groups: Mapping[str, Any] = groups if isinstance(groups, dict) else {}
        self.pending: list[tuple[Scope, Raw, Node]] = []
        self.graph = Graph("ui", {})
        self.notes: list[str] = []
        self.instances = 0

    def read(self) -> Graph:
        root = Scope(self.workflow, None, None, Handed({}, {}))
        self._open(root, ())
        for scope, raw, node in self.pending:
            self._connect(scope, raw, node)
        self.graph.notes = self.notes
        self.graph.open_ends = list(open_ends(root))
        return self.graph

    def _open(self, scope: Scope, path: tuple[str, ...]) -> None:
        for node_id, raw in scope.nodes.items():
            node_class: str = raw["type"]
            if node_class in VIRTUAL:
                self._note(node_class, raw)
                continue
            inactive = scope.inactive or why_inactive(raw)
            definition = self.definitions.get(node_class)
            if definition is not None:
                self._open_subgraph(scope, node_id, raw, definition, inactive, path)
            else:
                self._add(scope, node_id, raw, node_class, inactive)

    def _open_subgraph(
        self, scope: Scope, node_id: str, raw: Raw, definition: Raw, inactive: str, path: tuple[str, ...]
    ) -> None:
        name = str(raw["type"])
        if name in path:
            self.graph.notices.append(("recursive_subgraph", f"subgraph `{name}` contains itself; read once"))
            return
        self.instances += 1
        if self.instances > MAX_INSTANCES:
            raise WorkflowError(f"too many instances of subgraphs, the limit is {MAX_INSTANCES:,}")
        if len(path) >= MAX_SUBGRAPH_DEPTH:
            raise WorkflowError(f"subgraphs nested deeper than {MAX_SUBGRAPH_DEPTH}")
        child = Scope(definition, scope, raw, hand_in(raw, definition, scope.handed.inner.get(node_id, {})))
        child.inactive = inactive.replace("node", "subgraph") if inactive == why_inactive(raw) else inactive
        scope.children[node_id] = child
        self._open(child, (*path, name))

    def _add(self, scope: Scope, node_id: str, raw: Raw, node_class: str, inactive: str) -> None:
        node = node_of(scope.prefix + node_id, raw, node_class, scope.handed.inner.get(node_id))
        node.inactive = inactive
        self._keep(scope, raw, node)
        group = self.groups.get(node_class[9:]) if node_class.startswith(("workflow/", "workflow>")) else None
        if isinstance(group, dict):
            for inner in unfold_group(node, group):
                inner.inactive = inactive or inner.inactive
                # What reaches one of a group reaches all of it, and what feeds it.
                node.origins[inner.id], inner.origins["(group)"] = Output(inner.id, 0), Output(node.id, 0)
                self._register(inner)
            node.listed, node.named = (), {}

    def _keep(self, scope: Scope, raw: Raw, node: Node) -> None:
        if node.id in self.graph.nodes:
            node.id = self._fresh(node.id)
        self._register(node)
        self.pending.append((scope, raw, node))

    def _register(self, node: Node) -> None:
        if len(self.graph.nodes) >= MAX_NODES:
            raise WorkflowError(f"too many nodes, the limit is {MAX_NODES:,}")
        self.graph.nodes[node.id] = node

    def _fresh(self, node_id: str) -> str:
        count = 2
        while f"{node_id}~{count}" in self.graph.nodes:
            count += 1
        return f"{node_id}~{count}"

    def _note(self, node_class: str, raw: Raw) -> None:
        if node_class in NOTES:
            values = raw.get("widgets_values")
            texts = (
                values.values() if isinstance(values, dict) else values if isinstance(values, list) else ()
            )
            self.notes.extend(text for text in texts if isinstance(text, str) and "://" in text)

    def _connect(self, scope: Scope, raw: Raw, node: Node) -> None:
        inputs = raw.get("inputs")
        for given in inputs if isinstance(inputs, list) else ():
            if isinstance(given, dict) and given.get("link") is not None:
                origin = origin_of(scope, given["link"])
                if origin is BROKEN:
                    node.is_broken = True
                elif origin is not None:
                    node.origins[input_name(given)] = origin
                    node.linked_widgets += isinstance(given.get("widget"), dict)
