"""The program itself at a pseudo-terminal: real keys, real signals, a real answer book."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys

import pytest

from tests.whole.conftest import Person
from wfdeps.packaged import sample_path

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")

DEMO = sample_path("demo.json")
INK = "ink_wash_style.safetensors"
PATIENCE = 60.0
"""Seconds until a test that hangs is a failure; none waits for them."""


class Terminal:
    """One run of the program, data on a pipe, everything else on a terminal."""

    def __init__(self, person: Person, *words: str) -> None:
        self._ours, theirs = os.openpty()
        environ = person.environ | {"PATH": os.environ["PATH"], "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "wfdeps", *words],
            stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, env=environ, cwd=person.home,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.seen = ""

    def until(self, text: str) -> None:
        """Read what is shown until this is among it."""
        while text not in self.seen:
            ready, _, _ = select.select([self._ours], [], [], PATIENCE)
            assert ready, self.seen
            try:
                self.seen += os.read(self._ours, 65536).decode(errors="replace")
            except OSError:  # the other end is closed
                raise AssertionError(self.seen) from None

    def types(self, keys: str) -> None:
        self.seen = ""
        os.write(self._ours, keys.encode())

    def end(self) -> tuple[int, str]:
        """Its exit code, and the data it wrote."""
        out, _ = self.process.communicate(timeout=PATIENCE)
        os.close(self._ours)
        return self.process.returncode, out.decode()


def get(person: Person, *words: str) -> Terminal:
    return Terminal(person, "get", DEMO, "--models", str(person.models), "--no-lock", *words)


def answers(person: Person) -> list[str]:
    return [answer["name"] for answer in person.wfdeps("answers", "list", "--json").json["answers"]]


def test_a_choice_an_agreement_and_the_report_on_standard_output(person: Person) -> None:
    terminal = get(person, "--json")
    terminal.until("choice")
    assert INK in terminal.seen
    terminal.types("1\r")
    terminal.until("(Y/n)")
    terminal.types("y")
    code, out = terminal.end()
    assert code == 0, out
    assert out.startswith("{")
    assert INK in str(person.tree())


@pytest.mark.parametrize("leave", ["q\r", "\x03", "\x04"], ids=["q", "ctrl-c", "ctrl-d"])
def test_leaving_a_question_is_130_and_nothing_is_fetched(person: Person, leave: str) -> None:
    terminal = get(person)
    terminal.until("choice")
    terminal.types(leave)
    assert terminal.end()[0] == 130
    assert person.tree() == {}


def test_an_answer_outlives_the_worst_end_at_once(person: Person) -> None:
    terminal = get(person)
    terminal.until("choice")
    terminal.types("2\r")
    terminal.until("(Y/n)")
    os.killpg(terminal.process.pid, signal.SIGKILL)
    assert terminal.end()[0] == -signal.SIGKILL
    assert answers(person) == [INK]
    again = get(person)
    again.until("(Y/n)")
    assert "choice" not in again.seen
    again.types("n")
    again.end()


@pytest.mark.parametrize("words", [["--yes"], ["--no-input"], ["--dry-run"]])
def test_who_must_not_be_asked_is_not(person: Person, words: list[str]) -> None:
    code, out = get(person, "--json", *words).end()
    assert code == 1
    assert '"ambiguous"' in out
    assert answers(person) == []


def test_the_demo_asks_and_ends_well(person: Person) -> None:
    terminal = Terminal(person, "demo", "--dir", str(person.home / "demo"))
    terminal.until("choice")
    terminal.types("1\r")
    terminal.until("(Y/n)")
    terminal.types("y")
    code, out = terminal.end()
    assert code == 0, out
    assert out.count("all 5 files are here") == 2
