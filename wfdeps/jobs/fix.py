"""What `check` proposes for files that are there under another name or in another folder, carried out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Any

from wfdeps.disk import writing
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.outcomes import Receipt
from wfdeps.domain.plans import Link
from wfdeps.errors import LibraryError, UsageError, WorkflowError, os_error_words
from wfdeps.jobs.users import all_readable
from wfdeps.library import as_local
from wfdeps.pipeline.survey import survey
from wfdeps.planning.fixes import NoFix, Rename, link_for, rename_for, respelling, rewritten
from wfdeps.values import dataclass
from wfdeps.wiring.doors import Doors
from wfdeps.workflow.read import Reading
from wfdeps.workflow.rewriting import rewrite_json, rewrite_png


class FixBy(StrEnum):
    """How a file gets the name that a workflow asks for."""

    LINK = "link"
    """A second name for the same bytes."""
    COPY = "copy"
    MOVE = "move"


_LINK_KINDS: dict[FixBy, tuple[writing.LinkKind, ...]] = {
    FixBy.LINK: ("reflink", "hardlink", "symlink"),
    FixBy.COPY: ("reflink", "copy"),
}


def planned_links(readings: Sequence[Reading], doors: Doors) -> tuple[tuple[Link, ...], tuple[NoFix, ...]]:
    """(the second names that would help, what none helps). Raises WorkflowError for an unreadable workflow."""
    library = as_local(doors.library())
    steps = [
        link_for(finding, library.folders(), library.separator) for finding in _not_offered(readings, doors)
    ]
    return (
        tuple(step for step in steps if isinstance(step, Link)),
        tuple(step for step in steps if isinstance(step, NoFix)),
    )


def carry_out_links(
    links: Iterable[Link], doors: Doors, how: FixBy = FixBy.LINK
) -> Iterator[Receipt | LibraryError]:
    """What became of each, as it is done; a failure does not keep the others from being done."""
    library = as_local(doors.library())
    for link in links:
        try:
            yield library.move(link) if how is FixBy.MOVE else library.link(link, _LINK_KINDS[how])
        except LibraryError as error:
            yield error


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A workflow with the names that this ComfyUI offers."""

    data: bytes
    renames: tuple[Rename, ...]
    """What was changed; one may stand in several places."""
    values: int
    """How many values were changed."""
    left: tuple[NoFix, ...]


_IN_A_TEXT = "its name stands inside a text: --link gives the file that name"


def rewrite_workflow(path: str, readings: Sequence[Reading], doors: Doors, *, as_png: bool) -> Rewrite:
    """The workflow at that path with other values; nothing is written. `as_png`: the file is a PNG image.

    Raises WorkflowError where it cannot be read, UsageError where it cannot be rewritten.
    """
    library = as_local(doors.library())
    findings = _needed(readings, doors)
    steps = [rename_for(finding, library.separator) for finding in findings if _needs_fix(finding)]
    renames = [step for step in steps if isinstance(step, Rename)]
    spelling = respelling(findings, renames)
    changed: list[str] = []

    def change(document: Any) -> tuple[Any, int]:
        document, values = rewritten(document, spelling)
        changed.extend(values)
        return document, len(values)

    try:
        with open(path, "rb") as file:
            data, _ = (rewrite_png if as_png else rewrite_json)(file.read(), change)
    except OSError as error:
        raise UsageError(f"cannot read `{path}`: {os_error_words(error)}") from error
    except WorkflowError as error:
        raise UsageError(f"`{path}` cannot be rewritten: {error.message}", hint=error.hint) from error
    done = tuple(rename for rename in renames if rename.old in changed)
    inside = (NoFix(rename.finding, _IN_A_TEXT) for rename in renames if rename not in done)
    left = (*(step for step in steps if isinstance(step, NoFix)), *inside)
    return Rewrite(data, done, len(changed), left)


def _needed(readings: Sequence[Reading], doors: Doors) -> Sequence[Finding]:
    """The refs that a run needs."""
    return survey(all_readable(readings), doors.library()).needed


def not_cured(links: Iterable[Link], readings: Sequence[Reading], doors: Doors) -> tuple[NoFix, ...]:
    """Those of the links' refs that ComfyUI still does not offer now, and why: a name of the other system stays one."""
    linked = {link.ref.key for link in links}
    return tuple(
        NoFix(
            finding, STILL_RESPELLED if finding.respell else finding.detail or finding.state.replace("_", " ")
        )
        for finding in _not_offered(readings, doors)
        if finding.ref.key in linked
    )


STILL_RESPELLED = (
    "it lies in its folder now, but its name is spelled for the other system: --rewrite OUT.json"
)


def _not_offered(readings: Sequence[Reading], doors: Doors) -> Iterator[Finding]:
    return filter(_needs_fix, _needed(readings, doors))


def _needs_fix(finding: Finding) -> bool:
    """Whether ComfyUI would not find the file under the name that the workflow uses."""
    return finding.state is not RefState.PRESENT
