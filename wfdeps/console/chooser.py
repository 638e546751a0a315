"""Choosers: who asks nobody, who takes the best, and who asks the person.

The prompt shows the evidence and takes one line: a number, or a letter for what else can be done.
"""

from __future__ import annotations

import re
import sys
import webbrowser
from collections.abc import Callable, Sequence
from typing import Protocol

from wfdeps.console.question import details, enter_takes_first, heading, of_one_model, table
from wfdeps.domain.candidates import AccessState, Candidate, RankedCandidate, Why
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous
from wfdeps.values import dataclass, field

KEYS = (
    " [1-9] choose   i N details   f N files of this version   o N open page   u paste URL or AIR\n"
    " l use a local file   s skip   x never ask (optional)   r remember for … \n"
    " a take the best here and for the rest   as skip the rest   q save and quit"
)


class NeverAsk:
    """Leaves every choice open."""

    def choose(self, question: Ambiguous) -> RankedCandidate | None:
        return None


class TakeBest:
    """Takes the first that no rule forbids to take silently; leaves open what has none."""

    def choose(self, question: Ambiguous) -> RankedCandidate | None:
        return next((one for one in question.candidates if _may_be_taken(one)), None)


class Memory(Protocol):
    """Where answers are kept; each is safe the moment `save` returns."""

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None: ...

    def is_never_asked(self, ref: ModelRef) -> bool: ...


class _Forgetful:
    """Keeps nothing."""

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        pass

    def is_never_asked(self, ref: ModelRef) -> bool:
        return False


@dataclass(slots=True)
class Terminal:
    """The person's side: show, read a line, open a page. Replaced in tests and by other front ends."""

    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)
    read: Callable[[str], str | None] = field(default_factory=lambda: _read_line)
    """A line for this prompt, None where the person pressed Ctrl-C or closed the input."""
    open_page: Callable[[str], object] = webbrowser.open


class Prompt:
    """Asks the person at the terminal, once for each distinct file.

    `find` looks a pasted URL or AIR up; `total` is how many questions there will be, where that is known.
    """

    def __init__(
        self,
        *,
        find: Callable[[str, ModelRef], Sequence[RankedCandidate]] | None = None,
        local: Callable[[str, ModelRef], RankedCandidate] | None = None,
        memory: Memory | None = None,
        terminal: Terminal | None = None,
        total: int = 0,
    ) -> None:
        self._find = find
        self._local = local
        self._memory = memory or _Forgetful()
        self._terminal = terminal or Terminal()
        self._total = total
        self._asked = 0
        self._answered: dict[tuple[str, str], RankedCandidate | None] = {}
        self._rest: Callable[[Ambiguous], RankedCandidate | None] | None = None
        self._pairs: dict[str, Candidate] = {}
        self._scope = "workflow"

    def choose(self, question: Ambiguous) -> RankedCandidate | None:
        """As the door promises. Raises KeyboardInterrupt for `save and quit`; what was answered is kept."""
        key = (question.ref.folder, question.ref.name.casefold())
        if key in self._answered:
            return self._answered[key]
        if self._memory.is_never_asked(question.ref):
            return None
        self._asked += 1
        if self._rest is not None:
            chosen = self._rest(question)
        else:
            chosen = self._ask(question)
        if chosen is not None:
            self._memory.save(question.ref, chosen.candidate, self._scope)
            self._pairs[_pair_key(question.ref.name)] = chosen.candidate
        self._answered[key] = chosen
        return chosen

    def _pair_first(self, question: Ambiguous) -> list[RankedCandidate]:
        """The candidates, those of the model that was taken for this file's pair before the others."""
        taken = self._pairs.get(_pair_key(question.ref.name)) if _pair_key(question.ref.name) else None
        if taken is None:
            return list(question.candidates)
        self._terminal.say(f"\n  its pair was taken from {taken.title}")
        return sorted(question.candidates, key=lambda one: not of_one_model(one.candidate, taken))

    def _ask(self, question: Ambiguous) -> RankedCandidate | None:
        say = self._terminal.say
        shown = self._pair_first(question)
        say("\n" + heading(question, self._asked, self._total))
        say(table(shown))
        say(KEYS)
        while True:
            line = self._terminal.read(_prompt_for(question, shown))
            if line is None:
                raise KeyboardInterrupt
            answer = self._understood(line.strip(), question, shown)
            if isinstance(answer, _Settled):
                return answer.chosen
            say(answer)

    def _understood(self, line: str, question: Ambiguous, shown: list[RankedCandidate]) -> _Settled | str:
        """What the line settles, or what to say to it. `shown` grows and changes with what was looked up."""
        if not line:
            if _enter_is_offered(question, shown):
                return _Settled(shown[0])
            return "the first is not sure enough for Enter: type its number, or a letter"
        if line.isdecimal():
            return _numbered(line, shown, _Settled)
        letter, _, rest = line.partition(" ")
        rest = rest.strip()
        match letter.lower():
            case "s":
                return _Settled(None)
            case "x":
                self._memory.save(question.ref, None, self._scope)
                return _Settled(None)
            case "q":
                raise KeyboardInterrupt
            case "a":
                self._rest = TakeBest().choose
                return _Settled(self._rest(question))
            case "as":
                self._rest = NeverAsk().choose
                return _Settled(None)
            case "i":
                return _numbered(rest or "1", shown, details)
            case "o":
                return _numbered(rest or "1", shown, self._open)
            case "f":
                return _numbered(rest or "1", shown, lambda one: self._files_of(one, question, shown))
            case "u":
                return self._look_up(rest or self._read("URL or AIR: "), question.ref, shown)
            case "l":
                return self._use_local(rest or self._read("path: "), question.ref)
            case "r":
                return self._next_scope(rest)
        if "://" in line or line.lower().startswith(("urn:", "civitai:")):
            return self._look_up(line, question.ref, shown)
        return f"not understood: `{line}`\n{KEYS}"

    def _open(self, one: RankedCandidate) -> str:
        page = one.candidate.page or ""
        if not page.startswith(("https://", "http://")):
            return "it has no page"
        self._terminal.open_page(page)
        return f"     {page}"

    def _files_of(self, one: RankedCandidate, question: Ambiguous, shown: list[RankedCandidate]) -> str:
        version_id = one.candidate.version_id
        found = [
            other for other in question.candidates if version_id and other.candidate.version_id == version_id
        ]
        if self._find is not None and one.candidate.air is not None:
            found = list(self._find(str(one.candidate.air).partition("+")[0], question.ref)) or found
        if not found:
            return "nothing more is known of that version"
        shown[:] = found
        return table(found)

    def _look_up(self, text: str, ref: ModelRef, shown: list[RankedCandidate]) -> str:
        if self._find is None:
            return "nobody can be asked from here"
        found = list(self._find(text.strip(), ref)) if text.strip() else []
        if not found:
            return f"nothing found at `{text.strip()}`"
        shown[:] = found
        return table(found)

    def _use_local(self, path: str, ref: ModelRef) -> _Settled | str:
        if self._local is None:
            return "a local file cannot be used from here: put it into the folder and run `wfdeps check`"
        try:
            return _Settled(self._local(path.strip(), ref))
        except OSError as error:
            return f"cannot use `{path}`: {error.strerror or error}"

    def _next_scope(self, wanted: str) -> str:
        scopes = ("workflow", "project", "always")
        self._scope = wanted if wanted in scopes else scopes[(scopes.index(self._scope) + 1) % len(scopes)]
        return f"answers from here on are remembered for: {self._scope}"

    def _read(self, prompt: str) -> str:
        return self._terminal.read(prompt) or ""


