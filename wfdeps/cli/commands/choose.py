"""`wfdeps choose`: answer an open question by AIR or URL, without being asked."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY
from wfdeps.cli.prompts import listed
from wfdeps.domain.candidates import LOCAL, Candidate, Why
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.choose import files_meant, ref_of_name, remember_answer
from wfdeps.sources.answers import AnswerScope

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
    ref = ref_of_name(arguments.name, arguments.folder or "", arguments.workflow)
    chosen = (
        None
        if arguments.what == "optional"
        else _chosen(arguments.what, ref, context, allow_pickle=arguments.allow_pickle)
    )
    scope = (
        AnswerScope.WORKFLOW
        if arguments.workflow
        else AnswerScope.PROJECT
        if arguments.project
        else AnswerScope.ALWAYS
    )
    remember_answer(ref, chosen, scope, context.doors)
    what = visible(f"{chosen.title} ({chosen.air or chosen.url})") if chosen else "optional"
    context.err(f"`{visible(ref.name)}` is {what}, remembered for: {scope.value}")
    return READY


def _chosen(what: str, ref: ModelRef, context: Context, *, allow_pickle: bool) -> Candidate:
    """The file that is meant. Raises UsageError where there are several."""
    files = files_meant(what, ref, context.doors, allow_pickle=allow_pickle)
    if len(files) > 1:
        raise UsageError(
            f"`{what}` has several files:\n{listed(files, context)}",
            hint="name one: add +FILE_ID to the AIR, or ?fileId= to the URL",
        )
    for piece in files[0].evidence:
        if files[0].candidate.source == LOCAL and piece.why is Why.TYPE_DIFFERS:
            context.err(f"warning: by its header it is of another type: {piece.detail}")
    return files[0].candidate
