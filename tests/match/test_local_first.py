"""A file of the library answers a ref beyond reasonable doubt, or the sources are asked."""

from __future__ import annotations

import pytest

from tests.fakes.words import local_file, ref, sha256
from wfdeps.domain.findings import Finding, RefState
from wfdeps.match.local_first import library_answers

ELSEWHERE = RefState.PRESENT_ELSEWHERE
A, B, KNOWN = local_file("x/a.pt"), local_file("y/a.pt"), local_file("other.pt", digests=(sha256("a"),))
HASHED = ref("s\\a.pt", digests=(sha256("a"),))


@pytest.mark.parametrize(
    ("finding", "answers"),
    [
        (Finding(ref("a.pt"), RefState.PRESENT), True),
        (Finding(ref("s/a.pt"), ELSEWHERE, (A,)), True),
        (Finding(ref("s\\a.pt"), RefState.WRONG_FOLDER, (A,)), True),
        (Finding(ref("a.pt"), ELSEWHERE), False),
        (Finding(ref("a.pt"), ELSEWHERE, (A, B)), False),
        (Finding(ref("A.pt"), ELSEWHERE, (A,)), False),
        (Finding(ref("model.pt"), ELSEWHERE, (local_file("x/model.pt"),)), False),
        (Finding(HASHED, ELSEWHERE, (KNOWN, A)), True),
        (Finding(ref("other.pt", digests=(sha256("b"),)), ELSEWHERE, (KNOWN,)), False),
        (Finding(HASHED, ELSEWHERE, (A,)), True),
        *[
            (Finding(ref("a.pt"), state, (A,)), False)
            for state in RefState
            if state not in (RefState.PRESENT, ELSEWHERE, RefState.WRONG_FOLDER, RefState.INVISIBLE)
        ],
    ],
)
def test_an_equal_hash_answers_and_else_the_one_file_of_a_telling_name(
    finding: Finding, answers: bool
) -> None:
    assert library_answers(finding) is answers