@dataclass(frozen=True, slots=True)
class _Settled:
    chosen: RankedCandidate | None


def _numbered(
    text: str, shown: Sequence[RankedCandidate], act: Callable[[RankedCandidate], _Settled | str]
) -> _Settled | str:
    number = int(text) if text.isdecimal() and len(text) < 5 else 0
    if not 1 <= number <= len(shown):
        return f"there is no number `{text}`"
    return act(shown[number - 1])


def _prompt_for(question: Ambiguous, shown: Sequence[RankedCandidate]) -> str:
    return "choice [1]: " if _enter_is_offered(question, shown) else "choice: "


def _enter_is_offered(question: Ambiguous, shown: Sequence[RankedCandidate]) -> bool:
    return enter_takes_first(question) and shown[0] is question.candidates[0]


def _pair_key(name: str) -> str:
    """The name without what tells the two of a pair apart (Wan's high and low noise); empty for a single."""
    folded = name.casefold()
    bare = _PAIRED.sub("", folded)
    return bare if bare != folded else ""


_PAIRED = re.compile(r"(?<![a-z])(?:high|low)(?:[-_ ]?noise)?(?![a-z])")


def _may_be_taken(one: RankedCandidate) -> bool:
    """No pickle, no early access, no other base model, no other hash: those a person must name."""
    candidate = one.candidate
    against = {Why.BASE_DIFFERS, Why.TYPE_DIFFERS, Why.HASH_DIFFERS}
    is_pickle = candidate.file_name.lower().endswith((".ckpt", ".pt", ".pt2", ".pth", ".bin", ".pkl"))
    closed = candidate.access.if_bought or candidate.access.state not in (AccessState.OPEN, AccessState.TOKEN)
    return not (
        candidate.unsafe or is_pickle or closed or any(piece.why in against for piece in one.evidence)
    )


def _read_line(prompt: str) -> str | None:
    import questionary  # a quarter of a second to import: only for those who are asked
    from prompt_toolkit.output import create_output

    answer: str | None = questionary.text(prompt, qmark="", output=create_output(stdout=sys.stderr)).ask(
        kbi_msg=""
    )
    return answer
