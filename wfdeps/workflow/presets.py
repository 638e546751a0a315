"""The files that a preset picks: the workflow says `PLUS (high strength)`, the node looks for a name by pattern.

Which file depends on the base model for most presets. Where the workflow tells it (the name of the base, an SDXL
class, the names of its other files, the size of its latent), the file is that one's; where it does not, either serves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import Certainty, RefStatus
from wfdeps.patterns import pattern
from wfdeps.values import NamedTuple
from wfdeps.workflow.model_claims import ModelClaim, SitedClaim
from wfdeps.workflow.node_graph import Literal, Node
from wfdeps.workflow.pairings import BASES, BaseWalk
from wfdeps.workflow.slots import setting, text_of

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.workflow.loaders import LoaderRow, LoaderTable
    from wfdeps.workflow.node_graph import NodeGraph

_BASE_TITLES = {"sd15": "SD 1.5", "sdxl": "SDXL", "flux": "Flux", "sd3": "SD 3.5"}

# Words in a file's name that tell its base model, the surest first.
_BASE_WORDS = tuple(
    (pattern(words, re.IGNORECASE), base)
    for words, base in (
        (r"flux", "flux"),
        (r"sd[ ._\-]?3(?![0-9])|sd[ ._\-]?3\.?5", "sd3"),
        (r"sd[ ._\-]?xl|xl(?![a-z])|(?<![a-z])xl|pony|illustrious|noob[ ._\-]?ai|kolors", "sdxl"),
        (r"sd[ ._\-]?1[ ._\-]?5|v1[ ._\-][45]|(?<!\d)1\.5(?!\d)|(?<![a-z])sd1(?![0-9])", "sd15"),
    )
)
_LARGE, _SMALL = 900_000, 600_000
"""Pixels of a latent: SDXL is made for a million, SD 1.5 for a quarter of that."""


class PresetFile(NamedTuple):
    """One file that a preset may pick."""

    folder: str
    name: str
    accepts: str = ""
    url: str = ""
    preset: str = ""
    base: str = ""
    fetched: bool = False


def files_of_preset(
    node: Node, row: LoaderRow, graph: NodeGraph, table: LoaderTable, found: Sequence[SitedClaim]
) -> Iterator[ModelClaim]:
    """Yields the files that a node's preset picks, one for each folder; nothing for a preset that presets.json lacks."""
    slot = next(slot for slot in row.slots if slot.kind == "preset")
    preset = text_of(node, row, graph, table, slot)
    by_folder = {} if preset is None or _takes_linked_adapter(node) else _rows_of(preset, slot.folders)
    if "ipadapter" not in by_folder:
        return
    base, because = _base_of(node, graph, found)
    for folder, rows in by_folder.items():
        if folder in node.origins:
            continue
        fitting = [file for file in rows if file.base in ("", base)] or rows
        first, *others = fitting
        certain = not first.base or len(rows) == 1
        why = f"the preset `{preset}` picks it"
        if others:
            instead = ", ".join(f"`{file.name}` for {_BASE_TITLES[file.base]}" for file in others)
            why += f" for {_BASE_TITLES[first.base]}, or {instead}: the workflow does not tell which"
        elif not certain:
            why += f" for {_BASE_TITLES[first.base]}: {because}"
        is_fetched = row.fetches or first.fetched
        yield ModelClaim(
            first.name,
            (folder,),
            slot.input,
            "auto" if is_fetched else "file",
            loaded=not (row.fetches and folder == "loras" and setting(node, row, "lora_strength") == 0),
            validated=False,
            certainty=Certainty.CERTAIN if certain else Certainty.GUESS if others else Certainty.LIKELY,
            why=why,
            accepts="|".join(file.accepts for file in fitting if file.accepts),
            urls=() if others or not first.url else (first.url,),
            hints=tuple(file.url for file in fitting) if others else (),
        )


def _takes_linked_adapter(node: Node) -> bool:
    """Easy-Use's nodes load nothing where another hands its adapter on."""
    return "optional_ipadapter" in node.origins


def _rows_of(preset: str, folders: Iterable[str]) -> dict[str, list[PresetFile]]:
    """The rows of each folder whose beginning of a preset is the longest that fits."""
    wanted = preset.lower()
    found: dict[str, list[PresetFile]] = {}
    for folder in folders:
        fitting = [file for file in _table() if file.folder == folder and wanted.startswith(file.preset)]
        longest = max((len(file.preset) for file in fitting), default=0)
        if fitting:
            found[folder] = [file for file in fitting if len(file.preset) == longest]
    return found


@cache
def _table() -> tuple[PresetFile, ...]:
    assert __spec__ is not None and __spec__.loader is not None
    loader: Any = __spec__.loader
    document = json.loads(loader.get_data(__file__.rpartition("presets.py")[0] + "presets.json"))
    return tuple(PresetFile(**row) for row in document["rows"])


def _base_of(node: Node, graph: NodeGraph, found: Sequence[SitedClaim]) -> tuple[str, str]:
    """The base model of this node's model as presets.json has it, and what tells it; both empty where nothing does."""
    bases = {
        sited.site.node_id: sited
        for sited in found
        if sited.claim.folders[:1] and sited.claim.folders[0] in BASES
    }
    behind = BaseWalk(graph, {node_id: sited.site for node_id, sited in bases.items()}).bases_of(node.id)
    names = [bases[each].claim.name for each in behind]
    others = [sited.claim.name for sited in found if sited.status is RefStatus.REQUIRED]
    for group in (names, others):
        names_by_base = {base: name for name in group if (base := _base_in_name(name))}
        if len(names_by_base) == 1:
            ((base, name),) = names_by_base.items()
            return base, f"`{name}` says so"
    active = [each for each in graph.nodes.values() if not each.inactive]
    if any("SDXL" in each.node_class for each in active):
        return "sdxl", "its nodes are made for it"
    sizes = {size for each in active if each.node_class == "EmptyLatentImage" and (size := _pixels(each))}
    if sizes and min(sizes) >= _LARGE:
        return "sdxl", "its latent is of that size"
    if sizes and max(sizes) <= _SMALL:
        return "sd15", "its latent is of that size"
    return "", ""


def _base_in_name(name: str) -> str:
    return next((base for words, base in _BASE_WORDS if words().search(name)), "")


def _pixels(node: Node) -> int:
    values: Mapping[str, object] = {**dict(zip(("width", "height"), node.listed, strict=False)), **node.named}
    sides = []
    for side in ("width", "height"):
        origin = node.origins.get(side)
        value = origin.value if isinstance(origin, Literal) else None if origin else values.get(side)
        sides.append(value if isinstance(value, int) else 0)
    return sides[0] * sides[1]
