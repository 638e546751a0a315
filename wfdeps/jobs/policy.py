"""`--policy FILE`: what a studio does not allow becomes `refused`, wherever it lies."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Sequence

from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import Ambiguous, Present, Resolution, Resolved, Unresolved
from wfdeps.errors import ConfigError, os_error_words
from wfdeps.jobs.civitai_pages import with_page_facts
from wfdeps.match.rules import Facts, Rules, objection, rules_of
from wfdeps.values import replace
from wfdeps.wiring.doors import Doors

_HINT = "choose another file, or have the policy changed"


def policy_rules(path: str | None) -> Rules | None:
    """The rules of a policy file; None where no file is named. Raises ConfigError."""
    if not path:
        return None
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return rules_of(tomllib.load(file))
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read `{path}`: {error}") from error
    except ConfigError as error:
        raise ConfigError(f"`{path}`: {error.message}", hint=error.hint) from None


def judged_findings(findings: Iterable[Finding], rules: Rules) -> tuple[Finding, ...]:
    """These findings, those that the policy does not allow as `refused`."""
    return tuple(_judged_finding(finding, rules) for finding in findings)


def judged_resolutions(resolutions: Iterable[Resolution], rules: Rules) -> tuple[Resolution, ...]:
    """These resolutions, those that the policy does not allow as `refused`; of several candidates, the allowed stay."""
    return tuple(_judged(resolution, rules) for resolution in resolutions)


def with_licences(resolutions: Sequence[Resolution], doors: Doors) -> tuple[Resolution, ...]:
    """These resolutions, with licences asked of the models' pages where a version does not tell its own."""
    chosen = [one.choice.candidate for one in resolutions if isinstance(one, Resolved)]
    candidates = iter(with_page_facts(chosen, doors))
    return tuple(
        replace(one, choice=replace(one.choice, candidate=next(candidates)))
        if isinstance(one, Resolved)
        else one
        for one in resolutions
    )


def _judged_finding(finding: Finding, rules: Rules) -> Finding:
    if finding.ref.status is not RefStatus.REQUIRED or finding.state is RefState.OPTIONAL:
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
