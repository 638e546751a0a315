"""What a run would be refused for besides models: node classes and input files that are not here.

Two witnesses: the ComfyUI's own `/object_info`, which proves it, else the sources of ComfyUI and its packs, read
without running them. A class that a pack might register whose source does not tell is not judged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.nodes import Absent, InputFinding, NodeFinding
from wfdeps.domain.refs import NodeSite, NodeUse
from wfdeps.patterns import pattern

if TYPE_CHECKING:
    from wfdeps.domain.nodes import Installed
    from wfdeps.domain.refs import InputUse, WorkflowRefs
    from wfdeps.ports import Library

_REGISTRY_ID = pattern(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_REPOSITORY = pattern(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}")
"""What may stand in a command that a person pastes."""


def find_absent(workflows: Sequence[WorkflowRefs], library: Library, installed: Installed | None) -> Absent:
    """The classes and input files of these workflows that are not here; nothing where nobody can tell.

    `installed`: what the library's ComfyUI registers, None where that is unknown.
    """
    uses: dict[str, list[NodeUse]] = {}
    for workflow in workflows:
        for use in workflow.nodes:
            uses.setdefault(use.node_class, []).append(use)
    return Absent(_nodes(uses, library, installed), _inputs(workflows, library))


def _nodes(
    uses: Mapping[str, Sequence[NodeUse]], library: Library, installed: Installed | None
) -> tuple[NodeFinding, ...]:
    proven = {name for name, some in uses.items() if any(use.registered is False for use in some)}
    doubtful = {name for name, some in uses.items() if all(use.registered is None for use in some)}
    absent = _absent(doubtful, installed) if installed is not None else set()
    if absent:
        # A file may have begun to register unseen: every one is looked at before a class is called missing.
        installed = library.installed(thorough=True)
        absent = _absent(absent, installed) if installed is not None else set()
    return tuple(_finding(uses[name], installed, proven=name in proven) for name in sorted(proven | absent))


def _absent(names: Iterable[str], installed: Installed) -> set[str]:
    """Those that neither ComfyUI nor a pack here registers."""
    rest = set(names)
    for pack in installed.packs:
        rest -= pack.classes
    if installed.core is not None:
        rest -= installed.core.classes
    if rest and (installed.core is None or not installed.core.complete):
        from wfdeps.packs.class_packs import is_core  # a table of a megabyte

        rest = {name for name in rest if not is_core(name)}
    return rest


def _finding(uses: Sequence[NodeUse], installed: Installed | None, *, proven: bool = False) -> NodeFinding:
    from wfdeps.packs.class_packs import CORE, is_listed, packs_of

    listed = packs_of(uses[0].node_class)
    named = next((use.pack for use in uses if use.pack), "")
    if CORE in (named, *listed):
        return NodeFinding(
            tuple(uses), proven=proven, pack=CORE, detail="another version of ComfyUI itself has it"
        )
    pack = named if _is_pack(named) else next(iter(listed), "")
    here = {_short(one.name): one for one in installed.packs} if installed is not None else {}
    names = {_short(name) for name in (named, *listed) if name}
    if not proven and any(
        not one.complete and (not names or short in names or not is_listed(one.name))
        for short, one in here.items()
    ):
        unread = sorted(one.name for one in here.values() if not one.complete)
        detail = f"`{unread[0]}` registers classes that cannot be read, maybe this one"
        return NodeFinding(tuple(uses), judged=False, pack=pack, detail=detail)
    if (
        not proven
        and not names
        and installed is not None
        and not (installed.core and installed.core.complete)
    ):
        detail = "nobody lists it: a newer ComfyUI may have it, and which classes this one has cannot be read"
        return NodeFinding(tuple(uses), judged=False, detail=detail)
    mine = next((here[name] for name in sorted(names) if name in here), None)
    if mine is not None:
        detail = f"`{mine.name}` is installed, and " + (
            "did not load it"
            if proven and uses[0].node_class in mine.classes
            else "has no such class: another version may"
        )
        command = f"comfy node update {named}" if named and "/" not in named and _is_pack(named) else ""
        return NodeFinding(tuple(uses), proven=proven, pack=pack, detail=detail, command=command)
    return NodeFinding(tuple(uses), proven=proven, pack=pack, command=_command(pack))


def not_installed(node_class: str, installed: Installed | None) -> NodeFinding:
    """What is known of a class that ComfyUI itself says it does not have: its pack, and the command that installs it."""
    site = NodeSite("", "", node_class, "")
    return _finding((NodeUse(node_class, site, registered=False),), installed, proven=True)


def _is_pack(name: str) -> bool:
    return bool((_REPOSITORY() if "/" in name else _REGISTRY_ID()).fullmatch(name))


def _command(pack: str) -> str:
    """What installs it. comfy-cli takes a registry id, or a repository's address."""
    if not pack:
        return ""
    return f"comfy node install {f'https://github.com/{pack}' if '/' in pack else pack}"


def _short(pack: str) -> str:
    """The folder's name of a pack in any of the ways it is named: `owner/Repo`, `Repo`, `repo`."""
    return pack.rpartition("/")[2].lower().removesuffix(".git").removesuffix(".py")


def _inputs(workflows: Iterable[WorkflowRefs], library: Library) -> tuple[InputFinding, ...]:
    groups: dict[tuple[str, str], list[InputUse]] = {}
    for workflow in workflows:
        for use in workflow.inputs:
            groups.setdefault((use.name, use.folder), []).append(use)
    found = []
    for (name, folder), uses in sorted(groups.items()):
        is_here = library.has_input(folder, name)
        is_refused = any(use.offered is False for use in uses)
        if is_here is not True and (
            is_refused or (is_here is False and not any(use.offered for use in uses))
        ):
            found.append(InputFinding(tuple(uses), folder, proven=is_refused))
    return tuple(found)
