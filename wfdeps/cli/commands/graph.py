"""`wfdeps graph`: workflow → node → ref → file → version → model → source, drawn."""

from __future__ import annotations

import argparse
from importlib import import_module

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, USAGE
from wfdeps.cli.options import (
    add_library_options,
    add_reading_options,
    add_resolving_options,
    add_workflows,
    workflow_files,
)
from wfdeps.cli.output import terminal_view, write_text
from wfdeps.cli.reading import read_all
from wfdeps.domain.graphs import Graph
from wfdeps.domain.refs import UnreadableWorkflow
from wfdeps.jobs.graph import graph_of, survey_if_any
from wfdeps.pipeline.survey import Survey
from wfdeps.planning.graph import graphml

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
    readings = read_all(workflow_files(arguments), context)
    surveyed = survey_if_any(readings, context.doors)
    if surveyed is None:
        context.err("note: no ComfyUI folder was named or found; the graph says nothing of what is here")
        surveyed = Survey(readings, ())
    graph = graph_of(surveyed, context.doors, online=context.reporter if arguments.online else None)
    text = _drawn(graph, arguments.format, context)
    if arguments.output:
        write_text(arguments.output, text)
    else:
        context.out(text)
    unreadable = [one for one in readings if isinstance(one, UnreadableWorkflow)]
    for one in unreadable:
        context.err(f"error: {one.path}: {one.message}")
    return USAGE if unreadable else READY


def _drawn(graph: Graph, form: str, context: Context) -> str:
    if form == "graphml":
        return graphml(graph)
    renderer = import_module(f"wfdeps.report.graph_{form}")
    text: str = renderer.render(graph, terminal_view(context)) if form == "tree" else renderer.render(graph)
    return text
