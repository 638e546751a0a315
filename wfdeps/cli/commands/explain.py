"""`wfdeps explain`: ComfyUI's own error → what is missing, where it should be, how to get it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.options import add_library_options, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.explanations import Explanation, Rejection
from wfdeps.domain.folders import canonical_key, model_type_of
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus, WorkflowRefs
from wfdeps.domain.resolutions import Finding, RefState
from wfdeps.errors import ConfigError, LibraryError, UnsafePathError, UsageError
from wfdeps.jobs.reading import read_options
from wfdeps.match.explain import alike, rejections_in, same_file
from wfdeps.pipeline.survey import survey
from wfdeps.planning.layout import target_for
from wfdeps.ports import Library
from wfdeps.report.escaping import is_visible, shell_word
from wfdeps.report.explanation import HINTS, render_json, render_text
from wfdeps.report.next_steps import advice_for
from wfdeps.report.view import View
from wfdeps.values import replace
from wfdeps.workflow.guess import folder_by_words
from wfdeps.workflow.names import has_model_ending
from wfdeps.workflow.read import ReadOptions, read_workflow

EXAMPLE = "wfdeps explain error.json --workflow workflow.json --comfyui ~/ComfyUI"

MAX_BYTES = 64 * 2**20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "error",
        metavar="ERROR",
        help="the answer to POST /prompt, an execution error or a piece of log, in a file; - for standard input",
    )
    parser.add_argument(
        "--workflow",
        dest="workflows",
        action="append",
        default=[],
        metavar="WORKFLOW",
        help="the workflow that was refused: its own hashes and URLs help",
    )
    parser.add_argument("--json", action="store_true", help="one JSON document, wfdeps/explain/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    rejections = rejections_in(_read(arguments.error))
    if not rejections:
        raise UsageError(
            f"no ComfyUI error in `{arguments.error}`",
            hint="save the body of the refused POST /prompt, or the lines of ComfyUI's log",
        )
    refs = _refs(rejections, arguments, context)
    library = _library(context)
    findings = _findings(refs.values(), library)
    workflow = arguments.workflows[0] if arguments.workflows else ""
    explanations = [_explain(one, refs.get(one), findings, library, workflow) for one in rejections]
    if arguments.json:
        context.out(render_json(explanations))
    else:
        context.out(render_text(explanations, View(color=context.colors(context.stdout))))
    return READY


def _read(path: str) -> str:
    try:
        if path == "-":
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with open(path, "rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {error.strerror or error}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"`{path}` is larger than {MAX_BYTES // 2**20} MiB")
    return data.decode("utf-8-sig", "replace")


def _refs(
    rejections: Iterable[Rejection], arguments: argparse.Namespace, context: Context
) -> Mapping[Rejection, ModelRef]:
    """The model each complaint is about; one that is about none is left out."""
    known = [
        ref
        for one in read_all(workflow_files(arguments), context)
        if isinstance(one, WorkflowRefs)
        for ref in one.refs
    ]
    options = read_options(workflow_files(arguments), context.doors)
    found = ((one, _ref_of(one, known, options)) for one in rejections if one.value)
    return {one: replace(ref, status=RefStatus.REQUIRED) for one, ref in found if ref is not None}


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
    return ModelRef(name, model_type_of(key), (key,) if key else (), RefStatus.REQUIRED, (site,))


def _as_prompt(rejection: Rejection) -> bytes:
    """The complaint's node as a workflow of its own, so that it is read by the rules for workflows."""
    node = {"class_type": rejection.node_class, "inputs": {rejection.input: rejection.value}}
    return json.dumps({rejection.node_id or "1": node}).encode()


def _library(context: Context) -> Library | None:
    """The model folders; none where nobody named any and none stands in a usual place."""
    settings = context.settings
    try:
        return context.doors.library()
    except (ConfigError, LibraryError) as error:
        if settings.comfyui or settings.models or settings.base_directory or settings.models_directory:
            raise
        context.err(f"note: {error.message}; what is here is not looked at")
        return None


def _findings(refs: Iterable[ModelRef], library: Library | None) -> Mapping[tuple[str, str], Finding]:
    refs = tuple(refs)
    if library is None or not refs:
        return {}
    surveyed = survey((WorkflowRefs("", "none", "json", "", refs),), library)
    return {(finding.ref.folder, finding.ref.name): finding for finding in surveyed.findings}


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
    finding = findings.get((ref.folder, ref.name))
    offered = same_file(rejection.value, rejection.options or ())
    if len(offered) == 1:
        hint = f"that ComfyUI offers it as `{offered[0]}`: choose it in the node"
        return Explanation(rejection, ref, finding, _target(ref, library)[0], near, hint)
    state = finding.state if finding else RefState.MISSING
    near_it = finding or Finding(ref, state)
    advice = advice_for(
        ref, state, workflow, near_it.files, (), respell=near_it.respell, unlisted=near_it.unlisted
    )
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
    return f"{target.root.rstrip('/')}/{target.name}", ""


def _resolve_command(ref: ModelRef) -> str:
    """How to find it without a workflow."""
    if not is_visible(ref.name):
        return ""
    folder = f" --folder {shell_word(ref.folder)}" if ref.folder else ""
    return f"wfdeps resolve {shell_word(ref.name)}{folder}"
