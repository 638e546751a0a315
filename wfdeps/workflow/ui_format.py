"""UI format → Graph: subgraphs unfolded, promoted values handed in, virtual nodes looked through.

The rules are those of ComfyUI's frontend when it builds the prompt (`graphToPrompt`, `ExecutableNodeDTO`,
`SubgraphNode`): muted nodes give nothing, bypassed ones pass an input of the same type through, a promoted
widget's value on the host wins over the one inside.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wfdeps.errors import WorkflowError
from wfdeps.workflow.graph import Graph, Literal, Node, Origin, Output
from wfdeps.workflow.group_nodes import unfold_group
from wfdeps.workflow.limits import MAX_HOPS, MAX_INSTANCES, MAX_NODES, MAX_SUBGRAPH_DEPTH
from wfdeps.workflow.promoted import Handed, hand_in

Raw = dict[str, Any]

MUTED, BYPASSED = 2, 4
NOTES = frozenset({"Note", "MarkdownNote", "Note _O", "Note Plus (mtb)", "Label (rgthree)"})
_REROUTES = frozenset({"Reroute", "Reroute (rgthree)", "ReroutePrimitive|pysssss"})
_SETTERS = frozenset({"SetNode", "easy setNode"})
_GETTERS = frozenset({"GetNode", "easy getNode"})
_VIRTUAL = NOTES | _REROUTES | _SETTERS | _GETTERS | {"PrimitiveNode"}
_BROADCAST = "Everywhere"


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


class _Scope:
    """The nodes and links of the root or of one instance of a subgraph."""

    __slots__ = ("children", "definition", "handed", "host", "inactive", "input_id", "into", "links", "nodes", "output_id",
                 "parent", "prefix", "setters")  # fmt: skip

    def __init__(
        self, raw: Mapping[str, Any], parent: _Scope | None, host: Raw | None, handed: Handed
    ) -> None:
        self.definition = raw if host is not None else None
        self.parent, self.host, self.handed = parent, host, handed
        self.prefix: str = "" if host is None or parent is None else f"{parent.prefix}{host.get('id')}:"
        self.inactive = ""
        self.nodes = _by_id(raw.get("nodes"))
        self.links = _links(raw.get("links"))
        self.children: dict[str, _Scope] = {}
        self.setters: dict[str, Raw] | None = None
        self.into: dict[tuple[str, int], str] | None = None
        self.input_id = _border(raw, "inputNode", -10)
        self.output_id = _border(raw, "outputNode", -20)


class _Reader:
    def __init__(self, workflow: Mapping[str, Any]) -> None:
        self.workflow = workflow
        self.definitions = _definitions(workflow)
        extra = workflow.get("extra")
        groups = extra.get("groupNodes") if isinstance(extra, dict) else None
        self.groups: Mapping[str, Any] = groups if isinstance(groups, dict) else {}
        self.pending: list[tuple[_Scope, Raw, Node]] = []
        self.graph = Graph("ui", {})
        self.notes: list[str] = []
        self.instances = 0

    def read(self) -> Graph:
        root = _Scope(self.workflow, None, None, Handed({}, {}))
        self._open(root, ())
        for scope, raw, node in self.pending:
            self._connect(scope, raw, node)
        self.graph.notes = self.notes
        self.graph.open_ends = list(self._open_ends(root))
        return self.graph

    def _open(self, scope: _Scope, path: tuple[str, ...]) -> None:
        for node_id, raw in scope.nodes.items():
            node_class: str = raw["type"]
            if node_class in _VIRTUAL:
                self._note(node_class, raw)
                continue
            inactive = scope.inactive or _inactive(raw)
            definition = self.definitions.get(node_class)
            if definition is not None:
                self._open_subgraph(scope, node_id, raw, definition, inactive, path)
            else:
                self._add(scope, node_id, raw, node_class, inactive)

    def _open_subgraph(
        self, scope: _Scope, node_id: str, raw: Raw, definition: Raw, inactive: str, path: tuple[str, ...]
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
        child = _Scope(definition, scope, raw, hand_in(raw, definition, scope.handed.inner.get(node_id, {})))
        child.inactive = inactive.replace("node", "subgraph") if inactive == _inactive(raw) else inactive
        scope.children[node_id] = child
        self._open(child, (*path, name))

    def _add(self, scope: _Scope, node_id: str, raw: Raw, node_class: str, inactive: str) -> None:
        node = _node(scope.prefix + node_id, raw, node_class, scope.handed.inner.get(node_id))
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

    def _keep(self, scope: _Scope, raw: Raw, node: Node) -> None:
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

    def _connect(self, scope: _Scope, raw: Raw, node: Node) -> None:
        inputs = raw.get("inputs")
        for given in inputs if isinstance(inputs, list) else ():
            if isinstance(given, dict) and given.get("link") is not None:
                origin = self._origin(scope, given["link"])
                if origin is _BROKEN:
                    node.is_broken = True
                elif origin is not None:
                    node.origins[_input_name(given)] = origin
                    node.linked_widgets += isinstance(given.get("widget"), dict)

    def _open_ends(self, root: _Scope) -> Iterator[Output]:
        """What active subgraphs of the root give, where none of their outputs is taken."""
        taken = {link[0] for link in root.links.values()}
        for host_id, child in root.children.items():
            if host_id not in taken and not child.inactive and child.definition is not None:
                for slot in range(len(_list(child.definition.get("outputs")))):
                    link_id = _link_into(child, child.output_id, slot)
                    origin = None if link_id is None else self._origin(child, link_id)
                    if isinstance(origin, Output):
                        yield origin

    def _origin(self, scope: _Scope, link_id: object) -> Origin | None:
        """What feeds a link in the end; None where nothing does, so that the widget's own value holds.

        _BROKEN where a link, or the node it comes from, is not there.
        """
        for _ in range(MAX_HOPS):
            link = scope.links.get(str(link_id))
            if link is None:
                return _BROKEN
            origin_id, slot = link[0], link[1]
            if scope.host is not None and origin_id == scope.input_id:
                found = _outside(scope, slot)
                if not isinstance(found, _Further):
                    return found
                scope, link_id = found.scope, found.link_id
                continue
            raw = scope.nodes.get(origin_id)
            if raw is None:
                return _BROKEN
            found = self._through(scope, origin_id, raw, slot, link[2])
            if not isinstance(found, _Further):
                return found
            scope, link_id = found.scope, found.link_id
        return None

    def _through(
        self, scope: _Scope, node_id: str, raw: Raw, slot: int, kind: object
    ) -> Origin | _Further | None:
        mode, node_class = raw.get("mode"), raw.get("type")
        if mode == MUTED:
            return None
        if mode == BYPASSED:
            return _further(scope, _passed_through(raw, slot, kind))
        if node_id in scope.children:
            child = scope.children[node_id]
            return _further(child, _link_into(child, child.output_id, slot)) or _BROKEN
        if node_class in _REROUTES:
            return _further(scope, _first_link(raw))
        if node_class == "PrimitiveNode":
            values = raw.get("widgets_values")
            value = values[0] if isinstance(values, list) and values else None
            return None if value is None else Literal(value, scope.prefix + node_id)
        if node_class in _GETTERS:
            setter = _setter(scope, raw)
            return _further(setter[0], _first_link(setter[1])) if setter else None
        if node_class in _SETTERS:
            return _further(scope, _first_link(raw))
        return Output(scope.prefix + node_id, slot)


_BROKEN: Origin = Literal(None, "")
"""Stands for a link that leads to nothing; told by identity."""


class _Further:
    """The search for an origin goes on at this link."""

    __slots__ = ("link_id", "scope")

    def __init__(self, scope: _Scope, link_id: object) -> None:
        self.scope, self.link_id = scope, link_id


def _further(scope: _Scope, link_id: object) -> _Further | None:
    return None if link_id is None else _Further(scope, link_id)


def _outside(scope: _Scope, slot: int) -> Origin | _Further | None:
    """What a subgraph's input gets from outside: the host's link, else the host's promoted value."""
    assert scope.definition is not None and scope.parent is not None and scope.host is not None
    inputs = scope.definition.get("inputs")
    if not isinstance(inputs, list) or not 0 <= slot < len(inputs) or not isinstance(inputs[slot], dict):
        return None
    name = inputs[slot].get("name")
    given = _host_input(scope.host, name, slot)
    if given is not None and given.get("link") is not None:
        return _Further(scope.parent, given["link"])
    if isinstance(name, str) and name in scope.handed.inputs:
        return Literal(scope.handed.inputs[name], scope.prefix[:-1])
    return None


