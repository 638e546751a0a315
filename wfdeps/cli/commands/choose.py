"""`wfdeps choose`: answer an open question by AIR or URL, without being asked."""

from __future__ import annotations

import argparse
from contextlib import ExitStack

from wfdeps.cli.choosing import listed, local_file, look_up, query_of
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.domain.candidates import Candidate, RankedCandidate, Why
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError, SourceError, UsageError
from wfdeps.sources.answers import Scope
from wfdeps.wiring.answers import open_answers

EXAMPLE = """wfdeps choose add_detail.safetensors urn:air:sd1:lora:civitai:58390@62833 \\
      --workflow wf.json"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the file, as the workflow calls it")
    parser.add_argument(
        "what", metavar="AIR|URL|PATH", help="which file it is; `optional`: the run may go without it"
    )
    parser.add_argument("--folder", metavar="KEY", help="only in this ComfyUI folder (`loras` …)")
    parser.add_argument(
        "--allow-pickle", action="store_true", help="take a file of your own even where it can run code"
    )
    scope = parser.add_mutually_exclusive_group()
    scope.add_argument(
        "--workflow", action="append", default=[], metavar="FILE", help="only for this workflow; repeatable"
    )
    scope.add_argument("--project", action="store_true", help="only when run in this folder")


def run(arguments: argparse.Namespace, context: Context) -> int:
    ref = _ref(arguments)
    chosen = None if arguments.what == "optional" else _chosen(arguments, ref, context)
    scope = Scope.WORKFLOW if arguments.workflow else Scope.PROJECT if arguments.project else Scope.ALWAYS
    with ExitStack() as exits:
        open_answers(context.settings, exits).save(ref, chosen, scope)
    what = visible(f"{chosen.title} ({chosen.air or chosen.url})") if chosen else "optional"
    context.err(f"`{visible(ref.name)}` is {what}, remembered for: {scope.value}")
    return READY


def _chosen(arguments: argparse.Namespace, ref: ModelRef, context: Context) -> Candidate:
    """The one file meant. Raises UsageError where it is none, or several that only a person tells apart.

    What is no address and no AIR is a path.
    """
    what = arguments.what
    if what.startswith("file://") or ("://" not in what and not _is_air(what)):
        return _own_file(arguments, ref, context)
    query_of(what)
    found = look_up(what, ref, context.doors.sources())
    if not found:
        raise SourceError(f"nothing found at `{what}`", hint="is it published, and is the network there?")
    alone = _alone(found)
    if alone is None:
        raise UsageError(
            f"`{what}` has several files:\n{listed(found, context)}",
            hint="name one: add +FILE_ID to the AIR, or ?fileId= to the URL",
        )
    return alone.candidate


def _own_file(arguments: argparse.Namespace, ref: ModelRef, context: Context) -> Candidate:
    try:
        own = local_file(arguments.what, ref, allow_pickle=arguments.allow_pickle)
    except LibraryError as error:
        raise UsageError(error.message, hint=error.hint or _WANTED) from error
    for piece in own.evidence:
        if piece.why is Why.TYPE_DIFFERS:
            context.err(f"warning: by its header it is of another type: {piece.detail}")
    return own.candidate


_WANTED = "an AIR (civitai:58390@62833), an https address, a path, or the word `optional`"


def _is_air(text: str) -> bool:
    return text.lower().startswith(("urn:", "air:", "civitai:", "huggingface:"))


def _alone(found: tuple[RankedCandidate, ...]) -> RankedCandidate | None:
    """The only file, the only one of that name, or the main one of a version."""
    exact = [one for one in found if any(piece.why is Why.NAME_EXACT for piece in one.evidence)]
    for group in (found, exact, [one for one in found if one.candidate.is_primary]):
        if len(group) == 1:
            return group[0]
    return None


def _ref(arguments: argparse.Namespace) -> ModelRef:
    folder = canonical_key(arguments.folder) if arguments.folder else ""
    if folder and folder not in FOLDER_KEYS:
        raise UsageError(f"unknown folder `{folder}`", hint=f"one of {', '.join(sorted(FOLDER_KEYS))}")
    return ModelRef(
        arguments.name,
        model_type_of(folder) if folder else ModelType.UNKNOWN,
        (folder,) if folder else (),
        RefStatus.REQUIRED,
        sites=tuple(NodeSite(path, "", "", "") for path in arguments.workflow),
    )
