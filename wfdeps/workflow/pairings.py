"""Which model is applied to which base: LoRA, ControlNet, VAE, text encoder → the loader of the base, along links."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.folders import model_type_of
from wfdeps.domain.model_types import APPLIED_TO_A_BASE, ModelType
from wfdeps.domain.refs import NodeSite, Pairing, RefStatus
from wfdeps.workflow.model_claims import SitedClaim
from wfdeps.workflow.node_graph import Node, NodeGraph, Output

BASES = frozenset({"checkpoints", "diffusion_models", "diffusers"})
"""Folders of what the rest is applied to."""
_DEPENDENT_TYPES = APPLIED_TO_A_BASE | {
    ModelType.VAE,
    ModelType.TEXT_ENCODER,
    ModelType.CLIP_VISION,
    ModelType.EMBEDDING,
}
"""Types that fit some bases and not others."""
_MAX_STEPS = 300_000
"""Nodes visited downstream for all files of a workflow together; the largest real workflow has 2,000 nodes."""
_MAX_BASES = 16
"""Where more bases come together (a switch of all models), the rest is not collected, so that sets stay small."""


def pairings_of(graph: NodeGraph, found: Sequence[SitedClaim]) -> tuple[Pairing, ...]:
    """Every dependent with every base it meets, in the workflow's order.

    A LoRA meets the base upstream of its model input. A file without such an input (ControlNet, VAE, text
    encoder) meets the bases upstream of the first nodes downstream where both come together.
    """
    active = [sited for sited in found if sited.status is RefStatus.REQUIRED and sited.claim.folders]
    bases = {sited.site.node_id: sited.site for sited in active if sited.claim.folders[0] in BASES}
    dependents = [sited for sited in active if model_type_of(sited.claim.folders[0]) in _DEPENDENT_TYPES]
    if not bases or not dependents:
        return ()
    walk = BaseWalk(graph, bases)
    pairs = {
        Pairing(sited.site, bases[base]): None
        for sited in dependents
        for base in walk.bases_of(sited.site.node_id)
        if base != sited.site.node_id or sited.claim.folders[0] not in BASES
    }
    return tuple(pairs)


class BaseWalk:
    """Finds the base models that a node's model comes from, along the links."""

    def __init__(self, graph: NodeGraph, bases: dict[str, NodeSite]) -> None:
        self.graph, self.bases, self.steps = graph, bases, 0
        self.known: dict[str, frozenset[str]] = {}
        self.users: dict[str, list[str]] = {}
        for node in graph.nodes.values():
            for origin in node.origins.values():
                if isinstance(origin, Output):
                    self.users.setdefault(origin.node_id, []).append(node.id)

    def bases_of(self, node_id: str) -> list[str]:
        """The bases upstream of a node, else of the first nodes downstream that have any."""
        met = self._upstream(node_id) or (frozenset({node_id}) if node_id in self.bases else frozenset())
        seen, layer = {node_id}, [node_id]
        while not met and layer and self.steps < _MAX_STEPS:
            layer = sorted({user for each in layer for user in self.users.get(each, ())} - seen)
            seen.update(layer)
            self.steps += len(layer)
            met = frozenset().union(*map(self._upstream, layer))
        return sorted(met)

    def _upstream(self, node_id: str) -> frozenset[str]:
        """The bases a node's model comes from: along its `model` input where it has one, else along all.

        Every node is looked at once, its inputs before itself; a ring of links ends where it began.
        """
        todo = [(node_id, False)]
        while todo:
            each, is_ready = todo.pop()
            if is_ready:
                self.known[each] = self._sum(each)
            elif each not in self.known:
                self.known[each] = frozenset()
                todo.append((each, True))
                todo.extend((origin, False) for origin in self._inputs(each) if origin not in self.known)
        return self.known[node_id]

    def _sum(self, node_id: str) -> frozenset[str]:
        met: set[str] = set()
        for origin in self._inputs(node_id):
            met |= {origin} if origin in self.bases else self.known[origin]
            if len(met) > _MAX_BASES:
                break
        return frozenset(met)

    def _inputs(self, node_id: str) -> list[str]:
        node = self.graph.nodes.get(node_id)
        return _model_inputs(node) if node is not None else []


def _model_inputs(node: Node) -> list[str]:
    links = {name: origin.node_id for name, origin in node.origins.items() if isinstance(origin, Output)}
    models = [
        origin
        for name, origin in links.items()
        if name.lower() in ("model", "unet", "base_model", "model1", "guider", "pipe", "basic_pipe")
    ]
    return models or list(links.values())
