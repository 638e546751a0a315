"""How text is put before a person: sizes and counts, colours and columns, which nodes, and what is safe to paste."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from wfdeps import TYPE_CHECKING
from wfdeps.domain.files import base_name
from wfdeps.domain.visible import INVISIBLE, visible
from wfdeps.patterns import pattern
from wfdeps.values import dataclass, field

if TYPE_CHECKING:
    from wfdeps.domain.graphs import Graph
    from wfdeps.domain.refs import NodeSite, Notice


_PLAIN_WORD = pattern(r"[A-Za-z0-9_@%+=:,./-][A-Za-z0-9_@%+=:,./~-]*")


def json_text(text: str) -> str:
    """JSON as it may go to a terminal: what would not show is written as `\\u202e`, which JSON reads back."""
    return INVISIBLE().sub(lambda match: match[0] if match[0] == "\n" else f"\\u{ord(match[0]):04x}", text)


def document_text(document: Mapping[str, object]) -> str:
    """A JSON document, indented, as it may go to a terminal or into a file; ends with a newline."""
    import json  # text reports need none of it

    return json_text(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"


def shell_word(text: str) -> str:
    """One visible text as one word for a POSIX shell, to be pasted; a leading `-` does not make it an option."""
    if text.startswith("-"):
        text = f"./{text}"
    return text if _PLAIN_WORD().fullmatch(text) else "'" + text.replace("'", "'\"'\"'") + "'"


_UNITS = ("B", "kB", "MB", "GB", "TB", "PB")


def size_text(size: int | None) -> str:
    """`6.94 GB`, `335 MB`, `12 B`; `? B` where nobody knows."""
    if size is None:
        return "? B"
    value, unit = float(size), 0
    while value >= 999.5 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    if unit == 0:
        return f"{size} B"
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {_UNITS[unit]}"


def count_text(count: int, noun: str) -> str:
    """`1 file`, `7,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


_CODES = {"item": "36", "good": "32", "bad": "31", "warn": "33", "dim": "2", "command": "36"}
_GLYPHS = {"item": "•", "good": "✓", "bad": "✗", "warn": "!", "dim": "·", "next": "→"}
_ASCII_GLYPHS = {"item": "*", "good": "+", "bad": "x", "warn": "!", "dim": "-", "next": ">"}


@dataclass(frozen=True, slots=True)
class Painter:
    """Puts colour round text that is already harmless, or leaves it plain."""

    color: bool
    ascii: bool
    width: int

    def tone(self, text: str, tone: str) -> str:
        """The text in that tone."""
        return f"\x1b[{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text

    def bold(self, text: str, tone: str) -> str:
        """The text in that tone, bold."""
        return f"\x1b[1;{_CODES[tone]}m{text}\x1b[0m" if self.color and text else text

    def glyph(self, tone: str) -> str:
        """The sign that says the same as the colour."""
        return (_ASCII_GLYPHS if self.ascii else _GLYPHS)[tone]


def columns(text: str) -> int:
    """How many columns a terminal takes for it."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # only for names that need it

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def pad(text: str, width: int) -> str:
    """The text with spaces up to that many columns; a longer one stays whole."""
    return text + " " * (width - columns(text))


def where_text(sites: Sequence[NodeSite], *, with_workflow: bool = False, limit: int = 3) -> str:
    """`node 14 LoraLoader`, `nodes 14, 22:3`, or with workflows `a.json 14, b.json 3 (+2)`; one line, harmless."""
    if not sites:
        return ""
    shown = [_one(site, with_workflow=with_workflow) for site in sites[:limit]]
    rest = f" (+{len(sites) - limit})" if len(sites) > limit else ""
    if with_workflow:
        return ", ".join(shown) + rest
    classes = {site.node_class for site in sites}
    ending = f" {visible(classes.pop())}" if len(classes) == 1 else ""
    return f"node{'s' if len(sites) > 1 else ''} {', '.join(shown)}{rest}{ending}"


def _one(site: NodeSite, *, with_workflow: bool) -> str:
    node = visible(site.node_id)
    return f"{visible(base_name(site.workflow))} {node}" if with_workflow else node


@dataclass(frozen=True, slots=True)
class View:
    """How a report is to be shown. Each format takes what it can use."""

    color: bool = False
    ascii: bool = False
    """Use no glyph beyond ASCII (names keep their letters)."""
    width: int = 80
    """Columns of the terminal."""
    verbose: bool = False
    """Show what is present or not needed, too."""
    version: str = ""
    """Of wfdeps, where a format names its tool."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Workflow path → its text, for the line a value stands on; only plain JSON files have one."""
    graph: Graph | None = None
    """For formats that draw."""


def no_files_text(warnings: Iterable[Notice]) -> str:
    """What a workflow that names no model does: it needs none, unless some of its nodes could not be judged."""
    return f"{'names' if is_unjudged(warnings) else 'needs'} no model file"


def is_unjudged(warnings: Iterable[Notice]) -> bool:
    """Whether nodes of classes that nobody lists may need files which the workflow does not name."""
    return any(notice.code == "not_judged" for notice in warnings)


def shown_name(name: str) -> str:
    """What the workflow says, without the tokens of a URL that stands there as a value."""
    if "://" not in name:
        return name
    from wfdeps.domain.urls import has_secrets, without_secrets  # few names are addresses

    return without_secrets(name) if has_secrets(name) else name
