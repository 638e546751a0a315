"""Whether workflows can run here, and the report that says so: of `check`, and of the jobs that change something."""

from __future__ import annotations

from collections.abc import Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.pipeline.lint import find_misfits
from wfdeps.pipeline.survey import Survey, survey, with_bare_words_noted
from wfdeps.report.build import build_report
from wfdeps.values import dataclass

if TYPE_CHECKING:
    from wfdeps.domain.findings import Finding
    from wfdeps.domain.nodes import Absent
    from wfdeps.domain.outcomes import Outcome
    from wfdeps.domain.plans import Plan
    from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
    from wfdeps.domain.reports import CheckReport
    from wfdeps.domain.resolutions import Resolution
    from wfdeps.ports import Reporter
    from wfdeps.wiring.doors import Doors


@dataclass(frozen=True, slots=True)
class Checked:
    """How workflows stand, and what is said of it."""

    surveyed: Survey
    resolutions: tuple[Resolution, ...]
    """Empty where no source was asked."""
    report: CheckReport


def check(readings: Sequence[WorkflowRefs | UnreadableWorkflow], doors: Doors, *, place: str = "") -> Checked:
    """How the workflows stand against what is here; no network. `place`: as `build_report` takes it."""
    surveyed = with_bare_words_noted(survey(readings, doors.library(), doors.is_optional))
    report = report_of(surveyed, doors, place=place)
    return Checked(surveyed, (), report)


def check_online(
    readings: Sequence[WorkflowRefs | UnreadableWorkflow],
    doors: Doors,
    reporter: Reporter,
    *,
    place: str = "",
) -> Checked:
    """How the workflows stand, and how each missing file would be had; nothing is downloaded, nobody is asked."""
    from wfdeps.console.silent import NeverAsk  # an offline check never pays for resolving
    from wfdeps.jobs.resolve import plan_of, resolve_needed

    surveyed = survey(readings, doors.library(), doors.is_optional)
    resolutions = resolve_needed(surveyed, doors, chooser=NeverAsk(), reporter=reporter)
    would_fetch = plan_of(resolutions, doors.library())
    report = report_of(
        surveyed,
        doors,
        resolutions,
        would_fetch=would_fetch,
        place=place,
    )
    return Checked(surveyed, resolutions, report)


def report_of(
    surveyed: Survey,
    doors: Doors,
    resolutions: Sequence[Resolution] | None = None,
    plan: Plan | None = None,
    outcomes: Sequence[Outcome] | None = None,
    *,
    would_fetch: Plan | None = None,
    room: Sequence[str] = (),
    after: Survey | None = None,
    place: str = "",
) -> CheckReport:
    """The report on surveyed workflows, as far as the stages got: None for a stage that did not run.

    What is odd about the model folders, what does not fit together among the files, and what is not here besides models
    is always in it, as is the policy's word. `after`: how the files stand once the plan was carried out; `would_fetch`:
    what is counted against the space that is free.
    """
    library = doors.library()
    return build_report(
        surveyed.readings,
        _judged(surveyed.findings, doors),
        resolutions,
        plan,
        outcomes,
        after=_judged(after.findings, doors) if after else (),
        lints=find_misfits(surveyed.workflows, (after or surveyed).findings, resolutions or (), library),
        room=room,
        file_systems=library.file_systems(would_fetch) if would_fetch else (),
        warnings=library.notices,
        absent=_absent(surveyed, doors),
        policy=doors.settings.exit_policy,
        place=place,
    )


def _absent(surveyed: Survey, doors: Doors) -> Absent | None:
    """The node classes and input files that are not here; None where nobody can tell."""
    library = doors.library()
    installed = library.installed()
    is_told = any(use.registered is not None for workflow in surveyed.workflows for use in workflow.nodes)
    if installed is None and not is_told and library.has_input("input", "") is None:
        return None
    from wfdeps.pipeline.absent import find_absent  # a bare models folder never pays for it

    return find_absent(surveyed.workflows, library, installed)


def _judged(findings: Sequence[Finding], doors: Doors) -> Sequence[Finding]:
    """The findings, with what the policy does not allow as `refused`."""
    if not doors.settings.policy_file:
        return findings
    from wfdeps.jobs.policy import judged_findings, policy_rules

    rules = policy_rules(doors.settings.policy_file)
    return judged_findings(findings, rules) if rules else findings
