"""The dependency graph: workflow → node → ref → file → version → model → source, with base models."""

from __future__ import annotations

from enum import StrEnum

from wfdeps.values import dataclass


class GraphKind(StrEnum):
    """What a graph node is; an edge leads to a kind further down, or to a base model."""

    WORKFLOW = "workflow"
    NODE = "node"
    REF = "ref"
    FILE = "file"
    """One on disk, or one at a source."""
    VERSION = "version"
    MODEL = "model"
    SOURCE = "source"
    BASE_MODEL = "base_model"


class Relation(StrEnum):
    """What an edge says, read from its start to its end."""

    CONTAINS = "contains"
    NEEDS = "needs"
    FOUND_AS = "found_as"
    """This ref is satisfied by this file of the library."""
    CHOSEN = "chosen"
    CANDIDATE = "candidate"
    """This file may be it; nobody has decided."""
    RELEASE_OF = "release_of"
    OF_MODEL = "of_model"
    FROM_SOURCE = "from_source"
    BASED_ON = "based_on"
    APPLIED_TO = "applied_to"
    """This LoRA, ControlNet or VAE is applied to what that node loads."""


@dataclass(frozen=True, slots=True)
class GraphNode:
    """One thing. `id` is unique in the graph and the same for the same inputs."""

    id: str
    kind: GraphKind
    label: str
    """As its origin says it: hostile until escaped."""
    attributes: tuple[tuple[str, str | int], ...] = ()
    """Sorted by name: `state`, `folder`, `size`, `url` … as the kind has them."""

    def get(self, name: str) -> str | int | None:
        """The attribute of that name, None where it has none."""
        return next((value for key, value in self.attributes if key == name), None)


@dataclass(frozen=True, slots=True)
class GraphEdge:
    """`source` and `target` are node ids."""

    source: str
    target: str
    relation: Relation


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes sorted by kind (in the order of GraphKind) and id (numbers by value), edges by their ends; no ring."""

    nodes: tuple[GraphNode, ...]
    edges: tuple[GraphEdge, ...]
