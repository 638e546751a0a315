"""Which questions are one, and which belong together: what a person is asked, in the order they are asked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from wfdeps.domain.resolutions import Ambiguous
from wfdeps.match.spelling import spell
from wfdeps.values import replace

_PAIRED = re.compile(r"(?<![a-z])(?:high|low)(?:[-_ ]?noise)?(?![a-z])|(?<=[-_ .])[hl]n(?![a-z])")


def distinct_questions(questions: Iterable[Ambiguous]) -> tuple[tuple[Ambiguous, ...], ...]:
    """The questions by the file they ask for, the two of a pair (Wan's high and low noise) one after the other.

    Those of one group are about one file, in other subfolders or other letter case: the first answer is for all.
    """
    files: dict[object, list[Ambiguous]] = {}
    for question in questions:
        ref = question.ref
        files.setdefault((ref.folder, spell(ref.name).base.casefold(), ref.digests), []).append(question)
    pairs: dict[object, list[tuple[Ambiguous, ...]]] = {}
    for key, same in files.items():
        pairs.setdefault(pair_key(same[0].ref.name) or key, []).append(tuple(same))
    return tuple(same for pair in pairs.values() for same in pair)


def question_for(same: tuple[Ambiguous, ...]) -> Ambiguous:
    """The one question that is put for all of them: it names every site."""
    first = same[0]
    sites = tuple(dict.fromkeys(site for one in same for site in one.ref.sites))
    return replace(first, ref=replace(first.ref, sites=sites))


def pair_key(name: str) -> str:
    """The name without what tells the two of a pair apart; empty for a single."""
    folded = spell(name).stem.casefold()
    bare = _PAIRED.sub("", folded)
    return bare if bare != folded else ""
