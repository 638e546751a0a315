"""API format ("prompt") → NodeGraph."""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps.errors import WorkflowError
from wfdeps.workflow.limits import MAX_NODES
from wfdeps.workflow.node_graph import Node, NodeGraph, Output


def is_prompt(value: object) -> bool:
    """Whether this is an API prompt: a dict holding at least one node with a `class_type`."""
    return isinstance(value, dict) and any(
        isinstance(node, dict) and isinstance(node.get("class_type"), str) for node in value.values()
    )


def read_prompt(prompt: Mapping[str, object]) -> NodeGraph:
    """The graph of a prompt; keys that are no nodes (`_meta`, `description` …) are passed over."""
    if len(prompt) > MAX_NODES:
        raise WorkflowError(f"too many nodes: {len(prompt):,}, the limit is {MAX_NODES:,}")
    nodes = {
        str(node_id): _node(str(node_id), node)
        for node_id, node in prompt.items()
        if isinstance(node, dict) and isinstance(node.get("class_type"), str)
    }
    for node in nodes.values():
        node.is_broken = any(
            isinstance(origin, Output) and origin.node_id not in nodes for origin in node.origins.values()
        )
    return NodeGraph("api", nodes)


def _node(node_id: str, raw: Mapping[str, object]) -> Node:
    inputs = raw.get("inputs")
    meta = raw.get("_meta")
    meta = meta if isinstance(meta, dict) else {}
    node = Node(node_id, str(raw["class_type"]), title=_text(meta.get("title")) or None)
    node.pack = _text(meta.get("cnr_id")) or _text(meta.get("aux_id"))
    if not isinstance(inputs, dict):
        return node
    named = {}
    for name, value in inputs.items():
        if _is_link(value):
            node.origins[name] = Output(str(value[0]), value[1])
        else:
            named[name] = _unwrapped(value)
    node.named = named
    return node


def _is_link(value: object) -> bool:
    return (
        isinstance(value, list) and len(value) == 2 and isinstance(value[0], str | int)
        and isinstance(value[1], int) and not isinstance(value[0], bool) and not isinstance(value[1], bool)
    )  # fmt: skip


def _unwrapped(value: object) -> object:
    """Arrays stand as `{"__value__": [...]}` so that they are not taken for links."""
    if isinstance(value, dict) and "__value__" in value:
        return value["__value__"]
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
