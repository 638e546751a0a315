"""`wfdeps resolve`: which files bare names mean, without a workflow."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNDECIDED, UNMET
from wfdeps.cli.options import add_resolving_options
from wfdeps.cli.prompts import listed
from wfdeps.console.silent import NeverAsk, Silent
from wfdeps.domain.digests import Digest
from wfdeps.domain.folders import FOLDER_KEYS, canonical_key, model_type_of
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Ambiguous, Present, RefState, Resolution, Resolved, Unresolved
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError
from wfdeps.match.decide import decide
from wfdeps.match.links import air_of
from wfdeps.pipeline.resolve import Helpers, ask
from wfdeps.report.resolution_json import resolution_document

EXAMPLE = "wfdeps resolve add_detail.safetensors --folder loras --json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "names",
        nargs="+",
        metavar="NAME",
        help="file names, AIRs or URLs; `-` reads them from standard input, one a line",
    )
    parser.add_argument(
        "--folder", metavar="KEY", help="the ComfyUI folder they belong in (`loras`, `checkpoints` …)"
    )
    parser.add_argument("--sha256", metavar="HEX", help="the hash of the one file that is named")
    parser.add_argument(
        "--base-model",
        metavar="NAME",
        action="append",
        default=[],
        help="what the rest is made for; repeatable",
    )
    parser.add_argument("--json", action="store_true", help="wfdeps/resolution/1 on standard output")
    add_resolving_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    refs = refs_of(list(_names(arguments.names)), arguments)
    policy = context.settings.policy
    helpers = Helpers(context.doors.sources(), NeverAsk(), Silent())
    answers = ask(refs, helpers, policy)
    resolutions = [
        decide(ref, answers.of(ref, base_models=policy.base_models), policy=policy) for ref in refs
    ]
    if arguments.json:
        context.out(json.dumps(resolution_document(resolutions), ensure_ascii=False, indent=1))
    else:
        context.out("\n".join(_as_text(one, context) for one in resolutions))
    return exit_code_of_all(resolutions)


def refs_of(names: Sequence[str], arguments: argparse.Namespace) -> list[ModelRef]:
    """One ref a name. Raises UsageError for a folder or a hash that is none."""
    if not names:
        raise UsageError("no names on standard input", hint="one name a line")
    if arguments.sha256 and len(names) > 1:
        raise UsageError("`--sha256` is the hash of one file, and several are named")
    return [_ref(name, arguments) for name in names]


def exit_code_of_all(resolutions: Sequence[Resolution]) -> int:
    """0 when all are resolved or here, 3 when one could not be asked about, else 1."""
    if any(isinstance(one, Unresolved) and one.state is RefState.UNDECIDED for one in resolutions):
        return UNDECIDED
    return READY if all(isinstance(one, Resolved | Present) for one in resolutions) else UNMET


def _names(given: Sequence[str]) -> Iterator[str]:
    for name in given:
        if name == "-":
            lines = (line.strip("\r\n\ufeff") for line in sys.stdin)
            yield from (line for line in lines if line.strip())
        else:
            yield name


def _ref(name: str, arguments: argparse.Namespace) -> ModelRef:
    folder = canonical_key(arguments.folder) if arguments.folder else ""
    if folder and folder not in FOLDER_KEYS:
        raise UsageError(f"unknown folder `{folder}`", hint=f"one of {', '.join(sorted(FOLDER_KEYS))}")
    try:
        digests = (Digest.parse(f"sha256:{arguments.sha256}"),) if arguments.sha256 else ()
    except ValueError:
        raise UsageError(f"not a SHA-256: `{arguments.sha256}`", hint="64 hexadecimal digits") from None
    return ModelRef(
        name,
        model_type_of(folder) if folder else ModelType.UNKNOWN,
        (folder,) if folder else (),
        RefStatus.REQUIRED,
        sites=(),
        digests=digests,
        air=air_of(name),
        base_models=tuple(arguments.base_model),
    )


def _as_text(resolution: Resolution, context: Context) -> str:
    name = visible(resolution.ref.name)
    match resolution:
        case Resolved(choice=choice, chosen_by=chosen_by):
            candidate = choice.candidate
            why = "; ".join(str(piece) for piece in choice.evidence)
            where = candidate.air or candidate.url
            return (
                f"{name}: {candidate.title} ({candidate.file_name}), by {chosen_by.value}\n  {where}\n  {why}"
            )
        case Ambiguous(candidates=candidates, reason=reason):
            return f"{name}: ambiguous, {reason}\n{listed(candidates, context)}"
        case Unresolved(reason=reason, hint=hint):
            return f"{name}: {reason}" + (f"\n  hint: {hint}" if hint else "")
        case _:
            return f"{name}: present"
