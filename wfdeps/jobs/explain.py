"""ComfyUI's own errors → what is missing, where it should be, and how to get it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from wfdeps.domain.explanations import Explanation, Rejection
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, WorkflowRefs, usual_lookups
from wfdeps.domain.visible import is_visible
from wfdeps.errors import UnsafePathError
from wfdeps.library.health import judgement_of
from wfdeps.match.causes import FETCH_AGAIN, TOKEN_HELPS, cause_of
from wfdeps.match.explain import alike, rejections_in, same_file
from wfdeps.pipeline.absent import not_installed
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.survey import survey
from wfdeps.planning.layout import target_for
from wfdeps.ports import Library
from wfdeps.report.explanation import HINTS
from wfdeps.report.states import advice_for
from wfdeps.report.wording import shell_word
from wfdeps.values import dataclass, replace
from wfdeps.workflow.guess import folder_by_words
from wfdeps.workflow.names import has_model_ending
from wfdeps.workflow.read import Reading, ReadOptions, read_workflow


def explain_errors(
    text: str,
    library: Library | None,
    readings: Sequence[Reading] = (),
    options: ReadOptions | None = None,
    *,
    place: str = "",
) -> tuple[Explanation, ...]:
    """An explanation of each complaint in the answer to POST /prompt, an execution error or a log; empty for any other text.

    `readings` are the workflows that were refused: the hashes and addresses in them help. `options`: as for
    `read_workflow`. Without a library nothing is said of what is here. `place`: as `build_report` takes it.
    """
    rejections = rejections_in(text)
    refs = _refs(rejections, readings, options or ReadOptions())
    findings = _findings(refs.values(), library)
    workflow = readings[0].path if readings else ""
    explanations = [
        _explain(rejection, refs.get(rejection), findings, library, workflow, place)
        for rejection in rejections
    ]
    return tuple(_without_the_sound(explanations))


def _without_the_sound(explanations: Sequence[Explanation]) -> Iterator[Explanation]:
    """Of a node that broke with several files, those that something speaks against, else all of them."""
    for explanation in explanations:
        mates = [one for one in explanations if _breakage(one.rejection) == _breakage(explanation.rejection)]
        if _is_sound(explanation) and not all(map(_is_sound, mates)):
            continue
        yield explanation


def _breakage(rejection: Rejection) -> tuple[str, str, str]:
    return rejection.type, rejection.message, rejection.node_id


def _is_sound(explanation: Explanation) -> bool:
    finding = explanation.finding
    return finding is not None and finding.state is RefState.PRESENT and not explanation.is_judged


def _refs(
    rejections: Iterable[Rejection],
    readings: Sequence[Reading],
    options: ReadOptions,
) -> Mapping[Rejection, ModelRef]:
    """The model each complaint is about; one that is about none is left out."""
    known = [ref for reading in readings if isinstance(reading, WorkflowRefs) for ref in reading.refs]
    pairs = ((rejection, _ref_of(rejection, known, options)) for rejection in rejections if rejection.value)
    return {rejection: replace(ref, status=RefStatus.REQUIRED) for rejection, ref in pairs if ref is not None}


def _ref_of(rejection: Rejection, known: Sequence[ModelRef], options: ReadOptions) -> ModelRef | None:
    """The workflow's own ref, else what the loader table says of that node, else a guess from the words."""
    same = [ref for ref in known if ref.name == rejection.value]
    at_node = [ref for ref in same if any(site.node_id == rejection.node_id for site in ref.sites)]
    if same:
        return (at_node or same)[0]
    site = NodeSite("", rejection.node_id, rejection.node_class, rejection.input)
    if rejection.folder:
        return _plain_ref(rejection.value, rejection.folder, site)
    for reading in read_workflow(_as_prompt(rejection), "", options=options):
        for ref in reading.refs if isinstance(reading, WorkflowRefs) else ():
            if ref.name == rejection.value:
                return ref
    if has_model_ending(rejection.value):
        return _plain_ref(rejection.value, folder_by_words(f"{rejection.input} {rejection.node_class}"), site)
    return None


def _plain_ref(name: str, folder: str, site: NodeSite) -> ModelRef:
    key = canonical_key(folder)
    folders = (key,) if key else ()
    return ModelRef(
        name, model_type_of(key), folders, RefStatus.REQUIRED, (site,), lookups=usual_lookups(key, name)
    )


def _as_prompt(rejection: Rejection) -> bytes:
    """The complaint's node as a workflow of its own, so that it is read by the rules for workflows."""
    node = {"class_type": rejection.node_class, "inputs": {rejection.input: rejection.value}}
    return json.dumps({rejection.node_id or "1": node}).encode()


def _findings(refs: Iterable[ModelRef], library: Library | None) -> Mapping[tuple[str, str], Finding]:
    refs = tuple(refs)
    if library is None or not refs:
        return {}
    surveyed = survey((WorkflowRefs("", "none", "json", "", refs),), library)
    return {finding.ref.key: finding for finding in surveyed.findings}


