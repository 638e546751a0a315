"""Group nodes, the predecessors of subgraphs: `extra.groupNodes[name]`, used as `workflow/NAME` or `workflow>NAME`.

Source: ComfyUI_frontend `groupNode.ts`. An instance lists the values of the inner nodes' widgets one after
the other, without those that a link inside the group feeds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from wfdeps.workflow.graph import Node, Output

Raw = Mapping[str, Any]


def unfold_group(instance: Node, raw: Raw, group: Raw) -> Iterator[Node]:
    """The inner nodes of one instance, with its values and the links between them."""
    inner = [node for node in group.get("nodes") or () if isinstance(node, dict)]
    values = raw.get("widgets_values")
    counts = [_width(node) for node in inner]
    own = values if isinstance(values, list) and len(values) == sum(counts) else None
    ids = [f"{instance.id}:{node.get('index', place)}" for place, node in enumerate(inner)]
    links = [link for link in group.get("links") or () if isinstance(link, list) and len(link) >= 4]
    start = 0
    for place, (node, count) in enumerate(zip(inner, counts, strict=True)):
        node_class = node.get("type")
        if isinstance(node_class, str):
            listed = own[start : start + count] if own is not None else node.get("widgets_values")
            found = Node(
                ids[place],
                node_class,
                title=node.get("title") if isinstance(node.get("title"), str) else None,
            )
            found.listed = listed if isinstance(listed, list) else ()
            found.named = listed if isinstance(listed, dict) else {}
            found.inactive = {2: "node muted", 4: "node bypassed"}.get(node.get("mode") or 0, "")
            for link in links:
                if link[2] == place and isinstance(link[0], int) and 0 <= link[0] < len(ids):
                    found.origins[_input_name(node, link[3])] = Output(
                        ids[link[0]], link[1] if isinstance(link[1], int) else 0
                    )
            yield found
        start += count


def _width(node: Raw) -> int:
    values = node.get("widgets_values")
    return len(values) if isinstance(values, list) else 0


def _input_name(node: Raw, slot: object) -> str:
    inputs = node.get("inputs")
    if (
        isinstance(inputs, list)
        and isinstance(slot, int)
        and 0 <= slot < len(inputs)
        and isinstance(inputs[slot], dict)
    ):
        return str(inputs[slot].get("name"))
    return f"#{slot}"
