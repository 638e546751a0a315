"""Which models of a workflow meet: its pairings, as sides to compare."""

from __future__ import annotations

from collections.abc import Callable

from wfdeps.detect.compat import Pair, Side
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, WorkflowRefs


def pairs_of(workflow: WorkflowRefs, side_of: Callable[[ModelRef], Side | None]) -> tuple[Pair, ...]:
    """Every pairing whose two models are needed and known, in the workflow's order.

    `side_of` tells what is known of a ref's file; None leaves the ref out. It is asked once for each ref.
    """
    refs = {site: ref for ref in workflow.refs if ref.status is RefStatus.REQUIRED for site in ref.sites}
    sides: dict[ModelRef, Side | None] = {}

    def known(site: NodeSite) -> tuple[ModelRef, Side] | None:
        ref = refs.get(site)
        if ref is None:
            return None
        if ref not in sides:
            sides[ref] = side_of(ref)
        side = sides[ref]
        return (ref, side) if side is not None else None

    met = ((known(pairing.dependent), known(pairing.base)) for pairing in workflow.pairings)
    return tuple(Pair(mine[0].model_type, mine[1], base[1]) for mine, base in met if mine and base)
