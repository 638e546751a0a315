"""ComfyUI's own errors → what is missing, where it should be, and how to get it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from wfdeps.domain.explanations import Explanation, Rejection
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, WorkflowRefs, usual_lookups
from wfdeps.domain.visible import is_visible
from wfdeps.errors import UnsafePathError
from wfdeps.match.explain import alike, rejections_in, same_file
from wfdeps.pipeline.survey import survey
from wfdeps.planning.layout import target_for
from wfdeps.ports import Library
from wfdeps.report.explanation import HINTS
from wfdeps.report.states import advice_for
from wfdeps.report.wording import shell_word
from wfdeps.values import replace
from wfdeps.workflow.guess import folder_by_words
from wfdeps.workflow.names import has_model_ending
from wfdeps.workflow.read import Reading, ReadOptions, read_workflow


def explain_errors(
    text: str,
    library: Library | None,
    readings: Sequence[Reading] = (),
    options: ReadOptions | None = None,
) -> tuple[Explanation, ...]:
    """An explanation of each complaint in the answer to POST /prompt, an execution error or a log; empty for any other text.

    `readings` are the workflows that were refused: the hashes and addresses in them help. `options`: as for
    `read_workflow`. Without a library nothing is said of what is here.
    """
    rejections = rejections_in(text)
    refs = _refs(rejections, readings, options or ReadOptions())
    findings = _findings(refs.values(), library)
    workflow = readings[0].path if readings else ""
    return tuple(_explain(one, refs.get(one), findings, library, workflow) for one in rejections)


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
) -> Explanation:
    near = alike(rejection.value, rejection.options or ()) if rejection.value else ()
    if ref is None:
        return Explanation(rejection, alike=near, hint=HINTS.get(rejection.type, ""))
    finding = findings.get(ref.key)
    offered = same_file(rejection.value, rejection.options or ())
    if len(offered) == 1:
        hint = f"that ComfyUI offers it as `{offered[0]}`: choose it in the node"
        return Explanation(rejection, ref, finding, _target(ref, library)[0], near, hint)
    state = finding.state if finding else RefState.MISSING
    known = finding or Finding(ref, state)
    advice = advice_for(ref, state, workflow, known.files, (), respell=known.respell, unlisted=known.unlisted)
    target, trouble = _target(ref, library)
    command = advice.command or (_resolve_command(ref) if state is RefState.MISSING else "")
    hint = trouble or advice.hint
    return Explanation(rejection, ref, finding, target, near, hint, "" if trouble else command)


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
