"""`wfdeps graph`: workflow → node → ref → file → version → model → source, drawn."""

from __future__ import annotations

import argparse
from importlib import import_module

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, USAGE
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options, add_workflows
from wfdeps.cli.output import terminal_view, write_text
from wfdeps.cli.reading import Reading, read_all
from wfdeps.domain.graphs import Graph
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.domain.resolutions import Resolution
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.plan.graph import build_graph, graphml

EXAMPLE = "wfdeps graph workflow.json --online --format mermaid -o graph.mmd"

FORMATS = ("tree", "mermaid", "dot", "json", "graphml")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_workflows(parser)
    parser.add_argument("--format", choices=FORMATS, default="tree", help="default: tree")
    parser.add_argument("-o", "--output", metavar="FILE", help="write it here instead of stdout")
    parser.add_argument(
        "--online", action="store_true", help="also ask the sources where the missing files are"
    )
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    surveyed = _survey(read_all(arguments, context), context)
    resolutions = _resolutions(surveyed, arguments, context) if arguments.online else ()
    graph = build_graph(surveyed.readings, surveyed.findings, resolutions)
    text = _drawn(graph, arguments.format, context)
    if arguments.output:
        write_text(arguments.output, text)
    else:
        context.out(text)
    unreadable = [one for one in surveyed.readings if isinstance(one, UnreadableWorkflow)]
    for one in unreadable:
        context.err(f"error: {one.path}: {one.message}")
    return USAGE if unreadable else READY


def _drawn(graph: Graph, form: str, context: Context) -> str:
    if form == "graphml":
        return graphml(graph)
    renderer = import_module(f"wfdeps.report.graph_{form}")
    text: str = renderer.render(graph, terminal_view(context)) if form == "tree" else renderer.render(graph)
    return text


def _survey(readings: tuple[Reading, ...], context: Context) -> Survey:
    """How the refs stand here; without a ComfyUI the graph is drawn all the same."""
    library = context.doors.library_if_any()
    if library is None:
        context.err("note: no ComfyUI folder was named or found; the graph says nothing of what is here")
        return Survey(readings, ())
    return survey(readings, library, context.doors.is_optional)


def _resolutions(surveyed: Survey, arguments: argparse.Namespace, context: Context) -> tuple[Resolution, ...]:
    from wfdeps.cli.resolving import resolve_for

    return resolve_for(surveyed, context, ask=False)
