"""UI format → NodeGraph: subgraphs unfolded, promoted values set inside, virtual nodes looked through.

The rules are those of ComfyUI's frontend when it builds the prompt (`graphToPrompt`, `ExecutableNodeDTO`,
`SubgraphNode`): muted nodes give nothing, bypassed ones pass an input of the same type through, a promoted
widget's value on the host wins over the one inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.errors import WorkflowError
from wfdeps.workflow.limits import MAX_INSTANCES, MAX_NODES, MAX_SUBGRAPH_DEPTH
from wfdeps.workflow.node_graph import Node, NodeGraph, Output
from wfdeps.workflow.promoted import HostValues, host_values
from wfdeps.workflow.ui_links import (
    BROADCAST,
    BROKEN,
    NOTES,
    VIRTUAL,
    GraphLevel,
    Raw,
    definitions_in,
    open_ends,
    origin_of,
    why_inactive,
)

if TYPE_CHECKING:
    from typing import Any

_CONTROLLED = frozenset({"seed", "noise_seed"})
"""Widgets that the frontend follows with another, `control_after_generate`."""


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


def read_workflow_graph(workflow: Mapping[str, Any]) -> NodeGraph:
    """The graph of a UI workflow. Raises WorkflowError where it unfolds past the limits."""
    graph = _UiReader(workflow).read()
    declared = workflow.get("models")
    graph.declared = (
        [model for model in declared if isinstance(model, dict)] if isinstance(declared, list) else ()
    )
    return graph


class _UiReader:
    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.definitions = definitions_in(workflow)
        extra = workflow.get("extra")
        groups = extra.get("groupNodes") if isinstance(extra, dict) else None
        self.groups: Mapping[str, Any] = groups if isinstance(groups, dict) else {}
        self.pending: list[tuple[GraphLevel, Raw, Node]] = []
        self.graph = NodeGraph("ui", {})
        self.notes: list[str] = []
        self.instances = 0

    def read(self) -> NodeGraph:
        root = GraphLevel(self.workflow, None, None, HostValues({}, {}))
        self._open(root, ())
        for level, raw, node in self.pending:
            self._connect(level, raw, node)
        if any(node.is_sink for node in self.graph.nodes.values()):
            for _, raw, node in self.pending:
                node.open_types = _open_types(raw, node)
        self.graph.notes = self.notes
        self.graph.open_ends = list(open_ends(root))
        return self.graph

    def _open(self, level: GraphLevel, path: tuple[str, ...]) -> None:
        for node_id, raw in level.nodes.items():
            node_class: str = raw["type"]
            if node_class in VIRTUAL:
                self._note(node_class, raw)
                continue
            inactive = level.inactive or why_inactive(raw)
            definition = self.definitions.get(node_class)
            if definition is not None:
                self._open_subgraph(level, node_id, raw, definition, inactive, path)
            else:
                self._add(level, node_id, raw, node_class, inactive)

    def _open_subgraph(
        self, level: GraphLevel, node_id: str, raw: Raw, definition: Raw, inactive: str, path: tuple[str, ...]
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
        child = GraphLevel(
            definition, level, raw, host_values(raw, definition, level.host_values.inner.get(node_id, {}))
        )
        child.inactive = inactive.replace("node", "subgraph") if inactive == why_inactive(raw) else inactive
        level.children[node_id] = child
        self._open(child, (*path, name))

    def _add(self, level: GraphLevel, node_id: str, raw: Raw, node_class: str, inactive: str) -> None:
        node = _node_of(level.prefix + node_id, raw, node_class, level.host_values.inner.get(node_id))
        node.inactive = inactive
        self._keep(level, raw, node)
        group = self.groups.get(node_class[9:]) if node_class.startswith(("workflow/", "workflow>")) else None
        if isinstance(group, dict):
            from wfdeps.workflow.group_nodes import unfold_group  # few workflows still have one

            for inner in unfold_group(node, group):
                inner.inactive = inactive or inner.inactive
                # What reaches one of a group reaches all of it, and what feeds it.
                node.origins[inner.id], inner.origins["(group)"] = Output(inner.id, 0), Output(node.id, 0)
                self._register(inner)
            node.listed, node.named = (), {}

    def _keep(self, level: GraphLevel, raw: Raw, node: Node) -> None:
        if node.id in self.graph.nodes:
            node.id = self._fresh(node.id)
        self._register(node)
        self.pending.append((level, raw, node))

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

    def _connect(self, level: GraphLevel, raw: Raw, node: Node) -> None:
        inputs = raw.get("inputs")
        for given in inputs if isinstance(inputs, list) else ():
            if isinstance(given, dict) and given.get("link") is not None:
                origin = origin_of(level, given["link"])
                if origin is BROKEN:
                    node.is_broken = True
                elif origin is not None:
                    node.origins[_input_name(given)] = origin
                    node.linked_widgets += isinstance(given.get("widget"), dict)


def _node_of(node_id: str, raw: Raw, node_class: str, overrides: Mapping[str, object] | None) -> Node:
    """The node without its links; `overrides` are values that a subgraph's host sets, by widget."""
    node = Node(node_id, node_class)
    title = raw.get("title")
    node.title = title if isinstance(title, str) and title != node_class else None
    properties = raw.get("properties")
    if isinstance(properties, dict):
        pack = properties.get("cnr_id") or properties.get("aux_id")
        node.pack = pack if isinstance(pack, str) else ""
        version = properties.get("ver")
        node.version = version if isinstance(version, str) else ""
        models = properties.get("models")
        if isinstance(models, list):
            node.declared = [model for model in models if isinstance(model, dict)]
    named, values = raw.get("widgets_values_named"), raw.get("widgets_values")
    if isinstance(named, dict) and named:
        node.named = named
    elif isinstance(values, dict):
        node.named = values
    if isinstance(values, list):
        node.listed = values
        node.widget_names = widget_names(raw, len(values))
    if overrides:
        node.named = {**node.named, **overrides}
    outputs = raw.get("outputs")
    if isinstance(outputs, list):
        node.output_types = [str(given.get("type")) for given in outputs if isinstance(given, dict)]
    node.is_sink = BROADCAST in node_class
    return node


def _open_types(raw: Raw, node: Node) -> frozenset[str]:
    inputs = raw.get("inputs")
    return frozenset(
        str(given.get("type"))
        for given in (inputs if isinstance(inputs, list) else ())
        if isinstance(given, dict) and _input_name(given) not in node.origins
    )


def widget_names(raw: Raw, count: int) -> Sequence[str]:
    """The names of a node's `count` listed values, where its inputs tell all of them; else empty.

    A seed is followed by `control_after_generate`, which is a value but no input.
    """
    inputs = raw.get("inputs")
    if not isinstance(inputs, list):
        return ()
    names = [given["widget"]["name"] for given in inputs if _has_widget(given)]
    if len(names) == count:
        return names
    if len(names) < count and not _CONTROLLED.isdisjoint(names):
        names = [name for given in names for name in _with_control(given)]
    return names if len(names) == count else ()


def _with_control(name: str) -> Iterator[str]:
    yield name
    if name in _CONTROLLED:
        yield "control_after_generate"


def _has_widget(given: object) -> bool:
    widget = given.get("widget") if isinstance(given, dict) else None
    return isinstance(widget, dict) and isinstance(widget.get("name"), str)


def _input_name(given: Raw) -> str:
    """The name that the prompt gives this input: its widget's, where it stands for one."""
    widget = given.get("widget")
    name = widget.get("name") if isinstance(widget, dict) else given.get("name")
    return name if isinstance(name, str) else str(given.get("name"))
