"""`wfdeps/graph/1`: nodes and edges as one JSON document. Its schema is `schemas/graph-1.schema.json`."""

from __future__ import annotations

from typing import Any

from wfdeps.domain.graphs import Graph
from wfdeps.report.wording import document_text

SCHEMA = "wfdeps/graph/1"


def render(graph: Graph) -> str:
    """The document, indented."""
    return document_text(to_document(graph))


def to_document(graph: Graph) -> dict[str, Any]:
    """The graph as dicts and lists."""
    return {
        "schema": SCHEMA,
        "nodes": [
            {"id": node.id, "kind": str(node.kind), "label": node.label, "attributes": dict(node.attributes)}
            for node in graph.nodes
        ],
        "edges": [
            {"source": edge.source, "target": edge.target, "relation": str(edge.relation)}
            for edge in graph.edges
        ],
    }
