"""The two of a pair: Wan's high and low noise, published together, named alike, and never the same file."""

from __future__ import annotations

import re

from wfdeps.domain.candidates import Candidate, Evidence, Why
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.match.spelling import spell
from wfdeps.values import replace

# `high`, `HIGH-noise`, `_HN`; in camel case `i2vHigh`, `highNoiseV10`; not `highlands`, `slow`, `HIGHLANDS`.
_HALF = re.compile(
    r"(?<![A-Za-z])(?i:high|low)(?:[-_ ]?(?i:noise))?(?![A-Za-z])"
    r"|(?<=[a-z0-9])(?:High|Low)(?:[-_ ]?[Nn]oise)?(?![a-z])"
    r"|(?<![A-Za-z])(?:[Hh]igh|[Ll]ow)(?:[-_ ]?[Nn]oise)?(?=[A-Z])"
    r"|(?<=[-_ .])(?i:[hl]n)(?![A-Za-z])"
)
_WORTH = 0.1
"""What the other half's model adds: more than how two names are spelled, less than an exact name."""
_MOST = 0.98
"""Above what any name alone can reach, below proof."""


def pair_key(name: str) -> str:
    """The name without what tells the two of a pair apart; empty for a single."""
    stem = spell(name).stem
    bare = _HALF.sub("", stem)
    return bare.casefold() if bare != stem else ""


def half_of(*names: str) -> str:
    """`h` or `l`, as the first of these names says that says either; empty where none does, or says both."""
    for name in names:
        halves = {match.group()[0].lower() for match in _HALF.finditer(spell(name).stem)}
        if halves:
            return halves.pop() if len(halves) == 1 else ""
    return ""


def in_pair(question: Ambiguous, taken: Candidate) -> Ambiguous:
    """The question, knowing what the other of its pair is: files of that model come before others as good."""
    evidence = Evidence(Why.PAIR_AGREES, taken.title)
    candidates = [
        replace(option, evidence=(*option.evidence, evidence), confidence=_more(option.confidence))
        if _is_of_pair(option.candidate, taken)
        and not any(piece.why is Why.PAIR_DIFFERS for piece in option.evidence)
        else option
        for option in question.candidates
    ]
    return replace(question, candidates=tuple(sorted(candidates, key=lambda option: -option.confidence)))


def _more(confidence: float) -> float:
    return round(max(confidence, min(_MOST, confidence + _WORTH)), 3)


def _is_of_pair(candidate: Candidate, taken: Candidate) -> bool:
    """Another file of that model: the file itself is its own half."""
    same_model = candidate.model_id is not None and candidate.model_id == taken.model_id
    return same_model and candidate.url != taken.url