def _host_input(host: Raw, name: object, slot: int) -> Raw | None:
    inputs = [given for given in _list(host.get("inputs")) if isinstance(given, dict)]
    for given in inputs:
        if given.get("name") == name:
            return given
    return inputs[slot] if slot < len(inputs) and inputs[slot].get("name") is None else None


def _passed_through(raw: Raw, slot: int, kind: object) -> object:
    """The link a bypassed node hands on: its input at the same place if the type fits, else the first that fits."""
    outputs, inputs = raw.get("outputs"), raw.get("inputs")
    if not isinstance(inputs, list):
        return None
    wanted = kind
    if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict):
        wanted = outputs[slot].get("type", kind)
    same = inputs[slot : slot + 1] if slot >= 0 else []
    for given in [*same, *inputs]:
        if isinstance(given, dict) and given.get("type") == wanted:
            return given.get("link")
    for given in [*same, *inputs]:
        if isinstance(given, dict) and "*" in (given.get("type"), wanted):
            return given.get("link")
    return None


def _first_link(raw: Raw) -> object:
    inputs = raw.get("inputs")
    first = inputs[0] if isinstance(inputs, list) and inputs else None
    return first.get("link") if isinstance(first, dict) else None


def _setter(scope: _Scope, getter: Raw) -> tuple[_Scope, Raw] | None:
    """The node that sets what this one gets, in its own graph or one around it."""
    name = _first_value(getter)
    here: _Scope | None = scope
    while here is not None:
        if here.setters is None:
            here.setters = {
                str(_first_value(raw)): raw for raw in here.nodes.values() if raw.get("type") in _SETTERS
            }
        found = here.setters.get(str(name))
        if found is not None and found.get("mode") != MUTED:
            return here, found
        here = here.parent
    return None


