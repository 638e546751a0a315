"""`wfdeps why`: what one name of a workflow is, what spoke for it, and who was asked."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import assert_never

from wfdeps.cli.choosing import listed
from wfdeps.cli.commands.resolve import exit_code_of_all
from wfdeps.cli.context import Context
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options
from wfdeps.cli.reading import read_all
from wfdeps.cli.resolving import resolve_for
from wfdeps.console.question import access_in_words
from wfdeps.domain.candidates import RankedCandidate, Verdict
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, Finding, Present, Resolution, Resolved, Unresolved
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.library.sidecars import read_sidecar
from wfdeps.match.queries import queries_for
from wfdeps.match.spelling import key_of, spell
from wfdeps.pipeline.survey import survey
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
    surveyed = survey(read_all(arguments, context), library, context.doors.is_optional)
    meant = _meant(arguments.name, surveyed.findings)
    # All of them are settled, as `get` would: what one is made for speaks for or against another.
    settled = {one.ref: one for one in resolve_for(surveyed, arguments, context, ask=False)}
    context.out("\n\n".join(_explained(finding, settled.get(finding.ref), context) for finding in meant))
    return exit_code_of_all([settled[finding.ref] for finding in meant if finding.ref in settled])


def _meant(name: str, findings: Sequence[Finding]) -> list[Finding]:
    """Those of that name; else those whose name holds it. Raises UsageError where there is none."""
    wanted = key_of(spell(name).stem)
    exact = [one for one in findings if one.ref.name == name or key_of(spell(one.ref.name).stem) == wanted]
    found = exact or [one for one in findings if name.casefold() in one.ref.name.casefold()]
    if not found:
        raise UsageError(f"no file called `{name}` there", hint="`wfdeps refs` lists what a workflow names")
    return found


def _explained(finding: Finding, resolution: Resolution | None, context: Context) -> str:
    ref = finding.ref
    lines = [f"{visible(ref.name)}  ({ref.folder or 'unknown folder'}, {ref.status})"]
    lines += [
        f"  asked for by  {site.workflow}#{site.node_id} {site.node_class}.{site.input}" for site in ref.sites
    ]
    lines += [f"  the workflow also says  {fact}" for fact in _facts(ref)]
    match resolution:
        case None:
            lines.append(f"  {finding.state.replace('_', ' ')}: {finding.detail or 'nothing is looked for'}")
        case Present(finding=found, origin=origin):
            lines += [
                f"  {found.state.replace('_', ' ')}: {found.detail or 'the loader offers that very name'}"
            ]
            lines += [
                line for file in found.files for line in (f"    {visible(file.path)}", *_origin(file.path))
            ]
            lines += _locked(ref, context)
            lines += _reasons(origin) if origin else []
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals):
            lines += _asked(resolution)
            lines += [f"  taken by {chosen_by.value}: {visible(choice.candidate.title)}", *_reasons(choice)]
            lines += ["  instead of", listed(rivals, context)] if rivals else []
        case Ambiguous(candidates=candidates, reason=reason):
            lines += [
                *_asked(resolution),
                f"  not taken: {reason}",
                *_reasons(candidates[0]),
                listed(candidates, context),
            ]
        case Unresolved(reason=reason, hint=hint):
            lines += [*_asked(resolution), f"  {resolution.state.replace('_', ' ')}: {visible(reason)}"]
            lines += [f"  hint: {hint}"] if hint else []
        case _:
            assert_never(resolution)
    return "\n".join(lines)


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
        for entry in locked_entries(context.flag("lock") or "wfdeps.lock")
        if (entry.folder, entry.name) == (ref.folder, ref.name)
    ]


def _facts(ref: ModelRef) -> list[str]:
    version = [f"version {ref.version_id}"] if ref.version_id else []
    return [
        *map(str, ref.digests),
        *([str(ref.air)] if ref.air else []),
        *version,
        *ref.urls,
        *ref.base_models,
    ]


def _in_words(query: object) -> str:
    kind = type(query).__name__.removesuffix("Query").lower()
    said = next(getattr(query, name) for name in ("air", "digest", "url", "name") if hasattr(query, name))
    return visible(f"by {kind}: {said}")


def _told(verdicts: tuple[Verdict, ...]) -> list[str]:
    return [
        f"  {verdict.source} says  {verdict.kind.replace('_', ' ')}{f': {verdict.detail}' if verdict.detail else ''}"
        for verdict in verdicts
    ]


def _reasons(one: RankedCandidate) -> list[str]:
    access = access_in_words(one.candidate.access)
    where = str(one.candidate.air or one.candidate.url)
    return [
        f"    {visible(where)}",
        *(f"    {visible(str(piece))}" for piece in one.evidence),
        f"    confidence {one.confidence:.2f}",
        *([f"    access: {access}"] if access else []),
    ]
