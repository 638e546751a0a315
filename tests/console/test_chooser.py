"""Choosing: what is shown, what each key does, and what is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.match.making import file, ref
from wfdeps.console.asking import agreed
from wfdeps.console.chooser import Prompt, TakeBest, Terminal
from wfdeps.console.question import Screen, cards, details, heading, keys
from wfdeps.console.silent import NeverAsk
from wfdeps.domain.access import Access, AccessState
from wfdeps.domain.candidates import Candidate, Evidence, RankedCandidate, Why
from wfdeps.domain.refs import ModelRef, NodeSite
from wfdeps.domain.resolutions import Ambiguous, MarkedOptional
from wfdeps.errors import ConfigError, LibraryError
from wfdeps.match.decide import cautions_of
from wfdeps.match.policy import Policy
from wfdeps.report.wording import columns
from wfdeps.values import replace

EXACT = Evidence(Why.NAME_EXACT, "add_detail.safetensors")
DIFFERS = Evidence(Why.BASE_DIFFERS, "SDXL 1.0, the workflow is SD 1.5")


def ranked(number: int, confidence: float, *evidence: Evidence, **more: object) -> RankedCandidate:
    return judged(
        RankedCandidate(file("add_detail.safetensors", number, **more), evidence or (EXACT,), confidence)
    )


def judged(candidate: RankedCandidate, *, allow_pickle: bool = False) -> RankedCandidate:
    """The candidate with its cautions, as the resolver hands it to a chooser."""
    return replace(candidate, cautions=cautions_of(candidate, Policy(allow_pickle=allow_pickle)))


def question(*candidates: RankedCandidate, name: str = "add_detail.safetensors") -> Ambiguous:
    sites = (
        NodeSite("wf.json", "14", "LoraLoader", "lora_name"),
        NodeSite("wf.json", "22", "LoraLoader", "lora_name"),
    )
    return Ambiguous(replace(ref(name), sites=sites), candidates, "no file has exactly this name")


SURE = question(ranked(1, 0.97), ranked(2, 0.7, DIFFERS))
UNSURE = question(ranked(1, 0.7), ranked(2, 0.69))


@dataclass
class Person:
    """Types these lines, reads everything, and leaves (Ctrl-C) when there are no more."""

    lines: list[str]
    seen: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def terminal(self) -> Terminal:
        return Terminal(
            self.seen.append, lambda prompt: self.lines.pop(0) if self.lines else None, self.opened.append
        )

    @property
    def read(self) -> str:
        return "\n".join(self.seen)


@dataclass
class Book:
    """Remembers in a list."""

    kept: list[tuple[str, int | None, str]] = field(default_factory=list)

    def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
        self.kept.append((ref.name, candidate.file_id if candidate else None, scope))


def chosen_by(lines: Sequence[str], asked: Ambiguous = UNSURE) -> tuple[int | None, Person]:
    person = Person(list(lines))
    found = Prompt(terminal=person.terminal()).choose(asked)
    return (found.candidate.file_id if isinstance(found, RankedCandidate) else None), person


def test_a_number_chooses() -> None:
    assert chosen_by(["2"])[0] == 2


def test_enter_takes_the_first_only_when_it_is_sure() -> None:
    assert chosen_by([""], SURE)[0] == 1
    answer, person = chosen_by(["", "1"], UNSURE)
    assert answer == 1
    assert "not sure enough" in person.read


@pytest.mark.parametrize(
    "first",
    [
        ranked(1, 0.97, EXACT, DIFFERS),
        ranked(1, 0.97, access=Access(AccessState.EARLY_ACCESS)),
        ranked(1, 0.97, unsafe="dangerous import"),
    ],
    ids=["another base model", "early access", "a warning"],
)
def test_enter_never_takes_what_has_something_against_it(first: RankedCandidate) -> None:
    answer, _ = chosen_by(["", "s"], question(first, ranked(2, 0.3)))
    assert answer is None


def test_a_number_that_is_not_there_is_asked_again() -> None:
    answer, person = chosen_by(["7", "0", "1"])
    assert answer == 1
    assert "no number `7`" in person.read


def test_what_a_person_needs_is_on_the_screen() -> None:
    first = ranked(
        1, 0.97, base_model="SD 1.5", creator="Lykon", size=37_800_000, precision="fp16", downloads=1_234_567,
        published="2023-05-08T00:00:00Z", model_name="Detail Tweaker", version_name="v1.0",
    )  # fmt: skip
    _, person = chosen_by(["s"], question(first, ranked(2, 0.5, DIFFERS)))
    for expected in (
        '"add_detail.safetensors"', "node 14 LoraLoader.lora_name (also 22)", "Detail Tweaker / v1.0", "Lykon",
        "SD 1.5", "37.8 MB fp16", "1.2M", "2023-05-08", "name exact", "base differs", "0.97", "access: open",
    ):  # fmt: skip
        assert expected in person.read


def test_details_show_trigger_words_licence_and_why() -> None:
    first = ranked(1, 0.97, trained_words=("detail",), licence=("credit required",))
    _, person = chosen_by(["i 1", "s"], question(first))
    assert "detail" in person.read
    assert "credit required" in person.read
    assert "name exact: add_detail.safetensors" in person.read


def test_a_hostile_name_does_not_reach_the_terminal() -> None:
    hostile = RankedCandidate(file("x\x1b]0;owned\x07.safetensors", creator="a\nb"), (EXACT,), 0.5)
    _, person = chosen_by(["i 1", "s"], question(hostile, name="n\x1b[2J.safetensors"))
    assert "\x1b" not in person.read
    assert "\x07" not in person.read


def test_the_page_opens_only_where_it_is_an_address() -> None:
    _, person = chosen_by(
        ["o 1", "o 2", "s"],
        question(ranked(1, 0.5, page="https://civitai.com/models/1"), ranked(2, 0.4, page="javascript:x")),
    )
    assert person.opened == ["https://civitai.com/models/1"]


def test_a_pasted_address_is_looked_up_and_shown_before_it_is_taken() -> None:
    person = Person(["u urn:air:sd1:lora:civitai:7@70", "1"])
    asked: list[str] = []

    def find(text: str, wanted: ModelRef) -> list[RankedCandidate]:
        asked.append(text)
        return [ranked(7, 1.0)]

    found = Prompt(terminal=person.terminal(), find=find).choose(UNSURE)
    assert asked == ["urn:air:sd1:lora:civitai:7@70"]
    assert isinstance(found, RankedCandidate)
    assert found.candidate.file_id == 7


def test_from_what_was_looked_up_one_can_go_back_to_the_candidates() -> None:
    person = Person(["u civitai:7@70", "2", "b", "2"])
    found = Prompt(terminal=person.terminal(), find=lambda text, wanted: [ranked(7, 1.0)]).choose(UNSURE)
    assert isinstance(found, RankedCandidate)
    assert found.candidate.file_id == 2
    assert "no number `2`" in person.read


def test_an_address_can_be_pasted_without_a_key_and_may_lead_nowhere() -> None:
    person = Person(["https://civitai.com/models/404", "2"])
    found = Prompt(terminal=person.terminal(), find=lambda text, wanted: []).choose(UNSURE)
    assert isinstance(found, RankedCandidate)
    assert found.candidate.file_id == 2
    assert "nothing found" in person.read


def test_a_local_file_can_be_named() -> None:
    person = Person(["l /no/such", "l /models/mine.safetensors"])

    def local(path: str, wanted: ModelRef) -> RankedCandidate:
        if path == "/no/such":
            raise LibraryError("cannot read `/no/such`: No such file or directory", hint="look again")
        return RankedCandidate(Candidate("local", "mine.safetensors", f"file://{path}"), (), 1.0)

    found = Prompt(terminal=person.terminal(), local=local).choose(UNSURE)
    assert isinstance(found, RankedCandidate)
    assert found.candidate.source == "local"
    assert "No such file" in person.read
    assert "hint: look again" in person.read


def test_a_local_file_of_another_type_is_shown_before_it_is_taken() -> None:
    person = Person(["l mine.safetensors", "1"])
    other = RankedCandidate(
        Candidate("local", "mine.safetensors", "file:///mine.safetensors"),
        (Evidence(Why.TYPE_DIFFERS, "checkpoint, wanted lora"),),
        1.0,
    )
    assert Prompt(terminal=person.terminal(), local=lambda path, wanted: other).choose(UNSURE) == other
    assert "another type" in person.read


def test_a_preview_is_opened_only_when_it_is_asked_for_and_its_rating_is_said() -> None:
    first = ranked(1, 0.5, preview="https://image.example/1.jpeg", preview_rating="X")
    answer, person = chosen_by(
        ["p", "p 2", "s"], question(first, ranked(2, 0.4, preview="file:///etc/passwd"))
    )
    assert answer is None
    assert person.opened == ["https://image.example/1.jpeg"]
    assert "preview (NSFW: X)" in person.read
    assert "it has no preview" in person.read


def test_what_the_screen_does_not_hold_is_a_key_away() -> None:
    many = question(*(ranked(number, 0.5) for number in range(1, 15)))
    _, person = chosen_by(["m", "14"], many)
    assert "m shows them" in person.seen[1]
    assert " 14  0.50" not in person.seen[1]
    assert " 14  0.50" in person.read


def test_save_and_quit_keeps_what_was_answered() -> None:
    person, book = Person(["1", "q"]), Book()
    prompt = Prompt(terminal=person.terminal(), memory=book)
    prompt.choose(question(ranked(1, 0.5), name="a.safetensors"))
    with pytest.raises(KeyboardInterrupt):
        prompt.choose(question(ranked(2, 0.5), name="b.safetensors"))
    assert book.kept == [("a.safetensors", 1, "workflow")]


def test_a_closed_input_is_save_and_quit() -> None:
    with pytest.raises(KeyboardInterrupt):
        chosen_by([])


def test_an_answer_that_cannot_be_remembered_holds_for_this_run() -> None:
    class Full:
        def save(self, ref: ModelRef, candidate: Candidate | None, scope: str) -> None:
            raise ConfigError("no room left")

    person = Person(["1"])
    found = Prompt(terminal=person.terminal(), memory=Full()).choose(UNSURE)
    assert isinstance(found, RankedCandidate)
    assert person.seen[-1] == "  not remembered: no room left"


def test_a_skipped_file_stays_open_and_is_not_remembered() -> None:
    person, book = Person(["s"]), Book()
    assert Prompt(terminal=person.terminal(), memory=book).choose(UNSURE) is None
    assert book.kept == []


def test_optional_is_an_answer_and_is_remembered() -> None:
    person, book = Person(["x"]), Book()
    assert Prompt(terminal=person.terminal(), memory=book).choose(UNSURE) == MarkedOptional()
    assert book.kept == [("add_detail.safetensors", None, "workflow")]


def test_the_rest_can_be_settled_by_the_same_rule() -> None:
    person = Person(["a"])
    prompt = Prompt(terminal=person.terminal())
    first = prompt.choose(question(ranked(1, 0.7), name="a.safetensors"))
    second = prompt.choose(question(ranked(2, 0.6), ranked(3, 0.5), name="b.safetensors"))
    against = prompt.choose(question(ranked(4, 0.6, DIFFERS), name="c.safetensors"))
    chosen = [isinstance(one, RankedCandidate) and one.candidate.file_id for one in (first, second, against)]
    assert chosen == [1, 2, False]


def test_what_the_rule_took_for_the_rest_is_told() -> None:
    person = Person(["a"])
    prompt = Prompt(terminal=person.terminal())
    prompt.choose(question(ranked(1, 0.7, model_name="Fog"), name="a.safetensors"))
    prompt.choose(question(ranked(4, 0.6, DIFFERS), name="b.safetensors"))
    assert person.seen[-2].startswith("  a.safetensors: Fog (http")
    assert person.seen[-1] == "  b.safetensors: left open"


def test_a_scope_nobody_knows_changes_nothing() -> None:
    person, book = Person(["r project", "r forever", "1"]), Book()
    Prompt(terminal=person.terminal(), memory=book).choose(UNSURE)
    assert book.kept == [("add_detail.safetensors", 1, "project")]
    assert "workflow, project, always; not for `forever`" in person.read


def test_an_answer_can_be_kept_for_longer() -> None:
    person, book = Person(["r always", "1"]), Book()
    Prompt(terminal=person.terminal(), memory=book).choose(UNSURE)
    assert book.kept == [("add_detail.safetensors", 1, "always")]


def test_who_never_asks_leaves_it_open() -> None:
    assert NeverAsk().choose(SURE) is None


@pytest.mark.parametrize(
    "first",
    [
        ranked(1, 0.9, EXACT, DIFFERS),
        ranked(1, 0.9, access=Access(AccessState.EARLY_ACCESS)),
        ranked(1, 0.9, unsafe="dangerous import"),
        judged(RankedCandidate(file("add_detail.ckpt"), (EXACT,), 0.9)),
    ],
)
def test_the_best_is_never_what_must_be_named(first: RankedCandidate) -> None:
    assert TakeBest().choose(question(first)) is None
    found = TakeBest().choose(question(first, ranked(2, 0.5)))
    assert isinstance(found, RankedCandidate)
    assert found.candidate.file_id == 2


def test_where_pickles_are_allowed_the_rule_for_the_rest_and_enter_take_them_too() -> None:
    pickle = judged(RankedCandidate(file("add_detail.ckpt"), (EXACT,), 0.97), allow_pickle=True)
    assert TakeBest().choose(question(pickle)) is pickle
    person = Person([""])
    assert Prompt(terminal=person.terminal()).choose(question(pickle)) is pickle


WORDY = ranked(
    1, 0.97, EXACT, DIFFERS,
    base_model="SD 1.5", creator="Lykon", size=37_800_000, precision="fp16", downloads=1_234_567,
    published="2023-05-08T00:00:00Z", model_name="Detail Tweaker LoRA (細部調整)", version_name="v1.0",
    trained_words=tuple(f"word number {number}" for number in range(9)), licence=("commercial use: none",),
    access=Access(AccessState.EARLY_ACCESS, "early access", "2026-12-24"), unsafe="a dangerous import",
    page="https://civitai.com/models/58390?modelVersionId=62833",
    preview="https://image.example/a.jpeg", preview_rating="PG",
)  # fmt: skip
LONG = RankedCandidate(file("異度神剣" * 30 + ".safetensors", 2), (EXACT,), 0.4)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut_off(width: int) -> None:
    asked, screen = question(WORDY, LONG), Screen(width, 50)
    shown = "\n".join(
        (heading(asked, 2, 7, screen), cards(asked.candidates, screen), keys(screen), details(WORDY, screen))
    )
    assert max(map(columns, shown.split("\n"))) < width
    words = " ".join(shown.split())
    for expected in (
        "2 of 7 lora", "node 14 LoraLoader.lora_name (also 22)", "add_detail.safetensors", "by Lykon", "SD 1.5",
        "37.8 MB fp16", "1.2M downloads", "updated 2023-05-08", "word number 5", "and 3 more", "2026-12-24",
        "commercial use: none", "scanner warns", "name exact", "preview (PG)", "save and quit", "mark optional",
    ):  # fmt: skip
        assert expected in words
    assert "https://civitai.com/models/58390?modelVersionId=62833" in shown
    assert ("異度神剣" * 30) in "".join(shown.split())


def test_a_terminal_that_shows_links_gets_words_that_lead_there() -> None:
    shown = cards([WORDY], Screen(80, 24, links=True))
    assert "\x1b]8;;https://civitai.com/models/58390?modelVersionId=62833\x1b\\page\x1b]8;;\x1b\\" in shown
    assert "\x1b]8;;https://image.example/a.jpeg\x1b\\preview (PG)" in shown


def test_what_differs_stands_out() -> None:
    shown = cards(
        [ranked(1, 0.9, base_model="SD 1.5"), ranked(2, 0.8, DIFFERS, base_model="SDXL 1.0")],
        Screen(80, color=True),
    )
    assert "\x1b[1mSDXL 1.0\x1b[0m" in shown
    assert "\x1b[1mSD 1.5\x1b[0m" in shown


def test_a_real_prompt_reads_a_line() -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
        keys.send_text("2\r")
        found = Prompt(terminal=Terminal(say=lambda text: None)).choose(UNSURE)
    assert isinstance(found, RankedCandidate)
    assert found.candidate.file_id == 2


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_screen_is_that_of_the_terminal_we_speak_on_while_data_goes_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import fcntl
    import struct
    import termios

    for name in ("COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)
    ours, theirs = os.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 132, 0, 0))
    with open(theirs, "w") as stderr, open(os.devnull, "w") as data:
        monkeypatch.setattr(sys, "stderr", stderr)
        monkeypatch.setattr(sys, "__stdout__", data)
        screen = Terminal().screen
    os.close(ours)
    assert (screen.width, screen.height) == (132, 50)


@pytest.mark.parametrize(
    ("typed", "says"), [("\r", True), ("y", True), ("n", False), ("\x03", None), ("\x04", None)]
)
def test_yes_and_no_are_asked_on_stderr_and_leaving_is_neither(
    typed: str, says: bool | None, capsys: pytest.CaptureFixture[str]
) -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input

    with create_pipe_input() as keys, create_app_session(input=keys):
        keys.send_text(typed)
        if says is None:
            with pytest.raises(KeyboardInterrupt):
                agreed("download 1 file?")
        else:
            assert agreed("download 1 file?") is says
    written = capsys.readouterr()
    assert written.out == ""
    assert "download 1 file?" in written.err


@pytest.mark.parametrize("typed", ["\x03", "\x04"])
def test_leaving_a_question_is_save_and_quit(typed: str) -> None:
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input

    with create_pipe_input() as keys, create_app_session(input=keys):
        keys.send_text(typed)
        with pytest.raises(KeyboardInterrupt):
            Prompt(terminal=Terminal(say=lambda text: None)).choose(UNSURE)
