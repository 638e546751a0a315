"""`wfdeps why`: what one name of a workflow is, what spoke for it, and who was asked."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from typing import assert_never

from wfdeps.cli.choosing import listed
from wfdeps.cli.commands.resolve import exit_code_of_all
from wfdeps.cli.context import Context
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.console.question import access_in_words
from wfdeps.console.silent import NeverAsk
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.candidates import RankedCandidate, Verdict
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, Finding, Present, Resolution, Resolved, Unresolved
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.jobs.resolving import resolve_needed
from wfdeps.jobs.users import all_readable
from wfdeps.match.queries import queries_for
from wfdeps.match.spelling import key_of, spell
from wfdeps.pipeline.survey import survey
from wfdeps.report.ref_fields import shown_name
from wfdeps.wiring.answers import locked_entries

EXAMPLE = "wfdeps why add_detail.safetensors workflow.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a file name of the workflow, or a part of it")
    parser.add_argument("workflows", nargs="+", metavar="WORKFLOW", help="where it is named")
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = context.doors.library_or_new()
    readings = read_all(workflow_files(arguments), context)
    surveyed = survey(readings, library, context.doors.is_optional)
    meant = _meant(arguments.name, surveyed.findings)
    if not meant:
        all_readable(readings)  # what cannot be read may be what names it
        raise UsageError(
            f"no file called `{arguments.name}` there", hint="`wfdeps refs` lists what a workflow names"
        )
    # All of them are settled, as `get` would: what one is made for speaks for or against another.
    settled = {
        one.ref: one
        for one in resolve_needed(surveyed, context.doors, chooser=NeverAsk(), reporter=context.reporter)
    }
    context.out("\n\n".join(_explained(finding, settled.get(finding.ref), context) for finding in meant))
    return exit_code_of_all([settled[finding.ref] for finding in meant if finding.ref in settled])


def _meant(name: str, findings: Sequence[Finding]) -> list[Finding]:
    """Those of that name; else those whose name holds it."""
    wanted = key_of(spell(name).stem)
    exact = [one for one in findings if one.ref.name == name or key_of(spell(one.ref.name).stem) == wanted]
    return exact or [one for one in findings if name.casefold() in one.ref.name.casefold()]


def _explained(finding: Finding, resolution: Resolution | None, context: Context) -> str:
    return "\n".join((*map(visible, _named(finding.ref)), *_settled(finding, resolution, context)))


def _named(ref: ModelRef) -> Iterator[str]:
    """The file, who asks for it, and what else the workflow says of it."""
    yield f"{shown_name(ref.name)}  ({ref.folder or 'unknown folder'}, {ref.status})"
    for site in ref.sites:
        yield f"  asked for by  {site.workflow}#{site.node_id} {site.node_class}.{site.input}"
    for fact in _facts(ref):
        yield f"  the workflow also says  {fact}"


def _settled(finding: Finding, resolution: Resolution | None, context: Context) -> list[str]:
    """What became of it, and why."""
    match resolution:
        case None:
            return [_state(finding, "nothing is looked for")]
        case Present(ref, found, origin):
            here = [
                line for file in found.files for line in (f"    {visible(file.path)}", *_origin(file.path))
            ]
            told = [_state(found, "the loader offers that very name"), *here, *_locked(ref, context)]
            return told + (_reasons(origin) if origin else [])
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals):
            taken = f"  taken by {chosen_by.value}: {visible(choice.candidate.title)}"
            others = ["  instead of", listed(rivals, context)] if rivals else []
            return [*_asked(resolution), taken, *_reasons(choice), *others]
        case Ambiguous(candidates=candidates, reason=reason):
            left = f"  not taken: {visible(reason)}"
            return [*_asked(resolution), left, *_reasons(candidates[0]), listed(candidates, context)]
        case Unresolved(reason=reason, hint=hint):
            left = f"  {resolution.state.replace('_', ' ')}: {visible(reason)}"
            return [*_asked(resolution), left, *([f"  hint: {hint}"] if hint else [])]
        case _:
            assert_never(resolution)


def _state(finding: Finding, otherwise: str) -> str:
    return visible(f"  {finding.state.replace('_', ' ')}: {finding.detail or otherwise}")


def _asked(resolution: Resolved | Ambiguous | Unresolved) -> list[str]:
    """The questions, and what each source said to them."""
    asked = [f"  asked  {query}" for query in map(_in_words, queries_for(resolution.ref))]
    return asked + _told(resolution.verdicts)


def _origin(path: str) -> list[str]:
    """Where a file that we placed came from, as its sidecar says."""
    sidecar = read_sidecar(path)
    where = sidecar.get("air") or sidecar.get("page") or sidecar.get("url")
    if not where:
        return []
    by = f", verified by {sidecar['verified_by']}" if sidecar.get("verified_by") else ""
    return [visible(f"    from {sidecar.get('source')}: {where}{by}")]


def _locked(ref: ModelRef, context: Context) -> list[str]:
    """Why it was taken when it was, as the lock says."""
    return [
        visible(f"  locked, taken by {'; '.join((entry.chosen_by.value, *entry.evidence))}")
        for entry in locked_entries(context.doors.lock)
        if (entry.folder, entry.name) == (ref.folder, ref.name)
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
    said = next(getattr(query, name) for name in ("air", "digest", "url", "name") if hasattr(query, name))
    return visible(f"by {kind}: {said}")


def _told(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [
        visible(f"  {verdict.source} says  {': '.join(filter(None, (_kind(verdict), verdict.detail)))}")
        for verdict in verdicts
    ]


def _kind(verdict: Verdict) -> str:
    return verdict.kind.replace("_", " ")


def _reasons(one: RankedCandidate) -> list[str]:
    access = access_in_words(one.candidate.access)
    where = str(one.candidate.air or without_secrets(one.candidate.url))
    return [
        f"    {visible(where)}",
        *(f"    {visible(str(piece))}" for piece in one.evidence),
        f"    confidence {one.confidence:.2f}",
        *([f"    access: {access}"] if access else []),
    ]
