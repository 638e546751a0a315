"""Local first: whether a file that lies elsewhere in the library answers a ref, so that nothing is asked online.

An equal hash does. An equal file name does only when it is the one file of that name, says something
(`model.safetensors` does not), and no hash speaks against it.
"""

from __future__ import annotations

from wfdeps.domain.digests import agreement
from wfdeps.domain.files import base_name
from wfdeps.domain.findings import Finding, RefState

_ELSEWHERE = (RefState.PRESENT_ELSEWHERE, RefState.WRONG_FOLDER, RefState.INVISIBLE)


def library_answers(finding: Finding) -> bool:
    """Whether the library has the file: in its place, or elsewhere beyond reasonable doubt."""
    if finding.state is RefState.PRESENT:
        return True
    if finding.state not in _ELSEWHERE or not finding.files:
        return False
    first, ref = finding.files[0], finding.ref
    same = agreement(ref.digests, first.digests)
    if same is not None:
        return same
    wanted = base_name(ref.name)
    return len(finding.files) == 1 and first.basename == wanted and not _says_nothing(wanted)


def is_name_alone(finding: Finding) -> bool:
    """Whether a file is taken for the ref for a name that says nothing, though a URL tells whose file is meant."""
    ref = finding.ref
    return (
        finding.state is RefState.PRESENT
        and bool(ref.urls and finding.files)
        and agreement(ref.digests, finding.files[0].digests) is None
        and _says_nothing(base_name(ref.name))
    )


def _says_nothing(name: str) -> bool:
    from wfdeps.match.search_terms import (
        says_nothing,  # a check of files that are all missing asks it of none
    )

    return bool(says_nothing(name))
