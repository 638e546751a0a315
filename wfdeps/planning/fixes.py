"""What would make ComfyUI find a file that is there: a second name for it, or another spelling in the workflow."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from wfdeps.domain.digests import agreement
from wfdeps.domain.files import Folder, LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import PREFIXES, canonical_key
from wfdeps.domain.plans import Link
from wfdeps.errors import UnsafePathError
from wfdeps.planning.layout import target_for
from wfdeps.values import dataclass, field

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


def link_for(
    finding: Finding, folders: Iterable[Folder], separator: str, *, called: str = ""
) -> Link | NoFix:
    """The second name that would make the ref's very string be offered.

    `called` is what its source calls the file: a store's own names tell no ending.
    """
    file = _the_file(finding)
    if isinstance(file, NoFix):
        return file
    ref, folders = finding.ref, tuple(folders)
    if finding.unlisted:
        return NoFix(finding, finding.detail)
    if finding.respell:
        return NoFix(finding, f"no file can be called `{ref.name}` here: --rewrite OUT.json respells it")
    try:
        target = target_for(ref.folder, _whole_name(finding, file, called), folders, separator)
    except UnsafePathError as error:
        return NoFix(finding, error.message)
    blind = next((folder for folder in folders if folder.path == target.root and not folder.visible), None)
    if blind:
        return NoFix(finding, f"{blind.reason}: add to its extra_model_paths.yaml: `{blind.fix}`")
    if target.path == file.path:
        return NoFix(
            finding, "the file is in its place; only the spelling in the workflow differs: --rewrite OUT.json"
        )
    return Link(ref, file, target)


def rename_for(finding: Finding, separator: str) -> Rename | NoFix:
    """The spelling under which this ComfyUI offers the file to the same loader."""
    file = _the_file(finding)
    if isinstance(file, NoFix):
        return file
    if finding.state is RefState.INVISIBLE or finding.unlisted:
        return NoFix(finding, finding.detail)
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


def _whole_name(finding: Finding, file: LocalFile, called: str) -> str:
    """The ref's name, with the file's ending where the ref has none (embeddings, LoRA tags)."""
    name = finding.ref.name
    whole = file.basename if "." in file.basename else called
    dot = whole.rfind(".")
    ending = whole[dot:] if dot > 0 and not file.is_directory else ""
    return name if name.lower().endswith(ending.lower()) else name + ending


@dataclass(frozen=True, slots=True)
class Respelling:
    """Which values become which: in the nodes that name a file by what each means, elsewhere by what all mean."""

    general: Mapping[str, str]
    at_nodes: Mapping[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    """By node class and id; a value that stays is here too."""

    def at(self, node_class: str, node_id: str) -> Mapping[str, str]:
        return {**self.general, **self.at_nodes.get((node_class, node_id), {})}


def respelling(findings: Iterable[Finding], renames: Iterable[Rename]) -> Respelling:
    """What to write where, given every ref of the workflow: two folders may hold files of one name.

    A value that no single node accounts for (a primitive that feeds a loader) changes only if all refs of that name do.
    """
    by_ref = {rename.finding.ref: rename for rename in renames}
    wanted: dict[str, set[str]] = {}
    at_nodes: dict[tuple[str, str], dict[str, str]] = {}
    for ref in (finding.ref for finding in findings):
        pairs = _pairs(by_ref[ref]) if ref in by_ref else {ref.name: ref.name}
        for old, new in pairs.items():
            wanted.setdefault(old, set()).add(new)
        for site in ref.sites:
            at_nodes.setdefault((site.node_class, _leaf(site.node_id)), {}).update(pairs)
    return Respelling({old: news.pop() for old, news in wanted.items() if len(news) == 1}, at_nodes)


def _pairs(rename: Rename) -> dict[str, str]:
    pairs = {rename.old: rename.new}
    if "embeddings" in rename.finding.ref.folders and not _ENDS_A_WORD.search(rename.new):
        pairs[_EMBEDDING + rename.old] = _EMBEDDING + rename.new
    return pairs


_EMBEDDING = "embedding:"
_ENDS_A_WORD = re.compile(r"[\s,:()<>]")


def _leaf(node_id: str) -> str:
    """The id inside its own graph: `5:3` → `3`; the reader writes `3~7` for a second node of that id."""
    return node_id.rpartition(":")[2].partition("~")[0]


def rewritten(document: Any, spelling: Respelling) -> tuple[Any, tuple[str, ...]]:
    """The workflow with these values replaced wherever a node keeps a value, and which were; a new document."""
    changed: list[str] = []
    return _rewritten(document, spelling, "", changed), tuple(changed)


def _rewritten(value: Any, spelling: Respelling, key: str, changed: list[str]) -> Any:
    match value:
        case list():
            return [_rewritten(item, spelling, "", changed) for item in value]
        case dict():
            kind = value.get("class_type", value.get("type"))
            here = spelling.at(str(kind), _leaf(str(value.get("id", key))))
            return {
                name: _respelled(item, here, changed)
                if name in _VALUES
                else _rewritten(item, spelling, str(name), changed)
                for name, item in value.items()
            }
        case _:
            return value


def _respelled(value: Any, here: Mapping[str, str], changed: list[str]) -> Any:
    match value:
        case str() if value in here:
            if here[value] != value:
                changed.append(value)
            return here[value]
        case str() if _EMBEDDING in value:
            return _in_text(value, here, changed)
        case list():
            return [_respelled(item, here, changed) for item in value]
        case dict():
            return {key: _respelled(item, here, changed) for key, item in value.items()}
        case _:
            return value


def _in_text(text: str, here: Mapping[str, str], changed: list[str]) -> str:
    """The prompt with its embeddings respelled."""
    for old, new in here.items():
        if old.startswith(_EMBEDDING):
            text, count = re.subn(re.escape(old) + r"(?![\w./\\-])", new.replace("\\", r"\\"), text)
            changed += [old.removeprefix(_EMBEDDING)] * count
    return text
