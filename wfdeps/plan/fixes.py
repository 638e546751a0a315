"""What would make ComfyUI find a file that is there: a second name for it, or another spelling in the workflow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wfdeps.domain.digests import agreement
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.folders import PREFIXES, canonical_key
from wfdeps.domain.plans import Link
from wfdeps.domain.resolutions import Finding, RefState
from wfdeps.errors import UnsafePathError
from wfdeps.plan.layout import target_for
from wfdeps.values import dataclass

_FIXABLE = (RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER, RefState.INVISIBLE)
_VALUES = ("widgets_values", "inputs")
"""Where nodes keep what a person chose, in the UI and the API format."""


@dataclass(frozen=True, slots=True)
class Rename:
    """The workflow says `old`; this ComfyUI offers the same file as `new`."""

    finding: Finding
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class NoFix:
    """Why nothing here helps this ref."""

    finding: Finding
    reason: str


def link_for(finding: Finding, folders: Iterable[Folder], separator: str) -> Link | NoFix:
    """The second name that would make the ref's very string be offered."""
    file = _the_file(finding)
    if isinstance(file, NoFix):
        return file
    ref = finding.ref
    foreign = "\\" if separator == "/" else "/"
    if foreign in ref.name and finding.state is RefState.PRESENT_ELSEWHERE:
        return NoFix(finding, f"no file can be called `{ref.name}` here: --rewrite OUT.json respells it")
    try:
        target = target_for(ref.folder, _whole_name(finding, file), folders, separator)
    except UnsafePathError as error:
        return NoFix(finding, error.message)
    if f"{target.root.rstrip('/')}/{target.name}" == file.path.replace("\\", "/"):
        return NoFix(
            finding, "the file is in its place; only the spelling in the workflow differs: --rewrite OUT.json"
        )
    return Link(ref, file, target)


def rename_for(finding: Finding, separator: str) -> Rename | NoFix:
    """The spelling under which this ComfyUI offers the file to the same loader."""
    file = _the_file(finding)
    if isinstance(file, NoFix):
        return file
    if file.folder_key not in map(canonical_key, finding.ref.folders) or not file.listed:
        return NoFix(finding, "it lies in a folder this loader does not list: --link, --move or --copy")
    shown = PREFIXES.get(file.folder_key, "") + file.name
    return Rename(finding, finding.ref.name, shown if separator == "/" else shown.replace("/", separator))


def _the_file(finding: Finding) -> LocalFile | NoFix:
    """The one file that is meant."""
    if finding.state not in _FIXABLE or not finding.files:
        return NoFix(finding, finding.detail or finding.state.replace("_", " "))
    first, *others = finding.files
    if others and not agreement(finding.ref.digests, (*first.digests, *first.claimed)):
        return NoFix(finding, f"{len(finding.files)} files have that name, and no hash says which is meant")
    return first


def _whole_name(finding: Finding, file: LocalFile) -> str:
    """The ref's name, with the file's ending where the ref has none (embeddings, LoRA tags)."""
    name = finding.ref.name
    dot = file.basename.rfind(".")
    ending = file.basename[dot:] if dot > 0 and not file.is_directory else ""
    return name if name.lower().endswith(ending.lower()) else name + ending


def rewritten(document: Any, renames: Mapping[str, str]) -> tuple[Any, int]:
    """The workflow with these values replaced wherever a node keeps a value, and how many were; a new document."""
    return _rewritten(document, renames, inside=False)


def _rewritten(value: Any, renames: Mapping[str, str], *, inside: bool) -> tuple[Any, int]:
    match value:
        case str() if inside and value in renames:
            return renames[value], 1
        case list():
            pairs = [_rewritten(item, renames, inside=inside) for item in value]
            return [item for item, _ in pairs], sum(count for _, count in pairs)
        case dict():
            named = {
                key: _rewritten(item, renames, inside=inside or key in _VALUES) for key, item in value.items()
            }
            return {key: item for key, (item, _) in named.items()}, sum(count for _, count in named.values())
        case _:
            return value, 0
