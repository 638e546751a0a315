"""What a person is shown before they choose: one file, its candidates, and what speaks for each.

Each candidate is a card of its own, whose lines are broken where the terminal ends: nothing is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.domain.visible import visible
from wfdeps.report.wording import columns, pad, size_text
from wfdeps.values import dataclass

SURE = 0.85
"""From this confidence on, Enter takes the first."""
FEWEST = 2
"""Candidates on the screen at once, however low the terminal; the first must be comparable."""
LINES_BESIDE = 8
"""For the heading, the keys and the prompt."""
NARROWEST = 40

KEYS = (
    "[1-9] choose",
    "i N details",
    "f N files of this version",
    "o N open page",
    "p N preview",
    "u paste URL or AIR",
    "b back to these",
    "l use a local file",
    "s skip",
    "x mark optional",
    "r remember for …",
    "a take the best here and for the rest",
    "as skip the rest",
    "q save and quit",
)

_AGAINST = (
    Why.BASE_DIFFERS,
    Why.TYPE_DIFFERS,
    Why.HASH_DIFFERS,
    Why.PRECISION_DIFFERS,
    Why.PAIR_DIFFERS,
    Why.RIVALS_UNKNOWN,
)
_INDENT = " " * 10
_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class Screen:
    """The terminal: how much fits, and what it can show."""

    width: int = 80
    height: int = 24
    color: bool = False
    links: bool = False
    """It shows a word as a link to a page."""

    def bold(self, text: str) -> str:
        """The text, standing out where the terminal can."""
        return f"\x1b[1m{text}\x1b[0m" if self.color and text else text

    def link(self, word: str, url: str) -> str:
        """A word that leads there when it is clicked."""
        return f"\x1b]8;;{url}\x1b\\{word}\x1b]8;;\x1b\\"


@dataclass(frozen=True, slots=True)
class _Piece:
    """Some words that stay together, as they read and as they are painted."""

    text: str
    painted: str = ""
    is_address: bool = False
    """Never broken: it is to be copied."""

    @property
    def shown(self) -> str:
        return self.painted or self.text


def enter_takes_first(question: Ambiguous) -> bool:
    """Whether the first is sure enough for Enter: high confidence, nothing against it, no pickle, no waiting."""
    first = question.candidates[0]
    against = any(piece.why in _AGAINST for piece in first.evidence)
    rivalled = len(question.candidates) > 1 and question.candidates[1].confidence >= first.confidence
    return (
        first.confidence >= SURE
        and not (against or rivalled or first.cautions)
        and first.candidate.access.is_open
    )


def heading(question: Ambiguous, number: int, total: int, screen: Screen) -> str:
    """`2 of 7  lora  "add_detail.safetensors"  node 14 LoraLoader.lora_name (also 22)`, and why it is asked."""
    ref = question.ref
    first = next((f"node {site.node_id} {site.node_class}.{site.input}" for site in ref.sites), ref.folder)
    others = ", ".join(site.node_id for site in ref.sites[1:6])
    pieces = [
        f"{number} of {total}  {ref.model_type.replace('_', ' ')}",
        f'"{ref.name}"',
        f"{first} (also {others})" if others else first,
        f"workflow base: {', '.join(ref.base_models)}" if ref.base_models else "",
    ]
    shown = [_Piece(text := visible(piece), screen.bold(text)) for piece in pieces if piece]
    reason = _flowed([_Piece(word) for word in visible(question.reason).split()], screen, "  ", " ")
    return "\n".join((*_flowed(shown, screen, "", "  "), *reason))


def keys(screen: Screen) -> str:
    """What can be typed."""
    return "\n".join(_flowed(map(_Piece, KEYS), screen, " ", "   "))


def cards(candidates: Sequence[RankedCandidate], screen: Screen, *, at_once: int = 0) -> str:
    """The candidates, numbered, best first: as many as fit the screen, or `at_once`."""
    made = [
        "\n".join(_card(number, one, candidates, screen)) for number, one in enumerate(candidates, start=1)
    ]
    fitting = at_once or max(FEWEST, _fitting(made, screen.height - LINES_BESIDE))
    left = len(made) - fitting
    more = [] if left <= 0 else [f"     and {left} less likely{'' if at_once else ': m shows them'}"]
    return "\n".join((*made[:fitting], *more))


def _fitting(made: Sequence[str], room: int) -> int:
    """How many of these cards a screen with so many lines holds."""
    ends = accumulate(card.count("\n") + 1 for card in made)
    return sum(end <= room for end in ends)


def details(one: RankedCandidate, screen: Screen) -> str:
    """All that is known of one candidate."""
    candidate = one.candidate
    sha256 = find_digest(candidate.digests, Algorithm.SHA256)
    told = {
        "file": candidate.file_name,
        "of": candidate.title,
        "creator": candidate.creator,
        "base": candidate.base_model,
        "size": _size(candidate),
        "variant": candidate.variant,
        "trigger words": ", ".join(candidate.trained_words[:40]),
        "licence": "; ".join(candidate.licence),
        "access": candidate.access.words or "open",
        "scanner": candidate.unsafe,
        "sha256": sha256.value if sha256 else None,
        "air": str(candidate.air) if candidate.air else None,
        "page": candidate.page,
        "preview": f"{candidate.preview} ({rating_in_words(candidate)})" if candidate.preview else None,
        "why": "; ".join(map(str, one.evidence)),
    }
    lines = []
    for name, value in told.items():
        words = [_Piece(word) for word in visible(value or "").split()]
        for row, line in enumerate(_flowed(words, screen, " " * 19, " ")):
            lines.append(f"     {pad('' if row else name, 14)}{line[19:]}")
    return "\n".join(lines)


def rating_in_words(candidate: Candidate) -> str:
    """Whether the preview may be looked at among people."""
    rating = candidate.preview_rating
    return "not rated" if not rating else rating if rating.startswith("PG") else f"NSFW: {rating}"


def _card(number: int, one: RankedCandidate, among: Sequence[RankedCandidate], screen: Screen) -> list[str]:
    """One candidate: its file, what it is, what comes with it, why it stands here, and where its page is."""
    name = visible(one.candidate.file_name)
    head = [_Piece(name, screen.bold(name))]
    lines = list(_flowed(head, screen, _INDENT, " "))
    lines[0] = f"{number:>3}  {one.confidence:.2f} {lines[0][len(_INDENT) :]}"
    for group in (_what(one.candidate, among, screen), _beside(one.candidate), _why(one, screen)):
        lines += _flowed(group, screen, _INDENT, _BETWEEN)
    return lines


def _what(candidate: Candidate, among: Sequence[RankedCandidate], screen: Screen) -> list[_Piece]:
    """Model, creator, base, size and precision, downloads, date; what differs among the candidates stands out."""

    def told(text: str, *, differs: bool = False) -> _Piece:
        return _Piece(text, screen.bold(text) if differs else "")

    creator = f" by {candidate.creator}" if candidate.creator else ""
    bases = {other.candidate.base_model for other in among}
    sizes = {_size(other.candidate) for other in among}
    pieces = (
        told(visible(f"{candidate.title if candidate.model_name else ''}{creator}".strip())),
        told(visible(candidate.base_model or ""), differs=len(bases) > 1),
        told(visible(_size(candidate)), differs=len(sizes) > 1),
        told(f"{_short(candidate.downloads)} downloads" if candidate.downloads is not None else ""),
        told(f"updated {visible(candidate.published[:10])}" if candidate.published else ""),
    )
    return [piece for piece in pieces if piece.text]


def _beside(candidate: Candidate) -> list[_Piece]:
    """Access, warnings, trigger words, licence."""
    words = candidate.trained_words
    more = f" and {len(words) - 6} more" if len(words) > 6 else ""
    pieces = (
        f"scanner warns: {candidate.unsafe}" if candidate.unsafe else "",
        f"access: {candidate.access.words or 'open'}",
        f"trigger words: {', '.join(words[:6])}{more}" if words else "",
        f"licence: {', '.join(candidate.licence)}" if candidate.licence else "",
    )
    return [_Piece(visible(piece)) for piece in pieces if piece]


def _why(one: RankedCandidate, screen: Screen) -> Iterable[_Piece]:
    """What speaks for it and against it, its page and its preview."""
    candidate = one.candidate
    said = [_reason(piece) for piece in one.evidence if piece.why is not Why.POPULAR]
    against = any(piece.why in _AGAINST for piece in one.evidence)
    why = f"why: {', '.join(said) or 'nothing speaks for it'}"
    yield _Piece(visible(why), screen.bold(visible(why)) if against else "")
    if candidate.preview and is_address(candidate.preview):
        word = f"preview ({rating_in_words(candidate)})"
        yield _Piece(word, screen.link(word, visible(candidate.preview)) if screen.links else "")
    if candidate.page and is_address(candidate.page):
        page = visible(candidate.page)
        yield _Piece("page", screen.link("page", page)) if screen.links else _Piece(page, is_address=True)


def is_address(text: str | None) -> bool:
    """Whether a browser may be sent there."""
    return bool(text) and str(text).startswith(("https://", "http://"))


def _reason(piece: Evidence) -> str:
    """One reason in a few words; what differs, with what it differs from."""
    return (
        str(piece)
        if piece.why in (*_AGAINST, Why.NAME_CLOSE, Why.PAIR_AGREES)
        else piece.why.replace("_", " ")
    )


def _size(candidate: Candidate) -> str:
    """`37.8 MB fp16`; empty where nobody said."""
    size = "" if candidate.size is None else size_text(candidate.size)
    return f"{size} {candidate.precision}".strip()


def _short(count: int) -> str:
    if count < 1000:
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1_000_000:.1f}M"


def _flowed(pieces: Iterable[_Piece], screen: Screen, indent: str, between: str) -> list[str]:
    """The pieces side by side, on a new line where the screen ends; a longer one is broken by its words.

    An address that is too long for its line moves to the left, and beyond that the terminal breaks it.
    """
    width = max(screen.width, NARROWEST) - 1
    lines: list[str] = []
    used = width
    for piece in pieces:
        size = columns(piece.text)
        if lines and used + columns(between) + size <= width:
            lines[-1] += between + piece.shown
            used += columns(between) + size
            continue
        if piece.is_address and size > width - len(indent):
            lines.append(f"  {piece.shown}")
            used = width
            continue
        for part in _broken(piece, width - len(indent)):
            lines.append(indent + part.shown)
            used = len(indent) + columns(part.text)
    return lines


def _broken(piece: _Piece, room: int) -> Iterable[_Piece]:
    if columns(piece.text) <= room:
        return (piece,)
    parts = [""]
    for word in piece.text.split(" "):
        joined = f"{parts[-1]} {word}" if parts[-1] else word
        if columns(joined) <= room:
            parts[-1] = joined
        else:
            parts += _hard_broken(word, room)
    start, _, end = piece.painted.partition(piece.text)
    return tuple(_Piece(part, f"{start}{part}{end}" if piece.painted else "") for part in parts if part)


def _hard_broken(word: str, room: int) -> list[str]:
    """A word longer than a line, in pieces that fit; wide letters take two columns."""
    parts, used = [""], 0
    for letter in word:
        if used + columns(letter) > room:
            parts.append("")
            used = 0
        parts[-1] += letter
        used += columns(letter)
    return parts
