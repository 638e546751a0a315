"""Which model is applied to which base: LoRA, ControlNet, VAE, text encoder → the loader of the base, along links."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.domain.refs import NodeSite, Pairing, RefStatus
from wfdeps.workflow.claims import Found
from wfdeps.workflow.graph import Graph, Node, Output

_BASES = frozenset({"checkpoints", "diffusion_models", "diffusers"})
_DEPENDENTS = frozenset(
    {"loras", "controlnet", "vae", "text_encoders", "ipadapter", "style_models", "animatediff_models",
     "animatediff_motion_lora", "embeddings", "clip_vision", "pulid", "instantid", "model_patches", "photomaker"}
)  # fmt: skip
_MAX_STEPS = 2_000_000


def pairings_of(graph: Graph, found: Sequence[Found]) -> tuple[Pairing, ...]:
    """Every dependent with every base it meets, in the workflow's order.

    A LoRA meets the base upstream of its model input. A file without such an input (ControlNet, VAE, text
    encoder) meets the bases upstream of the first nodes downstream where both come together.
    """
    active = [one for one in found if one.status is RefStatus.REQUIRED and one.claim.folders]
    bases = {one.site.node_id: one.site for one in active if one.claim.folders[0] in _BASES}
    dependents = [one for one in active if one.claim.folders[0] in _DEPENDENTS]
    if not bases or not dependents:
        return ()
    walk = _Walk(graph, bases)
    pairs = {
        Pairing(one.site, bases[base]): None
        for one in dependents
        for base in walk.bases_of(one.site.node_id)
        if base != one.site.node_id or one.claim.folders[0] not in _BASES
    }
    return tuple(pairs)


class _Walk:
    def __init__(self, graph: Graph, bases: dict[str, NodeSite]) -> None:
        self.graph, self.bases, self.steps = graph, bases, 0
        self.users: dict[str, list[str]] = {}
        self.known: dict[str, frozenset[str]] = {}
        for node in graph.nodes.values():
            for origin in node.origins.values():
                if isinstance(origin, Output):
                    self.users.setdefault(origin.node_id, []).append(node.id)

    def bases_of(self, node_id: str) -> list[str]:
        """The bases upstream of a node, else of the first nodes downstream that have any."""
        seen, layer = {node_id}, [node_id]
        while layer and self.steps < _MAX_STEPS:
            met = {base for each in layer for base in self._upstream(each)} - (
                {node_id} if len(seen) == 1 else set()
            )
            if node_id in self.bases and len(seen) == 1 and not met:
                met = {node_id}
            if met:
                return sorted(met)
            layer = sorted({user for each in layer for user in self.users.get(each, ())} - seen)
            seen.update(layer)
            self.steps += len(layer)
        return []

    def _upstream(self, node_id: str) -> frozenset[str]:
        """The bases a node's model comes from: along its `model` input where it has one, else along all."""
        if node_id in self.known:
            return self.known[node_id]
        found, seen, todo = set[str](), set[str](), [node_id]
        while todo and self.steps < _MAX_STEPS:
            self.steps += 1
            each = todo.pop()
            node = self.graph.nodes.get(each)
            if node is None or each in seen:
                continue
            seen.add(each)
            if each in self.bases and each != node_id:
                found.add(each)
                continue
            todo.extend(_model_inputs(node))
        self.known[node_id] = frozenset(found)
        return self.known[node_id]


def _model_inputs(node: Node) -> list[str]:
    links = {name: origin.node_id for name, origin in node.origins.items() if isinstance(origin, Output)}
    models = [
        origin
        for name, origin in links.items()
        if name.lower() in ("model", "unet", "base_model", "model1", "guider", "pipe", "basic_pipe")
    ]
    return models or list(links.values())
