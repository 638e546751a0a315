"""Which questions are one, and which belong together: what a person is asked, in the order they are asked."""

from __future__ import annotations

from collections.abc import Iterable

from wfdeps.domain.resolutions import Ambiguous
from wfdeps.match.family import BASES
from wfdeps.match.pairs import pair_key
from wfdeps.match.spelling import spell
from wfdeps.values import replace


def distinct_questions(questions: Iterable[Ambiguous]) -> tuple[tuple[Ambiguous, ...], ...]:
    """The questions by the file they ask for, the two of a pair (Wan's high and low noise) one after the other.

    Bases come first: what is taken for them tells what the rest is made for.
    Those of one group are about one file, in other subfolders or other letter case: the first answer is for all.
    """
    files: dict[object, list[Ambiguous]] = {}
    for question in questions:
        ref = question.ref
        files.setdefault((ref.folder, spell(ref.name).base.casefold(), ref.digests), []).append(question)
    pairs: dict[object, list[tuple[Ambiguous, ...]]] = {}
    for key, same in files.items():
        pairs.setdefault(pair_key(same[0].ref.name) or key, []).append(tuple(same))
    ordered = sorted(pairs.values(), key=lambda pair: pair[0][0].ref.model_type not in BASES)
    return tuple(same for pair in ordered for same in pair)


def question_for(same: tuple[Ambiguous, ...]) -> Ambiguous:
    """The one question that is put for all of them: it names every site."""
    first = same[0]
    sites = tuple(dict.fromkeys(site for question in same for site in question.ref.sites))
    return replace(first, ref=replace(first.ref, sites=sites))
