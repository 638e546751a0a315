"""What feeds a link in the end: through reroutes, bypassed nodes, setters and the borders of subgraphs."""

from __future__ import annotations

from collections.abc import Iterator

from wfdeps.workflow.graph import Literal, Origin, Output
from wfdeps.workflow.limits import MAX_HOPS
from wfdeps.workflow.scopes import BYPASSED, GETTERS, MUTED, REROUTES, SETTERS, Raw, Scope, as_list

BROKEN: Origin = Literal(None, "")
"""Stands for a link that leads to nothing; told by identity."""


def origin_of(scope: Scope, link_id: object) -> Origin | None:
    """What feeds a link in the end; None where nothing does, so that the widget's own value holds.

    BROKEN where a link, or the node it comes from, is not there.
    """
    for _ in range(MAX_HOPS):
        link = scope.links.get(str(link_id))
        if link is None:
            return BROKEN
        origin_id, slot = link[0], link[1]
        if scope.host is not None and origin_id == scope.input_id:
            found = _outside(scope, slot)
            if not isinstance(found, _Further):
                return found
            scope, link_id = found.scope, found.link_id
            continue
        raw = scope.nodes.get(origin_id)
        if raw is None:
            return BROKEN
        found = _through(scope, origin_id, raw, slot, link[2])
        if not isinstance(found, _Further):
            return found
        scope, link_id = found.scope, found.link_id
    return None


def open_ends(root: Scope) -> Iterator[Output]:
    """What active subgraphs of the root give, where none of their outputs is taken."""
    taken = {link[0] for link in root.links.values()}
    for host_id, child in root.children.items():
        if host_id not in taken and not child.inactive and child.definition is not None:
            for slot in range(len(as_list(child.definition.get("outputs")))):
                link_id = _link_into(child, child.output_id, slot)
                origin = None if link_id is None else origin_of(child, link_id)
                if isinstance(origin, Output):
                    yield origin


def _through(scope: Scope, node_id: str, raw: Raw, slot: int, kind: object) -> Origin | _Further | None:
    mode, node_class = raw.get("mode"), raw.get("type")
    if mode == MUTED:
        return None
    if mode == BYPASSED:
        return _further(scope, _passed_through(raw, slot, kind))
    if node_id in scope.children:
        child = scope.children[node_id]
        return _further(child, _link_into(child, child.output_id, slot)) or BROKEN
    if node_class in REROUTES:
        return _further(scope, _first_link(raw))
    if node_class == "PrimitiveNode":
        values = raw.get("widgets_values")
        value = values[0] if isinstance(values, list) and values else None
        return None if value is None else Literal(value, scope.prefix + node_id)
    if node_class in GETTERS:
        setter = _setter(scope, raw)
        return _further(setter[0], _first_link(setter[1])) if setter else None
    if node_class in SETTERS:
        return _further(scope, _first_link(raw))
    return Output(scope.prefix + node_id, slot)


class _Further:
    """The search for an origin goes on at this link."""

    __slots__ = ("link_id", "scope")

    def __init__(self, scope: Scope, link_id: object) -> None:
        self.scope, self.link_id = scope, link_id


def _further(scope: Scope, link_id: object) -> _Further | None:
    return None if link_id is None else _Further(scope, link_id)


def _outside(scope: Scope, slot: int) -> Origin | _Further | None:
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
    inputs = [given for given in as_list(host.get("inputs")) if isinstance(given, dict)]
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


def _setter(scope: Scope, getter: Raw) -> tuple[Scope, Raw] | None:
    """The node that sets what this one gets, in its own graph or one around it."""
    name = _first_value(getter)
    here: Scope | None = scope
    while here is not None:
        if here.setters is None:
            here.setters = {
                str(_first_value(raw)): raw for raw in here.nodes.values() if raw.get("type") in SETTERS
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


def _link_into(scope: Scope, target_id: str, slot: int) -> object:
    """The link that ends at this border slot of a subgraph."""
    outputs = scope.definition.get("outputs") if scope.definition else None
    if isinstance(outputs, list) and 0 <= slot < len(outputs) and isinstance(outputs[slot], dict):
        for link_id in as_list(outputs[slot].get("linkIds")):
            if str(link_id) in scope.links:
                return link_id
    if scope.into is None:
        scope.into = {link[3:]: link_id for link_id, link in reversed(scope.links.items())}
    return scope.into.get((target_id, slot))
