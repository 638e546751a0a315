"""`wfdeps why`: what one name of a workflow is, what spoke for it, and who was asked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import exit_code_of_all
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options, workflow_files
from wfdeps.cli.prompts import listed
from wfdeps.cli.reading import read_all
from wfdeps.domain.candidates import RankedCandidate, Verdict
from wfdeps.domain.findings import Finding
from wfdeps.domain.locks import LockEntry
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, Present, Resolved, Unresolved
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import visible
from wfdeps.jobs.why import Reasons, reasons_for
from wfdeps.report.wording import shown_name

EXAMPLE = "wfdeps why add_detail.safetensors workflow.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a file name of the workflow, or a part of it")
    parser.add_argument("workflows", nargs="+", metavar="WORKFLOW", help="where it is named")
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    readings = read_all(workflow_files(arguments), context)
    meant = reasons_for(arguments.name, readings, context.doors, context.reporter)
    context.out("\n\n".join(_text(reasons, context) for reasons in meant))
    return exit_code_of_all([reasons.resolution for reasons in meant if reasons.resolution is not None])


def _text(reasons: Reasons, context: Context) -> str:
    return "\n".join((*map(visible, _named(reasons.finding.ref)), *_settled(reasons, context)))


def _named(ref: ModelRef) -> Iterator[str]:
    """The file, who asks for it, and what else the workflow says of it."""
    yield f"{shown_name(ref.name)}  ({ref.folder or 'unknown folder'}, {ref.status})"
    for site in ref.sites:
        yield f"  asked for by  {site.workflow}#{site.node_id} {site.node_class}.{site.input}"
    for fact in _facts(ref):
        yield f"  the workflow also says  {fact}"


def _settled(reasons: Reasons, context: Context) -> list[str]:
    """What became of it, and why."""
    finding, resolution = reasons.finding, reasons.resolution
    match resolution:
        case None:
            return [_state(finding, "nothing is looked for")]
        case Present(finding=found, origin=origin):
            here = [
                line
                for path, sidecar in reasons.sidecars.items()
                for line in (f"    {visible(path)}", *_origin(sidecar))
            ]
            state = _state(found, "the loader offers that very name")
            return [state, *here, *_locked(reasons.locked), *(_evidence(origin) if origin else ())]
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals):
            taken = f"  taken by {chosen_by.value}: {visible(choice.candidate.title)}"
            others = ["  instead of", listed(rivals, context)] if rivals else []
            return [*_questions(reasons, resolution.verdicts), taken, *_evidence(choice), *others]
        case Ambiguous(candidates=candidates, reason=reason):
            left = f"  not taken: {visible(reason)}"
            return [
                *_questions(reasons, resolution.verdicts),
                left,
                *_evidence(candidates[0]),
                listed(candidates, context),
            ]
        case Unresolved(reason=reason, hint=hint):
            left = f"  {resolution.state.replace('_', ' ')}: {visible(reason)}"
            return [*_questions(reasons, resolution.verdicts), left, *([f"  hint: {hint}"] if hint else [])]
        case _:
            assert_never(resolution)


def _state(finding: Finding, otherwise: str) -> str:
    return visible(f"  {finding.state.replace('_', ' ')}: {finding.detail or otherwise}")


def _questions(reasons: Reasons, verdicts: tuple[Verdict, ...]) -> list[str]:
    """The questions, and what each source said to them."""
    return [*(f"  asked  {_in_words(query)}" for query in reasons.queries), *_answers(verdicts)]


def _origin(sidecar: Mapping[str, Any]) -> list[str]:
    """Where a file that wfdeps placed came from, as its sidecar says."""
    where = sidecar.get("air") or sidecar.get("page") or sidecar.get("url")
    if not where:
        return []
    by = f", verified by {sidecar['verified_by']}" if sidecar.get("verified_by") else ""
    return [visible(f"    from {sidecar.get('source')}: {where}{by}")]


def _locked(entries: Sequence[LockEntry]) -> list[str]:
    """Why it was taken when it was, as the lock says."""
    return [
        visible(f"  locked, taken by {'; '.join((entry.chosen_by.value, *entry.evidence))}")
        for entry in entries
    ]


def _facts(ref: ModelRef) -> list[str]:
    version = [f"version {ref.version_id}"] if ref.version_id else []
    return [
        *map(str, ref.digests),
        *([str(ref.air)] if ref.air else []),
        *version,
        *map(without_secrets, ref.urls),
        *ref.base_models,
    ]


def _in_words(query: object) -> str:
    kind = type(query).__name__.removesuffix("Query").lower()
    value = next(getattr(query, name) for name in ("air", "digest", "url", "name") if hasattr(query, name))
    return visible(f"by {kind}: {value}")


def _answers(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [
        visible(f"  {verdict.source} says  {': '.join(filter(None, (_kind(verdict), verdict.detail)))}")
        for verdict in verdicts
    ]


def _kind(verdict: Verdict) -> str:
    return verdict.kind.replace("_", " ")


def _evidence(one: RankedCandidate) -> list[str]:
    access = one.candidate.access.words
    where = str(one.candidate.air or without_secrets(one.candidate.url))
    return [
        f"    {visible(where)}",
        *(f"    {visible(str(piece))}" for piece in one.evidence),
        f"    confidence {one.confidence:.2f}",
        *([f"    access: {access}"] if access else []),
    ]
