"""Workflows in a few words, and what reading them gives."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from wfdeps.domain.refs import ModelRef, UnreadableWorkflow, WorkflowRefs
from wfdeps.workflow.read import DEFAULT, ReadOptions, read_workflow

Raw = dict[str, Any]


def node(node_id: int | str, node_class: str, values: Any = (), **more: Any) -> Raw:
    """A UI node; `inputs={"model": 7}` are links by number, `outputs=["MODEL"]` are types."""
    inputs = more.pop("inputs", {})
    outputs = more.pop("outputs", [])
    if isinstance(inputs, dict):
        inputs = [{"name": name, "type": name.upper(), "link": link} for name, link in inputs.items()]
    return {
        "id": node_id, "type": node_class, "mode": 0, "widgets_values": list(values) if isinstance(values, tuple) else values,
        "inputs": inputs, "outputs": [{"name": kind, "type": kind} for kind in outputs], "properties": {}, **more,
    }  # fmt: skip


def ui(*nodes: Raw, links: list[list[Any]] | None = None, **more: Any) -> Raw:
    """A UI workflow of version 0.4; links are `[id, from, slot, to, slot, type]`."""
    return {"version": 0.4, "nodes": list(nodes), "links": links or [], **more}


def subgraph(
    name: str,
    *nodes: Raw,
    links: Sequence[list[Any]] = (),
    inputs: Sequence[Raw] = (),
    outputs: Sequence[Raw] = (),
) -> Raw:
    """A subgraph definition, its links as objects, as the frontend writes them."""
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    return {
        "id": name, "version": 1, "name": name, "nodes": list(nodes), "inputs": inputs, "outputs": outputs,
        "links": [dict(zip(keys, link, strict=True)) for link in links], "inputNode": {"id": -10}, "outputNode": {"id": -20},
    }  # fmt: skip


def api_node(node_class: str, **inputs: Any) -> Raw:
    return {"class_type": node_class, "inputs": inputs}


def checkpoint_to_image(checkpoint: Raw) -> list[Raw]:
    """The nodes that make a loader's model needed: sampler and save, linked by 1 and 2."""
    return [
        checkpoint,
        node(8, "KSampler", inputs={"model": 1}, outputs=["LATENT"]),
        node(9, "SaveImage", inputs={"images": 2}),
    ]


LINKS = [[1, 1, 0, 8, 0, "MODEL"], [2, 8, 0, 9, 0, "LATENT"]]


def read_one(workflow: object, options: ReadOptions = DEFAULT) -> WorkflowRefs:
    """The one workflow in this JSON; fails where there are more, or none can be read."""
    data = workflow if isinstance(workflow, bytes) else json.dumps(workflow).encode()
    (reading,) = read_workflow(data, "wf.json", options=options)
    assert isinstance(reading, WorkflowRefs), reading
    return reading


def why_unreadable(data: bytes) -> str:
    """The sentence for a file that cannot be read."""
    (reading,) = read_workflow(data, "wf.json")
    assert isinstance(reading, UnreadableWorkflow), reading
    return reading.message


def told(workflow: object, options: ReadOptions = DEFAULT) -> list[tuple[str, str, str]]:
    """Name, folder and status of every ref."""
    return [(ref.name, ref.folder, str(ref.status)) for ref in read_one(workflow, options).refs]


def ref_named(workflow: object, name: str) -> ModelRef:
    return next(ref for ref in read_one(workflow).refs if ref.name == name)


def codes(workflow: object) -> set[str]:
    return {notice.code for notice in read_one(workflow).warnings}
