"""Choosers: who asks nobody, who takes the best, and who asks the person.

The prompt shows the evidence and takes one line: a number, or a letter for what else can be done.
"""

from __future__ import annotations

import os
import shutil
import sys
import webbrowser
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from wfdeps.console.asking import read_line
from wfdeps.console.question import (
    Screen,
    cards,
    details,
    enter_takes_first,
    heading,
    is_address,
    keys,
    rating_in_words,
)
from wfdeps.console.silent import NeverAsk
from wfdeps.domain.candidates import Candidate, RankedCandidate, Why
from wfdeps.domain.refs import ModelRef
from wfdeps.domain.resolutions import Ambiguous, MarkedOptional
from wfdeps.domain.visible import visible
from wfdeps.errors import WfdepsError
from wfdeps.values import dataclass


class TakeBest:
    """Takes the first that needs no person's word; leaves open what has none."""

    def choose(self, question: Ambiguous, *, left: int = 0) -> RankedCandidate | None:
        return next((one for one in question.candidates if not one.cautions), None)


class Memory(Protocol):
    """Where answers are kept; each is safe the moment `save` returns. None marks the file optional."""

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None: ...


class _Forgetful:
    """Keeps nothing."""

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        pass


@dataclass(slots=True)
class Terminal:
    """The person's side: show, read a line, open a page. Replaced in tests and by other front ends."""

    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr)
    read: Callable[[str], str | None] = read_line
    """A line for this prompt, None where the person pressed Ctrl-C or closed the input."""
    open_page: Callable[[str], object] = webbrowser.open
    color: bool = False
    links: bool = False

    @property
    def screen(self) -> Screen:
        """As large as it is now: people change their windows."""
        size = shutil.get_terminal_size(_size_of(sys.stderr))
        return Screen(size.columns, size.lines, self.color, self.links)