def _first_value(raw: Raw) -> object:
    values = raw.get("widgets_values")
    if isinstance(values, dict):
        return next(iter(values.values()), None)
    return values[0] if isinstance(values, list) and values else None


def _link_into(scope: _Scope, target_id: str, slot: int) -> object:
    """The link that ends at this border slot of a subgraph."""
    outputs = scope.definition.get("outputs") if scope.definition else None
    if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict):
        for link_id in _list(outputs[slot].get("linkIds")):
            if str(link_id) in scope.links:
                return link_id
    if scope.into is None:
        scope.into = {link[3:]: link_id for link_id, link in reversed(scope.links.items())}
    return scope.into.get((target_id, slot))


def _node(node_id: str, raw: Raw, node_class: str, overrides: Mapping[str, object] | None) -> Node:
    node = Node(node_id, node_class)
    title = raw.get("title")
    node.title = title if isinstance(title, str) and title != node_class else None
    properties = raw.get("properties")
    if isinstance(properties, dict):
        pack = properties.get("cnr_id") or properties.get("aux_id")
        node.pack = pack if isinstance(pack, str) else ""
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
    node.is_sink = _BROADCAST in node_class
    return node


_CONTROLLED = frozenset({"seed", "noise_seed"})


def widget_names(raw: Raw, count: int) -> Sequence[str]:
    """The names of a node's listed values, where its inputs tell all of them; else nothing.

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
    widget = given.get("widget")
    name = widget.get("name") if isinstance(widget, dict) else given.get("name")
    return name if isinstance(name, str) else str(given.get("name"))


def _inactive(raw: Raw) -> str:
    mode = raw.get("mode")
    return "node muted" if mode == MUTED else "node bypassed" if mode == BYPASSED else ""


def _by_id(nodes: object) -> dict[str, Raw]:
    """Nodes by id; of two with one id both are kept, the second under a name of its own."""
    found: dict[str, Raw] = {}
    for raw in nodes.values() if isinstance(nodes, dict) else nodes if isinstance(nodes, list) else ():
        if isinstance(raw, dict) and isinstance(raw.get("type"), str):
            node_id = str(raw.get("id"))
            found[node_id if node_id not in found else f"{node_id}~{len(found)}"] = raw
    return found


Link = tuple[str, int, object, str, int]
"""Origin node, origin slot, type, target node, target slot."""


def _links(links: object) -> dict[str, Link]:
    """Links by id, of both shapes: `[id, origin, slot, target, slot, type]` and objects."""
    found: dict[str, Link] = {}
    for link in links.values() if isinstance(links, dict) else links if isinstance(links, list) else ():
        if isinstance(link, list) and len(link) >= 5:
            kind = link[5] if len(link) > 5 else None
            found[str(link[0])] = (str(link[1]), _slot(link[2]), kind, str(link[3]), _slot(link[4]))
        elif isinstance(link, dict):
            found[str(link.get("id"))] = (
                str(link.get("origin_id")), _slot(link.get("origin_slot")), link.get("type"),
                str(link.get("target_id")), _slot(link.get("target_slot")),
            )  # fmt: skip
    return found


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _slot(value: object) -> int:
    if isinstance(value, int):
        return value
    return int(value) if isinstance(value, str) and value.isdecimal() and len(value) < 9 else -1


def _border(raw: Mapping[str, Any], key: str, usual: int) -> str:
    node = raw.get(key)
    return str(node.get("id", usual)) if isinstance(node, dict) else str(usual)


def _definitions(workflow: Mapping[str, Any]) -> dict[str, Raw]:
    """Every subgraph definition by id, those nested in other definitions too; the first of an id counts."""
    found: dict[str, Raw] = {}
    todo: list[object] = [workflow]
    while todo:
        given = todo.pop()
        definitions = given.get("definitions") if isinstance(given, dict) else None
        subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
        for subgraph in subgraphs if isinstance(subgraphs, list) else ():
            if (
                isinstance(subgraph, dict)
                and isinstance(subgraph.get("id"), str)
                and subgraph["id"] not in found
            ):
                found[subgraph["id"]] = subgraph
                todo.append(subgraph)
    return found
