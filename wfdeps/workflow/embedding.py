"""A UI workflow with `properties.models`: what each file of it is, so that the next person needs no search.

Source: ComfyUI frontend 1.58.1 (`missingModelMetadata`): it reads `{name, url, hash, hash_type, directory}` of a node, whose
`name` is the widget's value, and the top-level `models`; `name` with `directory` is the key. It offers a download only
for three sites and five endings; other URLs it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from wfdeps.values import dataclass

DOWNLOADABLE_SITES = ("https://civitai.com/", "https://civitai.red/", "https://huggingface.co/")
DOWNLOADABLE_ENDINGS = (".safetensors", ".sft", ".ckpt", ".pth", ".pt")


@dataclass(frozen=True, slots=True)
class EmbeddedModel:
    """What a workflow says of one file."""

    name: str
    """As the widget says it."""
    directory: str
    """The folder key."""
    url: str
    sha256: str | None

    @property
    def is_offered(self) -> bool:
        """Whether the frontend offers to download it."""
        return self.url.startswith(DOWNLOADABLE_SITES) and self.name.lower().endswith(DOWNLOADABLE_ENDINGS)


def has_places(document: Any) -> bool:
    """Whether models can be embedded in it: a UI workflow has nodes with properties, an API prompt has not."""
    return isinstance(document, dict) and isinstance(document.get("nodes"), list)


def with_models(document: Any, models: Mapping[EmbeddedModel, Sequence[str]]) -> tuple[Any, int]:
    """The document with the models in it, and how many. `models`: each with the ids of the nodes that name it
    (`12`, or `host:inner` for a node inside subgraphs). A document without places stays as it is.

    A node gets a model if it lies inside a subgraph or if the name is one of its values; the top-level list gets
    every one. What stood there of another file stays.
    """
    if not has_places(document) or not models:
        return document, 0
    for model, node_ids in models.items():
        for node_id in node_ids:
            node = _node(document, node_id)
            if node is not None and (":" in node_id or model.name in _values(node)):
                properties = node.get("properties")
                if not isinstance(properties, dict):
                    properties = node["properties"] = {}
                properties["models"] = _joined(properties.get("models"), model)
        document["models"] = _joined(document.get("models"), model)
    return document, len(models)


def _node(document: Mapping[str, Any], node_id: str) -> dict[str, Any] | None:
    """The node of that id, in the definition of its subgraph; None where there is none."""
    *hosts, last = node_id.split(":")
    level: Mapping[str, Any] = document
    for host in hosts:
        found = next((node for node in _nodes(level) if str(node.get("id")) == host), None)
        inner = [
            one for one in _definitions(document) if found is not None and one.get("id") == found.get("type")
        ]
        if not inner:
            return None
        level = inner[0]
    return next((node for node in _nodes(level) if str(node.get("id")) == last), None)


def _nodes(level: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    nodes = level.get("nodes")
    return (node for node in nodes if isinstance(node, dict)) if isinstance(nodes, list) else iter(())


def _definitions(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    definitions = document.get("definitions")
    subgraphs = definitions.get("subgraphs") if isinstance(definitions, dict) else None
    return (one for one in subgraphs if isinstance(one, dict)) if isinstance(subgraphs, list) else iter(())


def _values(node: Mapping[str, Any]) -> list[object]:
    values = node.get("widgets_values")
    return values if isinstance(values, list) else list(values.values()) if isinstance(values, dict) else []


def _joined(listed: object, model: EmbeddedModel) -> list[Any]:
    """The list with the model in the place of an older entry of its name and directory, else at the end."""
    others = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if not (
            isinstance(one, dict) and (one.get("name"), one.get("directory")) == (model.name, model.directory)
        )
    ]
    entry = {"name": model.name, "url": model.url, "directory": model.directory}
    if model.sha256:
        entry |= {"hash": model.sha256, "hash_type": "SHA256"}
    return [*others, entry]
