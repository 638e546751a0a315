"""`--policy FILE`: what a studio does not allow becomes `refused`, wherever it lies."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Iterable, Mapping, Sequence

from wfdeps.cli.civitai_pages import Pages
from wfdeps.cli.context import Context
from wfdeps.cli.versions import model_pages
from wfdeps.domain.files import LocalFile
from wfdeps.domain.pages import ModelPage
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Ambiguous, Finding, Present, RefState, Resolution, Resolved, Unresolved
from wfdeps.errors import ConfigError, SourceError
from wfdeps.library.sidecars import read_sidecar
from wfdeps.match.rules import Facts, Rules, objection, rules_of
from wfdeps.values import replace

_HINT = "choose another file, or have the policy changed"


def rules_for(arguments: argparse.Namespace, context: Context) -> Rules | None:
    """The rules of `--policy`, else of `[check] policy` in the config; None where there are none. Raises ConfigError."""
    path = getattr(arguments, "policy", None) or context.settings.table("check").get("policy")
    if not path:
        return None
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return rules_of(tomllib.load(file))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read `{path}`: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"`{path}`: {error.message}", hint=error.hint) from None


def judged_findings(findings: Iterable[Finding], rules: Rules) -> tuple[Finding, ...]:
    """The same, those that the policy does not allow as `refused`."""
    return tuple(_judged_finding(finding, rules) for finding in findings)


def judged_resolutions(resolutions: Iterable[Resolution], rules: Rules) -> tuple[Resolution, ...]:
    """The same, those that the policy does not allow as `refused`; of several candidates, the allowed ones stay."""
    return tuple(_judged(resolution, rules) for resolution in resolutions)


def with_licences(resolutions: Sequence[Resolution], context: Context) -> tuple[Resolution, ...]:
    """The same, with licences asked of the models' pages where a version does not tell its own. What cannot be asked stays unknown."""
    asked = [one.choice.candidate for one in resolutions if isinstance(one, Resolved)]
    wanted = {one.model_id for one in asked if one.source == "civitai" and one.model_id and not one.licence}
    if not wanted or context.settings.offline:
        return tuple(resolutions)
    try:
        pages = model_pages(wanted, Pages(context))
    except SourceError:
        return tuple(resolutions)
    told = {number: page.licence for number, page in pages.items() if isinstance(page, ModelPage)}
    return tuple(_with_licence(one, told) for one in resolutions)


def _with_licence(resolution: Resolution, told: Mapping[int, tuple[str, ...]]) -> Resolution:
    if not isinstance(resolution, Resolved) or resolution.choice.candidate.licence:
        return resolution
    candidate = resolution.choice.candidate
    licence = told.get(candidate.model_id or 0, ())
    return replace(
        resolution, choice=replace(resolution.choice, candidate=replace(candidate, licence=licence))
    )


def _judged_finding(finding: Finding, rules: Rules) -> Finding:
    if finding.ref.status is not RefStatus.REQUIRED:
        return finding
    why = objection(_facts_of(finding.ref, finding.files), rules)
    return replace(finding, state=RefState.REFUSED, detail=why) if why else finding


def _judged(resolution: Resolution, rules: Rules) -> Resolution:
    match resolution:
        case Present(ref, finding):
            why = objection(_facts_of(ref, finding.files), rules)
            return Unresolved(ref, RefState.REFUSED, why, _HINT) if why else resolution
        case Resolved(ref, choice, verdicts=verdicts):
            candidate = choice.candidate
            facts = Facts(candidate.file_name, candidate.size, candidate.licence, candidate.source)
            why = objection(facts, rules)
            return Unresolved(ref, RefState.REFUSED, why, _HINT, verdicts, (choice,)) if why else resolution
        case Ambiguous(ref, candidates):
            facts_of = (
                Facts(
                    one.candidate.file_name, one.candidate.size, one.candidate.licence, one.candidate.source
                )
                for one in candidates
            )
            whys = [objection(facts, rules) for facts in facts_of]
            kept = tuple(one for one, why in zip(candidates, whys, strict=True) if not why)
            if not kept:
                return Unresolved(ref, RefState.REFUSED, whys[0], _HINT, resolution.verdicts, candidates)
            return replace(resolution, candidates=kept)
        case _:
            return resolution


def _facts_of(ref: ModelRef, files: tuple[LocalFile, ...]) -> Facts:
    if not files:
        return Facts(ref.name, is_found=False)
    sidecar = read_sidecar(files[0].path)
    licence = sidecar.get("licence")
    said = tuple(map(str, licence)) if isinstance(licence, list) else ()
    return Facts(files[0].name, files[0].size, said, str(sidecar.get("source") or ""))
