"""Which nodes name a file, in few words."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.report.escaping import visible

if TYPE_CHECKING:
    from wfdeps.domain.refs import NodeSite


def where_text(sites: Sequence[NodeSite], *, with_workflow: bool = False, limit: int = 3) -> str:
    """`node 14 LoraLoader`, `nodes 14, 22:3`, or with workflows `a.json 14, b.json 3 (+2)`; one line, harmless."""
    if not sites:
        return ""
    shown = [_one(site, with_workflow=with_workflow) for site in sites[:limit]]
    rest = f" (+{len(sites) - limit})" if len(sites) > limit else ""
    if with_workflow:
        return ", ".join(shown) + rest
    classes = {site.node_class for site in sites}
    ending = f" {visible(classes.pop())}" if len(classes) == 1 else ""
    return f"node{'s' if len(sites) > 1 else ''} {', '.join(shown)}{rest}{ending}"


def _one(site: NodeSite, *, with_workflow: bool) -> str:
    node = visible(site.node_id)
    return f"{visible(_basename(site.workflow))} {node}" if with_workflow else node


def _basename(path: str) -> str:
    return path.replace("\\", "/").rpartition("/")[2]
