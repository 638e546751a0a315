"""What a run asks of ComfyUI besides models: node classes, and files of its `input` folder.

ComfyUI refuses a prompt that has a class it does not know, whether an output depends on that node or not; an input
file only where the node runs (execution.py, `validate_prompt`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.domain.refs import InputUse, NodeSite, NodeUse
from wfdeps.patterns import pattern
from wfdeps.values import replace
from wfdeps.workflow.names import is_stand_in
from wfdeps.workflow.ui_links import VIRTUAL

if TYPE_CHECKING:
    from typing import Any

    from wfdeps.workflow.node_graph import Node, NodeGraph
    from wfdeps.workflow.reach import Reach

_FRONTEND = VIRTUAL | {
    "Bookmark (rgthree)",
    "Fast Actions Button (rgthree)",
    "Fast Bypasser (rgthree)",
    "Fast Groups Bypasser (rgthree)",
    "Fast Groups Muter (rgthree)",
    "Fast Muter (rgthree)",
    "Mute / Bypass Relay (rgthree)",
    "Mute / Bypass Repeater (rgthree)",
    "Node Collector (rgthree)",
    "Random Unmuter (rgthree)",
    "graph/input",
    "graph/output",
    "graph/subgraph",
}
"""Classes that only the page has: the server never hears of them."""
_GROUPS = ("workflow/", "workflow>")
_SUBGRAPH = pattern(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ANNOTATED = pattern(r"(.*?)\s*\[(input|output|temp)\]")

_INPUTS: Mapping[str, tuple[str, int, str]] = {
    "Load3D": ("model_file", 0, "input"),
    "LoadAudio": ("audio", 0, "input"),
    "LoadImage": ("image", 0, "input"),
    "LoadImageMask": ("image", 0, "input"),
    "LoadImageOutput": ("image", 0, "output"),
    "LoadVideo": ("file", 0, "input"),
    "VHS_LoadAudioUpload": ("audio", 0, "input"),
    "VHS_LoadImages": ("directory", 0, "input"),
    "VHS_LoadVideo": ("video", 0, "input"),
    "VHS_LoadVideoFFmpeg": ("video", 0, "input"),
}
"""Classes whose files lie in ComfyUI's own folders: the input, its place among the values, the folder. Source: ComfyUI
nodes.py and comfy_extras (`image_upload` and its like in `/object_info`), ComfyUI-VideoHelperSuite."""
_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload")
_NO_FILE = frozenset({"", "none"})


def node_uses(
    graph: NodeGraph, path: str, info: Mapping[str, Any] | None, *, include_inactive: bool
) -> tuple[NodeUse, ...]:
    """Every class of a node that is queued (neither muted nor bypassed), in the file's order."""
    found: dict[str, NodeUse] = {}
    for node in graph.nodes.values():
        node_class = node.node_class
        if (node.inactive and not include_inactive) or not _is_of_the_server(node_class):
            continue
        known = found.get(node_class)
        if known is None:
            site = NodeSite(path, node.id, node_class, "", node.title)
            found[node_class] = NodeUse(
                node_class, site, 1, node.pack, node.version, None if info is None else node_class in info
            )
        else:
            found[node_class] = replace(known, count=known.count + 1, pack=known.pack or node.pack)
    return tuple(found.values())


def _is_of_the_server(node_class: str) -> bool:
    return (
        bool(node_class)
        and node_class not in _FRONTEND
        and not node_class.startswith(_GROUPS)
        and not (node_class.count("-") == 4 and _SUBGRAPH().fullmatch(node_class))
    )


def input_uses(
    graph: NodeGraph, reach: Reach, path: str, info: Mapping[str, Any] | None
) -> tuple[InputUse, ...]:
    """Every file of ComfyUI's `input`, `output` or `temp` folder that a node which runs reads, each node's once."""
    found = []
    for node in graph.nodes.values():
        row = _row_of(node.node_class, info)
        if row is None or node.inactive or not reach.runs(node):
            continue
        name, place, folder = row
        value = _value(node, name, place)
        if not isinstance(value, str) or value.strip().lower() in _NO_FILE or name in node.origins:
            continue
        annotated = _ANNOTATED().fullmatch(value) if value.endswith("]") else None
        value, folder = (annotated[1], annotated[2]) if annotated else (value, folder)
        if "://" in value or "${" in value or is_stand_in(value) or "\0" in value:
            continue
        site = NodeSite(path, node.id, node.node_class, name, node.title)
        found.append(InputUse(value, site, folder, _is_offered(value, folder, site, info)))
    return tuple(found)


def _is_offered(value: str, folder: str, site: NodeSite, info: Mapping[str, Any] | None) -> bool | None:
    """Whether the node's list has the file; None for what a list does not tell: subfolders, and other folders.

    ComfyUI takes a file of a subfolder though its list has none (nodes.py, `LoadImage.VALIDATE_INPUTS`).
    """
    if info is None or folder != "input":
        return None
    from wfdeps.workflow.object_info import options_of  # few know a running ComfyUI

    options = options_of(info, site.node_class, site.input)
    if not options:
        return None
    if value in options:
        return True
    return None if "/" in value or "\\" in value else False


def _row_of(node_class: str, info: Mapping[str, Any] | None) -> tuple[str, int, str] | None:
    row = _INPUTS.get(node_class)
    if row is None and info is not None and isinstance(info.get(node_class), dict):
        return next(_uploads(info[node_class]), None)
    return row


def _uploads(node: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    """The combos of an `/object_info` class that take a file which was uploaded; their place only where it is the first."""
    given = node.get("input")
    required = given.get("required") if isinstance(given, dict) else None
    for place, (name, spec) in enumerate(required.items() if isinstance(required, dict) else ()):
        if isinstance(spec, list) and len(spec) > 1 and isinstance(spec[1], dict):
            is_combo = isinstance(spec[0], list) or spec[0] == "COMBO"
            if is_combo and any(spec[1].get(flag) is True for flag in _UPLOADS):
                folder = spec[1].get("image_folder")
                yield name, 0 if place == 0 else -1, folder if folder in ("output", "temp") else "input"


def _value(node: Node, name: str, place: int) -> object:
    if name in node.named:
        return node.named[name]
    if name in node.widget_names:
        place = node.widget_names.index(name)
    return node.listed[place] if 0 <= place < len(node.listed) else None
