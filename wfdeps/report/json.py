"""`wfdeps/report/1`: the report as one JSON document. Its schema is `schemas/report-1.schema.json`."""

from __future__ import annotations

from typing import Any

from wfdeps.domain.lints import Lint
from wfdeps.domain.nodes import InputFinding, NodeFinding
from wfdeps.domain.refs import Notice, UnreadableWorkflow
from wfdeps.domain.reports import CheckReport, ReportItem, Totals, WorkflowVerdict
from wfdeps.report.ref_fields import candidate_fields, file_fields, ref_fields, site_fields
from wfdeps.report.wording import View, document_text

SCHEMA = "wfdeps/report/1"

Fields = dict[str, Any]


def render(report: CheckReport, view: View | None = None) -> str:
    """One document, indented, sorted as the report is."""
    return document_text(to_document(report))


def to_document(report: CheckReport) -> Fields:
    """The report as dicts and lists."""
    return {
        **summary_fields(report),
        "workflows": [workflow_fields(workflow) for workflow in report.workflows],
        "refs": [item_fields(item) for item in report.items],
        "lints": [lint_fields(lint) for lint in report.lints],
        "nodes_not_found": [node_fields(node) for node in report.nodes],
        "inputs_not_found": [input_fields(each) for each in report.inputs],
    }


def summary_fields(report: CheckReport) -> Fields:
    """What is true of the whole."""
    return {
        "schema": SCHEMA,
        "verdict": str(report.verdict),
        "exit_code": report.exit_code,
        "totals": _totals(report.totals),
        "room": list(report.room),
        "warnings": [_notice(warning) for warning in report.warnings],
    }


def workflow_fields(workflow: WorkflowVerdict | UnreadableWorkflow) -> Fields:
    """One workflow, or why it could not be read."""
    if isinstance(workflow, UnreadableWorkflow):
        return {"path": workflow.path, "error": workflow.message, "hint": workflow.hint}
    return {
        "path": workflow.path,
        "format": workflow.format,
        "container": workflow.container,
        "sha256": workflow.sha256,
        "verdict": str(workflow.verdict),
        "required": workflow.required,
        "present": workflow.present,
        "missing": workflow.missing,
        "bytes_to_fetch": workflow.bytes_to_fetch,
        "weights_only": [
            {"phase": floor.phase, "bytes": floor.bytes, "largest": floor.largest, "unknown": floor.unknown}
            for floor in workflow.weights
        ],
        "warnings": [_notice(warning) for warning in workflow.warnings],
    }


def item_fields(item: ReportItem) -> Fields:
    """One ref with its state, what was found, and what to do next."""
    return {
        **ref_fields(item.ref),
        "state": str(item.state),
        "detail": item.detail,
        "needed_by": list(item.needed_by),
        "found": [file_fields(file) for file in item.found],
        "candidates": [candidate_fields(candidate, item.ref) for candidate in item.candidates],
        "chosen": candidate_fields(item.chosen, item.ref) if item.chosen else None,
        "chosen_by": str(item.chosen_by) if item.chosen_by else None,
        "source": item.source or None,
        "size": item.size,
        "access": str(item.access.state) if item.access else None,
        "path": item.path or None,
        "verified_by": item.verified_by or None,
        "verdicts": [
            {"source": verdict.source, "kind": str(verdict.kind), "detail": verdict.detail}
            for verdict in item.verdicts
        ],
        "hint": item.hint,
        "next": item.next,
    }


def lint_fields(lint: Lint) -> Fields:
    """One remark."""
    return {
        "level": str(lint.level),
        "code": lint.code,
        "message": lint.message,
        "names": list(lint.names),
        "sites": [site_fields(site) for site in lint.sites],
        "consequence": lint.consequence,
        "stops": lint.stops,
    }


def node_fields(node: NodeFinding) -> Fields:
    """One node class that is not here, or of which that cannot be told (`judged` is false)."""
    return {
        "node_class": node.node_class,
        "judged": node.judged,
        "proven": node.proven,
        "pack": node.pack or None,
        "version": next((use.version for use in node.uses if use.version), None),
        "detail": node.detail,
        "next": node.command,
        "sites": [site_fields(use.site) for use in node.uses],
    }


def input_fields(each: InputFinding) -> Fields:
    """One input file that is not here."""
    return {
        "name": each.name,
        "folder": each.folder,
        "proven": each.proven,
        "sites": [site_fields(use.site) for use in each.uses],
    }


def _totals(totals: Totals) -> Fields:
    return {
        "required": totals.required,
        "present": totals.present,
        "missing": totals.missing,
        "bytes_present": totals.bytes_present,
        "bytes_to_fetch": totals.bytes_to_fetch,
        "bytes_fetched": totals.bytes_fetched,
        "unknown_sizes": totals.unknown_sizes,
        "states": {str(state): count for state, count in totals.states},
        "folders": [
            {
                "folder": row.folder,
                "required": row.required,
                "present": row.present,
                "bytes_present": row.bytes_present,
                "bytes_to_fetch": row.bytes_to_fetch,
            }
            for row in totals.folders
        ],
        "file_systems": [
            {"path": row.path, "need": row.need, "free": row.free, "fits": row.fits}
            for row in totals.file_systems
        ],
    }


def _notice(notice: Notice) -> Fields:
    return {"code": notice.code, "message": notice.message}
