"""One node of a UI workflow → Node: its values, and the names of those that stand in a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wfdeps.workflow.graph import Node
from wfdeps.workflow.scopes import BROADCAST, Raw


def node_of(node_id: str, raw: Raw, node_class: str, overrides: Mapping[str, object] | None) -> Node:
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
    node.is_sink = BROADCAST in node_class
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


def input_name(given: Raw) -> str:
    widget = given.get("widget")
    name = widget.get("name") if isinstance(widget, dict) else given.get("name")
    return name if isinstance(name, str) else str(given.get("name"))
