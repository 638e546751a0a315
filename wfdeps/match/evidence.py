"""What speaks for a candidate, and how much.

Strongest first: the hash, the id, the URL the workflow names, the exact name, a name that is only close. Type,
base model and precision speak for or against; popularity breaks ties and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from wfdeps.domain.air import Air
from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.digests import agreement
from wfdeps.domain.folders import model_type_of
from wfdeps.domain.model_types import TO_CIVITAI, ModelType
from wfdeps.domain.queries import AirQuery, HashQuery, NameQuery, Query, UrlQuery
from wfdeps.domain.refs import ModelRef
from wfdeps.match.base_models import bases_agree
from wfdeps.match.links import huggingface_page
from wfdeps.match.name_rule import KEEPS_UPLOADED_NAME, TOLD_APART, names_by_rule
from wfdeps.match.pairs import half_of
from wfdeps.match.spelling import Spelling, bare_key_of, core_of, key_of, precision_of, spell

ANSWERS: Final = "answers"
"""The name of the source that remembers what a person chose."""

CLOSE: Final = 0.8
"""Names less alike than this are not evidence."""

# What each reason is worth when it is the best one; and what the others add or take.
_BASE: Final[dict[Why, float]] = {
    Why.CHOSEN_BEFORE: 1.0,
    Why.SAME_HASH: 0.99,
    Why.SAME_ID: 0.95,
    Why.SAME_URL: 0.93,
    Why.NAME_EXACT: 0.88,
    Why.NAME_BY_RULE: 0.87,
    Why.NAME_SAME_STEM: 0.74,
    Why.WEAK_HASH: 0.5,
    Why.NAME_CLOSE: 0.6,
    Why.IN_NOTE: 0.3,
    Why.NUMBER_AS_NAME: 0.3,
}
_SHIFT: Final[dict[Why, float]] = {
    Why.TYPE_AGREES: 0.05,
    Why.TYPE_DIFFERS: -0.35,
    Why.BASE_AGREES: 0.04,
    Why.BASE_DIFFERS: -0.25,
    Why.PRECISION_AGREES: 0.03,
    Why.PRECISION_DIFFERS: -0.08,
    Why.PAIR_DIFFERS: -0.3,
    Why.WEAK_HASH: 0.04,
    Why.IN_NOTE: 0.02,
    Why.HASH_DIFFERS: -0.6,
}
_PROOF: Final = frozenset({Why.CHOSEN_BEFORE, Why.SAME_HASH, Why.SAME_ID})

# Loaders that read more than one type of file.
_ALSO_FITS: Final[dict[ModelType, frozenset[ModelType]]] = {
    ModelType.CONTROLNET: frozenset({ModelType.CONTROL_LORA, ModelType.T2I_ADAPTER}),
    ModelType.MOTION_LORA: frozenset({ModelType.MOTION_MODULE, ModelType.LORA}),
    ModelType.VAE: frozenset({ModelType.VAE_APPROX}),
    ModelType.DETECTOR: frozenset({ModelType.SAM}),
}


def rank(
    candidate: Candidate, ref: ModelRef, asked: Sequence[Query], base_models: tuple[str, ...]
) -> RankedCandidate:
    """The candidate with all that speaks for and against it. `asked`: the queries that it answered."""
    evidence = evidence_for(candidate, ref, asked, base_models)
    wanted, theirs = spell(ref.name), spell(candidate.file_name)
    alike = closeness(wanted, candidate)[0] if has(evidence, Why.NAME_CLOSE) else 1.0
    if wanted.ending and wanted.ending != theirs.ending:
        alike -= 0.02
    return RankedCandidate(candidate, evidence, confidence_of(evidence, alike))


def has(evidence: Sequence[Evidence], *whys: Why) -> bool:
    """Whether any of these reasons is among the evidence."""
    return any(piece.why in whys for piece in evidence)


def evidence_for(
    candidate: Candidate, ref: ModelRef, asked: Sequence[Query], base_models: tuple[str, ...] = ()
) -> tuple[Evidence, ...]:
    """All that speaks for and against, strongest first."""
    evidence = [
        *_by_hash(candidate, ref),
        *_by_question(candidate, ref, asked),
        *_by_name(candidate, spell(ref.name)),
        *_by_type(candidate, ref),
        *_by_base(candidate, ref.base_models or base_models),
        *_by_precision(candidate, spell(ref.name)),
        *_by_half(candidate, ref.name),
    ]
    if candidate.downloads:
        evidence.append(Evidence(Why.POPULAR, f"{candidate.downloads:,} downloads"))
    return tuple(evidence)


def confidence_of(evidence: Sequence[Evidence], alike: float = 1.0) -> float:
    """0 to 1, comparable within one ref only. `alike`: how close a name that is not exact."""
    whys = [piece.why for piece in evidence]
    best = max((why for why in whys if why in _BASE), key=_BASE.__getitem__, default=None)
    if best is None:
        return 0.0
    start = _BASE[best]
    if best in (Why.NAME_CLOSE, Why.NAME_SAME_STEM):
        start *= alike
    shift = sum(_SHIFT.get(why, 0.0) for why in set(whys) if why is not best)
    ceiling = 1.0 if best in _PROOF else 0.97
    return round(min(ceiling, max(0.0, start + shift)), 3)


def closeness(wanted: Spelling, candidate: Candidate) -> tuple[float, str]:
    """How close a candidate's names come, 0 to 1, and which of them does: its file's, or its model's title.

    People call a file after the page they had it from; a title says less than a file name, so it counts less.
    """
    by_file = (likeness(wanted, candidate.file_name), candidate.file_name)
    title = candidate.model_name
    if not title or by_file[0] >= _TITLE_COUNTS:
        return by_file
    titles = (title, f"{title} {candidate.version_name}")
    return max(
        by_file,
        *((_TITLE_COUNTS * likeness(wanted, title), f"the model is called `{title}`") for title in titles),
    )


_TITLE_COUNTS: Final = 0.88


def likeness(wanted: Spelling, file_name: str) -> float:
    """How alike two names are, 0 to 1, folders, endings, case and separators aside."""
    from rapidfuzz import fuzz

    theirs = spell(file_name)
    ours, others = key_of(wanted.stem), key_of(theirs.stem)
    plain = fuzz.ratio(ours, others) / 100
    core = fuzz.ratio(key_of(core_of(wanted.stem)), others) / 100
    bare = fuzz.ratio(bare_key_of(wanted.stem), bare_key_of(theirs.stem)) / 100
    cut_short = 0.01 if others.startswith(ours) and ours else 0.0
    return min(1.0, max(plain, bare - 0.01, core - 0.02) + cut_short)


def _by_hash(candidate: Candidate, ref: ModelRef) -> list[Evidence]:
    match agreement(ref.digests, candidate.digests):
        case True:
            strongest = min(
                (mine for mine in ref.digests if any(mine.agrees(theirs) for theirs in candidate.digests)),
                key=lambda digest: digest.strength,
            )
            return [Evidence(Why.SAME_HASH, str(strongest))]
        case False:
            return [Evidence(Why.HASH_DIFFERS, "the workflow names another hash")]
        case None:
            weak = [mine for mine in ref.digests if any(mine.agrees(theirs) for theirs in candidate.digests)]
            return [Evidence(Why.WEAK_HASH, str(weak[0]))] if weak else []


def _by_question(candidate: Candidate, ref: ModelRef, asked: Sequence[Query]) -> list[Evidence]:
    evidence: list[Evidence] = []
    for query in asked:
        match query:
            case AirQuery(air, hint=True):
                if _is_meant(air, candidate):
                    evidence.append(Evidence(Why.NUMBER_AS_NAME, f"Civitai version {air.version}"))
            case AirQuery(air):
                if _is_meant(air, candidate):
                    evidence.append(Evidence(Why.SAME_ID, str(air)))
            case UrlQuery(url, hint) if hint or _only_lists(url, candidate, ref):
                evidence.append(Evidence(Why.IN_NOTE, url))
            case UrlQuery(url):
                evidence.append(Evidence(Why.SAME_URL, url))
            case HashQuery() | NameQuery():
                pass
    return evidence


def _only_lists(url: str, candidate: Candidate, ref: ModelRef) -> bool:
    """Whether it is the page of a repository, which names every file there, and so none."""
    return huggingface_page(url) is not None and spell(candidate.file_name).base != spell(ref.name).base


def _is_meant(air: Air, candidate: Candidate) -> bool:
    """Whether the AIR names this file, its version, its model, or its repository, as far as it goes."""
    if air.source != candidate.source:
        return False
    if air.source == "huggingface":
        return air.id == candidate.model_name
    if air.version_id is None:
        return air.model_id is not None and air.model_id == candidate.model_id
    return air.version_id == candidate.version_id and air.file_id in (None, candidate.file_id)


def _by_name(candidate: Candidate, wanted: Spelling) -> list[Evidence]:
    theirs = spell(candidate.file_name)
    if wanted.base == theirs.base or (not wanted.ending and wanted.stem == theirs.stem):
        return [Evidence(Why.NAME_EXACT, candidate.file_name)]
    if candidate.uploaded_name and spell(candidate.uploaded_name).base == wanted.base:
        # Nobody was asked whether another model's file was uploaded under this name.
        return [
            Evidence(Why.NAME_EXACT, f"{candidate.uploaded_name}, as it was uploaded"),
            Evidence(Why.RIVALS_UNKNOWN, "uploaded names cannot be searched"),
        ]
    if _named_by_rule(candidate, wanted, theirs):
        return [Evidence(Why.NAME_BY_RULE, f"{candidate.title} gives this name")]
    if key_of(wanted.stem) == key_of(theirs.stem) or bare_key_of(wanted.stem) == bare_key_of(theirs.stem):
        return [Evidence(Why.NAME_SAME_STEM, candidate.file_name)]
    alike, what = closeness(wanted, candidate)
    return [Evidence(Why.NAME_CLOSE, f"{alike:.0%} alike: {what}")] if alike >= CLOSE else []


def _named_by_rule(candidate: Candidate, wanted: Spelling, theirs: Spelling) -> bool:
    if candidate.source_type in KEEPS_UPLOADED_NAME or candidate.file_type not in (
        "",
        "Model",
        "Pruned Model",
    ):
        return False
    # What the uploaded name had of these stays, whatever the model is called now.
    if any(wanted.stem.endswith(ending) is not theirs.stem.endswith(ending) for ending in TOLD_APART):
        return False
    ending = wanted.ending or theirs.ending
    return ending == theirs.ending and f"{wanted.stem}{ending}" in names_by_rule(
        candidate.model_name, candidate.version_name, ending
    )


def _by_type(candidate: Candidate, ref: ModelRef) -> list[Evidence]:
    wanted = {ref.model_type, *(model_type_of(folder) for folder in ref.folders)} - _UNTOLD
    if not wanted or candidate.model_type in _UNTOLD:
        return []
    claim = candidate.source_type or candidate.model_type
    if any(_type_fits(model_type, candidate) for model_type in wanted):
        return [Evidence(Why.TYPE_AGREES, claim)]
    return [Evidence(Why.TYPE_DIFFERS, f"{claim}, wanted {' or '.join(sorted(wanted))}")]


_UNTOLD: Final = frozenset({ModelType.UNKNOWN, ModelType.OTHER})


def _type_fits(wanted: ModelType, candidate: Candidate) -> bool:
    if candidate.model_type is wanted or candidate.model_type in _ALSO_FITS.get(wanted, frozenset()):
        return True
    # Flux and its like are published as Checkpoint; only the header tells a diffusion model from one.
    model_itself = candidate.file_type in ("", "Model", "Pruned Model")
    return (
        model_itself and wanted is ModelType.DIFFUSION_MODEL and candidate.source_type in TO_CIVITAI[wanted]
    )


def _by_base(candidate: Candidate, wanted: tuple[str, ...]) -> list[Evidence]:
    match bases_agree(wanted, candidate.base_model):
        case True:
            return [Evidence(Why.BASE_AGREES, candidate.base_model or "")]
        case False:
            return [
                Evidence(Why.BASE_DIFFERS, f"{candidate.base_model}, the workflow is {' and '.join(wanted)}")
            ]
        case None:
            return []


def _by_precision(candidate: Candidate, wanted: Spelling) -> list[Evidence]:
    claimed = precision_of(wanted.stem)
    if not claimed:
        return []
    named = {_folded(candidate.precision), _folded(candidate.variant)} - {"", "full", "pruned"}
    # Files of one version may share a name: what the source says of each comes before what the name claims.
    theirs = named or {precision_of(spell(candidate.file_name).stem)} - {""}
    if not theirs:
        return []
    if claimed in theirs or any(claimed.startswith(name) or name.startswith(claimed) for name in theirs):
        return [Evidence(Why.PRECISION_AGREES, claimed)]
    return [Evidence(Why.PRECISION_DIFFERS, f"{' or '.join(sorted(theirs))}, the name says {claimed}")]


def _by_half(candidate: Candidate, wanted: str) -> list[Evidence]:
    """Of a pair (high and low noise), the other: named like it but for one word, and never it."""
    asked, theirs = half_of(wanted), half_of(candidate.file_name, candidate.version_name)
    if not asked or not theirs or asked == theirs:
        return []
    return [Evidence(Why.PAIR_DIFFERS, "the other of the pair")]


def _folded(text: str) -> str:
    return "".join(letter for letter in text.lower() if letter.isalnum())