def _explain(
    rejection: Rejection,
    ref: ModelRef | None,
    findings: Mapping[tuple[str, str], Finding],
    library: Library | None,
    workflow: str,
    place: str,
) -> Explanation:
    near = alike(rejection.value, rejection.options or ()) if rejection.value else ()
    if ref is None:
        return _without_model(rejection, near, library)
    finding = findings.get(ref.key)
    offered = same_file(rejection.value, rejection.options or ())
    if len(offered) == 1:
        hint = f"that ComfyUI offers it as `{offered[0]}`: choose it in the node"
        return Explanation(rejection, ref, finding, _target(ref, library)[0], near, hint=hint)
    state = finding.state if finding else RefState.MISSING
    known = finding or Finding(ref, state)
    advice = advice_for(
        ref, state, workflow, known.files, (), place, respell=known.respell, unlisted=known.unlisted
    )
    target, trouble = _target(ref, library)
    command = advice.command or (_resolve_command(ref) if state is RefState.MISSING else "")
    why, hint = _why(rejection, ref, finding, library)
    if hint and hint != FETCH_AGAIN:  # another copy of it would break as well
        command = _inspect_command(known)
    return Explanation(
        rejection,
        ref,
        finding,
        target,
        near,
        why.why if why else "",
        trouble or (hint or advice.hint),
        "" if trouble else command,
        is_judged=why is not None and why.is_judged,
    )


def _without_model(rejection: Rejection, near: tuple[str, ...], library: Library | None) -> Explanation:
    """A complaint that is about no model: a node that is not installed, a value, a repository."""
    if rejection.type == "missing_node_type" and rejection.node_class:
        node = not_installed(rejection.node_class, library.installed() if library else None)
        if node.pack:
            hint = f"this node class is not installed; it is from `{node.pack}`: {node.detail or 'install the pack, and restart ComfyUI'}"
            return Explanation(rejection, hint=hint, next=node.command)
    if rejection.type == "gated":
        page = rejection.value.partition("/resolve/")[0]
        hint = f"accept the terms on {page} with the account of your token, and set HF_TOKEN"
        why = cause_of(rejection.type, rejection.message)
        return Explanation(rejection, cause=why.why if why else "", hint=hint, next=_AUTH)
    cause = cause_of(rejection.type, rejection.message)
    if cause is not None:
        command = _AUTH if TOKEN_HELPS.search(rejection.message) else ""
        return Explanation(rejection, alike=near, cause=cause.why, hint=cause.hint, next=command)
    hint = HINTS.get(rejection.type, "")
    if rejection.type == "value_not_in_list" and not rejection.value:
        return Explanation(rejection, cause="nothing is chosen here", hint="choose a file in the node")
    return Explanation(rejection, alike=near, hint=hint or _LOOK_AT_THE_NODE)


_AUTH = "wfdeps auth check"
_LOOK_AT_THE_NODE = "no file is named: the traceback in ComfyUI's console says where it broke"


@dataclass(frozen=True, slots=True)
class _LoadTrouble:
    why: str
    is_judged: bool = False
    """Whether the file itself says so, not only ComfyUI's message."""


def _why(
    rejection: Rejection, ref: ModelRef, finding: Finding | None, library: Library | None
) -> tuple[_LoadTrouble | None, str]:
    """Why a file could not be loaded, and what helps, by the file itself where it is here; (None, "") where it was refused by its name."""
    if rejection.type == "embedding_glued":
        why = "ComfyUI reads `embedding:a,embedding:b` as one name"
        return _LoadTrouble(
            why
        ), "put a space behind the comma" if finding and finding.state is RefState.PRESENT else ""
    if rejection.type in (*HINTS, "FileNotFoundError", "embedding_not_found"):
        return None, ""
    cause = cause_of(rejection.type, rejection.message)
    hint = cause.hint if cause else "look at it with `wfdeps inspect`; the fault may be the node's"
    if finding is not None and finding.state is RefState.CORRUPT:
        return _LoadTrouble(finding.detail, is_judged=True), ""
    if finding is not None and finding.state is RefState.PRESENT and library is not None:
        reading = WorkflowRefs("", "none", "json", "", (ref,))
        for lint in find_misfits((reading,), (finding,), (), library):
            return _LoadTrouble(lint.message, is_judged=True), hint
    elif trouble := _trouble_at(rejection.path):
        return _LoadTrouble(trouble, is_judged=True), hint
    return _LoadTrouble(cause.why if cause else ""), hint


def _inspect_command(finding: Finding) -> str:
    path = finding.files[0].path if finding.files else ""
    return f"wfdeps inspect {shell_word(path)}" if path and is_visible(path) else ""


def _trouble_at(path: str) -> str:
    """What the judge says against the file at a path of this machine; empty for a sound one, and where there is none."""
    if not path or not os.path.isfile(path):
        return ""
    return judgement_of(path, os.path.getsize(path)).trouble


def _target(ref: ModelRef, library: Library | None) -> tuple[str, str]:
    """Where the file should be, or why it can be nowhere."""
    if library is None or not ref.folder:
        return "", ""
    try:
        target = target_for(ref.folder, ref.name, library.folders(), library.separator)
    except UnsafePathError as error:
        return "", error.message
    return target.path, ""


def _resolve_command(ref: ModelRef) -> str:
    """How to find it without a workflow."""
    if not is_visible(ref.name):
        return ""
    folder = f" --folder {shell_word(ref.folder)}" if ref.folder else ""
    return f"wfdeps resolve {shell_word(ref.name)}{folder}"
