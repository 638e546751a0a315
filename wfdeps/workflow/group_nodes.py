"""Group nodes, the predecessors of subgraphs: `extra.groupNodes[name]`, used as `workflow/NAME` or `workflow>NAME`.

Source: ComfyUI_frontend `groupNode.ts`. An instance lists the values of the inner nodes' widgets one after
the other, without those that are hidden or that a link inside the group feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.workflow.names import has_model_ending
from wfdeps.workflow.node_graph import Node, Output
from wfdeps.workflow.ui_links import as_list, why_inactive

if TYPE_CHECKING:
    from typing import Any, TypeAlias

Raw: TypeAlias = "Mapping[str, Any]"


def unfold_group(instance: Node, group: Raw) -> Iterator[Node]:
    """The inner nodes of one instance, with its values and the links between them."""
    inner = [node for node in as_list(group.get("nodes")) if isinstance(node, dict)]
    ids = [f"{instance.id}:{node.get('index', place)}" for place, node in enumerate(inner)]
    links = [link for link in as_list(group.get("links")) if isinstance(link, list) and len(link) >= 4]
    values = _values(inner, instance.listed)
    for place, raw in enumerate(inner):
        node_class, title = raw.get("type"), raw.get("title")
        if not isinstance(node_class, str):
            continue
        node = Node(ids[place], node_class, title=title if isinstance(title, str) else None)
        node.listed = values[place]
        given = raw.get("widgets_values")
        node.named = given if isinstance(given, dict) else {}
        node.inactive = why_inactive(raw)
        for link in links:
            if link[2] == place and 0 <= _number(link[0]) < len(ids):
                node.origins[_input_name(raw, link[3])] = Output(ids[_number(link[0])], _number(link[1]))
        yield node


def _values(inner: Sequence[Raw], own: Sequence[object]) -> list[Sequence[object]]:
    """Each inner node's values as the instance has them.

    Where the numbers differ (hidden widgets), the instance's model files stand for the inner ones in their
    order, if there are as many; else the inner values are all there is.
    """
    listed = [as_list(node.get("widgets_values")) for node in inner]
    if len(own) == sum(map(len, listed)):
        rest = iter(own)
        return [[next(rest) for _ in values] for values in listed]
    files = [value for value in own if _is_file(value)]
    if len(files) != sum(_is_file(value) for values in listed for value in values):
        return [*listed]
    rest = iter(files)
    return [[next(rest) if _is_file(value) else value for value in values] for values in listed]


def _is_file(value: object) -> bool:
    return isinstance(value, str) and has_model_ending(value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else -1


def _input_name(node: Raw, slot: object) -> str:
    inputs = as_list(node.get("inputs"))
    if 0 <= _number(slot) < len(inputs) and isinstance(inputs[_number(slot)], dict):
        return str(inputs[_number(slot)].get("name"))
    return f"#{slot}"