class Prompt:
    """Asks the person at the terminal. `find` looks a pasted URL or AIR up, `local` a file of their own.

    Either may raise WfdepsError, which is shown.
    """

    def __init__(
        self,
        *,
        find: Callable[[str, ModelRef], Sequence[RankedCandidate]] | None = None,
        local: Callable[[str, ModelRef], RankedCandidate] | None = None,
        memory: Memory | None = None,
        terminal: Terminal | None = None,
    ) -> None:
        self._find = find
        self._local = local
        self._memory = memory or _Forgetful()
        self._terminal = terminal or Terminal()
        self._asked = 0
        self._rest: Callable[[Ambiguous], RankedCandidate | None] | None = None
        self._scope = _SCOPES[0]

    def choose(self, question: Ambiguous, *, left: int = 0) -> RankedCandidate | MarkedOptional | None:
        """As the door promises. Raises KeyboardInterrupt for `save and quit`; what was answered is kept."""
        self._asked += 1
        chosen = self._ask(question, left) if self._rest is None else self._by_rule(question)
        if chosen is not None:
            self._remember(question.ref, chosen)
        return chosen

    def _remember(self, ref: ModelRef, chosen: RankedCandidate | MarkedOptional) -> None:
        """What cannot be remembered still holds for this run; the person is told."""
        candidate = chosen.candidate if isinstance(chosen, RankedCandidate) else None
        try:
            self._memory.save(ref, candidate, self._scope)
        except WfdepsError as error:
            self._terminal.say(f"  not remembered: {visible(error.message)}")

    def _by_rule(self, question: Ambiguous) -> RankedCandidate | None:
        """What the rule for the rest takes; the person hears of it."""
        chosen = self._rest(question) if self._rest is not None else None
        what = f"{chosen.candidate.title} ({_place(chosen.candidate)})" if chosen else "left open"
        self._terminal.say(f"  {visible(question.ref.name)}: {visible(what)}")
        return chosen

    def _ask(self, question: Ambiguous, left: int) -> RankedCandidate | MarkedOptional | None:
        say, screen = self._terminal.say, self._terminal.screen
        shown = list(question.candidates)
        say("\n" + heading(question, self._asked, self._asked + left, screen))
        say(cards(shown, screen))
        say(keys(screen))
        while True:
            line = self._terminal.read(_prompt_for(question, shown))
            if line is None:
                raise KeyboardInterrupt
            try:
                answer = self._understood(line.strip(), question, shown)
            except WfdepsError as error:
                answer = visible(error.message) + (f"\n  hint: {visible(error.hint)}" if error.hint else "")
            if isinstance(answer, _Choice):
                return answer.chosen
            say(answer)

    def _understood(self, line: str, question: Ambiguous, shown: list[RankedCandidate]) -> _Choice | str:
        """What the line settles, or what to say to it. `shown` grows and changes with what was looked up."""
        if not line:
            if _enter_is_offered(question, shown):
                return _Choice(shown[0])
            return "the first is not sure enough for Enter: type its number, or a letter"
        if line.isdecimal():
            return _numbered(line, shown, _Choice)
        letter, _, rest = line.partition(" ")
        rest = rest.strip()
        match letter.lower():
            case "s":
                return _Choice(None)
            case "x":
                return _Choice(MarkedOptional())
            case "q":
                raise KeyboardInterrupt
            case "a":
                self._rest = TakeBest().choose
                return _Choice(self._by_rule(question))
            case "as":
                self._rest = NeverAsk().choose
                return _Choice(None)
            case "b":
                return self._shown_instead(list(question.candidates), shown)
            case "m":
                return cards(shown, self._terminal.screen, at_once=len(shown))
            case "i":
                return _numbered(rest or "1", shown, lambda one: details(one, self._terminal.screen))
            case "o":
                return _numbered(rest or "1", shown, self._open_page)
            case "p":
                return _numbered(rest or "1", shown, self._open_preview)
            case "f":
                return _numbered(rest or "1", shown, lambda one: self._files_of(one, question, shown))
            case "u":
                return self._look_up(rest or self._read("URL or AIR: "), question.ref, shown)
            case "l":
                return self._use_local(rest or self._read("path: "), question.ref, shown)
            case "r":
                return self._next_scope(rest)
        if "://" in line or line.lower().startswith(("urn:", "civitai:")):
            return self._look_up(line, question.ref, shown)
        return f"not understood: `{visible(line)}`\n{keys(self._terminal.screen)}"

    def _open_page(self, one: RankedCandidate) -> str:
        return self._opened(one.candidate.page, "page")

    def _open_preview(self, one: RankedCandidate) -> str:
        said = f"  ({rating_in_words(one.candidate)})" if one.candidate.preview else ""
        return self._opened(one.candidate.preview, "preview") + said

    def _opened(self, address: str | None, what: str) -> str:
        if not is_address(address):
            return f"it has no {what}"
        self._terminal.open_page(str(address))
        return f"     {visible(str(address))}"

    def _files_of(self, one: RankedCandidate, question: Ambiguous, shown: list[RankedCandidate]) -> str:
        version_id = one.candidate.version_id
        found = [
            other for other in question.candidates if version_id and other.candidate.version_id == version_id
        ]
        if self._find is not None and one.candidate.air is not None:
            found = list(self._find(str(one.candidate.air).partition("+")[0], question.ref)) or found
        if not found:
            return "nothing more is known of that version"
        return self._shown_instead(found, shown)

    def _look_up(self, text: str, ref: ModelRef, shown: list[RankedCandidate]) -> str:
        if self._find is None:
            return "nobody can be asked from here"
        found = list(self._find(text.strip(), ref)) if text.strip() else []
        if not found:
            return f"nothing found at `{visible(text.strip())}`"
        return self._shown_instead(found, shown)

    def _use_local(self, path: str, ref: ModelRef, shown: list[RankedCandidate]) -> _Choice | str:
        if self._local is None:
            return "a local file cannot be used from here: put it into the folder and run `wfdeps check`"
        if not path.strip():
            return "no path was given"
        found = self._local(path.strip(), ref)
        if any(piece.why is Why.TYPE_DIFFERS for piece in found.evidence):
            return self._shown_instead([found], shown) + "\n  by its header it is of another type: 1 takes it"
        return _Choice(found)

    def _shown_instead(self, found: list[RankedCandidate], shown: list[RankedCandidate]) -> str:
        shown[:] = found
        return cards(found, self._terminal.screen)

    def _next_scope(self, wanted: str) -> str:
        if wanted and wanted not in _SCOPES:
            return f"answers are remembered for: {', '.join(_SCOPES)}; not for `{visible(wanted)}`"
        self._scope = wanted or _SCOPES[(_SCOPES.index(self._scope) + 1) % len(_SCOPES)]
        return f"answers from here on are remembered for: {self._scope}"

    def _read(self, prompt: str) -> str:
        return self._terminal.read(prompt) or ""


@dataclass(frozen=True, slots=True)
class _Choice:
    chosen: RankedCandidate | MarkedOptional | None


def _size_of(stream: Any) -> tuple[int, int]:
    """Of the terminal we speak on: data may go to a file meanwhile, and that has no size."""
    try:
        return os.get_terminal_size(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return 80, 24


_SCOPES = ("workflow", "project", "always")


def _place(candidate: Candidate) -> str:
    return str(candidate.air or candidate.url)


def _numbered(
    text: str, shown: Sequence[RankedCandidate], act: Callable[[RankedCandidate], _Choice | str]
) -> _Choice | str:
    number = int(text) if text.isdecimal() and len(text) < 5 else 0
    if not 1 <= number <= len(shown):
        return f"there is no number `{visible(text)}`"
    return act(shown[number - 1])


def _prompt_for(question: Ambiguous, shown: Sequence[RankedCandidate]) -> str:
    return "choice [1]: " if _enter_is_offered(question, shown) else "choice: "


def _enter_is_offered(question: Ambiguous, shown: Sequence[RankedCandidate]) -> bool:
    return enter_takes_first(question) and shown[0] is question.candidates[0]
