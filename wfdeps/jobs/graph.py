"""The graph of workflows: which node asks for which file, and where it is or would come from."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps.console.silent import NeverAsk
from wfdeps.domain.graphs import Graph
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.pipeline.survey import Survey, survey
from wfdeps.planning.graph import build_graph
from wfdeps.ports import Reporter
from wfdeps.wiring.doors import Doors


def survey_if_any(readings: Sequence[WorkflowRefs | UnreadableWorkflow], doors: Doors) -> Survey | None:
    """How the refs stand here; None where no model folder was named or found."""
    library = doors.library_if_any()
    return survey(readings, library, doors.is_optional) if library else None


def graph_of(surveyed: Survey, doors: Doors, *, online: Reporter | None = None) -> Graph:
    """The graph. `online`: the sources are asked too, and this reporter hears how it goes."""
    if online is None:
        return build_graph(surveyed.readings, surveyed.findings, ())
    from wfdeps.jobs.resolve import resolve_needed

    resolutions = resolve_needed(surveyed, doors, chooser=NeverAsk(), reporter=online)
    return build_graph(surveyed.readings, surveyed.findings, resolutions)
