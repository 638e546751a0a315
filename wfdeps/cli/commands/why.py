"""`wfdeps why`: what one name of a workflow is, what spoke for it, and who was asked."""

from __future__ import annotations

import argparse

from wfdeps.cli.choosing import listed
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options, add_reading_options, add_resolving_options
from wfdeps.cli.reading import read_all
from wfdeps.cli.resolving import policy_for
from wfdeps.console.chooser import NeverAsk
from wfdeps.console.question import access_in_words
from wfdeps.console.silent import Silent
from wfdeps.domain.candidates import RankedCandidate, Verdict
from wfdeps.domain.refs import ModelRef, WorkflowRefs
from wfdeps.domain.resolutions import Ambiguous, Resolution, Resolved, Unresolved
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.match.decide import decide
from wfdeps.match.queries import queries_for
from wfdeps.match.spelling import key_of, spell
from wfdeps.pipeline.resolve import Helpers, ask

EXAMPLE = "wfdeps why add_detail.safetensors workflow.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a file name of the workflow, or a part of it")
    parser.add_argument("workflows", nargs="+", metavar="WORKFLOW", help="where it is named")
    add_reading_options(parser)
    add_library_options(parser)
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    readings = read_all(arguments, context)
    named = [ref for reading in readings if isinstance(reading, WorkflowRefs) for ref in reading.refs]
    refs = _meant(arguments.name, named)
    policy = policy_for(arguments, context)
    answers = ask(refs, Helpers(context.doors.sources(), NeverAsk(), Silent()), policy)
    resolutions = [
        decide(ref, answers.of(ref, base_models=policy.base_models), policy=policy) for ref in refs
    ]
    context.out("\n\n".join(_explained(one, context) for one in resolutions))
    return READY if all(isinstance(one, Resolved) for one in resolutions) else UNMET


def _meant(name: str, refs: list[ModelRef]) -> list[ModelRef]:
    """The refs of that name; else those whose name holds it. Raises UsageError where there is none."""
    wanted = key_of(spell(name).stem)
    exact = [ref for ref in refs if ref.name == name or key_of(spell(ref.name).stem) == wanted]
    found = exact or [ref for ref in refs if name.casefold() in ref.name.casefold()]
    if not found:
        raise UsageError(f"no file called `{name}` there", hint="`wfdeps refs` lists what a workflow names")
    return found


def _explained(resolution: Resolution, context: Context) -> str:
    ref = resolution.ref
    lines = [f"{visible(ref.name)}  ({ref.folder or 'unknown folder'}, {ref.status})"]
    lines += [
        f"  asked for by  {site.workflow}#{site.node_id} {site.node_class}.{site.input}" for site in ref.sites
    ]
    lines += [f"  the workflow also says  {fact}" for fact in _facts(ref)]
    lines += [f"  asked  {query}" for query in map(_in_words, queries_for(ref))]
    match resolution:
        case Resolved(choice=choice, chosen_by=chosen_by, rivals=rivals, verdicts=verdicts):
            lines += _told(verdicts)
            lines += [f"  taken by {chosen_by.value}: {visible(choice.candidate.title)}", *_reasons(choice)]
            lines += ["  instead of", listed(rivals, context)] if rivals else []
        case Ambiguous(candidates=candidates, reason=reason, verdicts=verdicts):
            lines += [
                *_told(verdicts),
                f"  not taken: {reason}",
                *_reasons(candidates[0]),
                listed(candidates, context),
            ]
        case Unresolved(reason=reason, hint=hint, verdicts=verdicts):
            lines += [*_told(verdicts), f"  {resolution.state.replace('_', ' ')}: {reason}"]
            lines += [f"  hint: {hint}"] if hint else []
        case _:
            lines.append("  it is in the library")
    return "\n".join(lines)


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
