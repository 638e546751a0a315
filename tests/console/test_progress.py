"""The reporter: bars, lines or NDJSON; it never raises and never lets text from outside paint the screen."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.fetch.fetching import download
from wfdeps.console.bars import Bars
from wfdeps.console.progress import JsonLines, Lines, open_reporter
from wfdeps.console.rows import Meter, fitted, row
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.outcomes import (
    FailureKind,
    Fetched,
    FetchEvent,
    FetchFailed,
    FetchProgressed,
    FetchRetrying,
    FetchStarted,
)
from wfdeps.domain.plans import Plan
from wfdeps.domain.visible import visible
from wfdeps.ports import Reporter
from wfdeps.wiring.settings import Overrides, load_settings

ITEM = download(Path("/models"), "https://x.org/a.bin?token=s3cret", name="loras/a.bin")
EVENTS: tuple[FetchEvent, ...] = (
    FetchStarted(ITEM, 3 << 20, 1 << 20),
    FetchProgressed(ITEM, 2 << 20),
    FetchRetrying(ITEM, "the connection was cut", 1.5),
    Fetched(
        ITEM,
        "/s",
        3 << 20,
        (Digest(Algorithm.SHA256, "ab" * 32),),
        "sha256",
        "https://x.org/a.bin?token=s3cret",
    ),
    FetchFailed(ITEM, "no room left", "free some space", FailureKind.DISK),
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError


def show(reporter: Reporter, events: tuple[FetchEvent, ...] = EVENTS) -> None:
    reporter.stage("download", "1 file")
    reporter.plan(Plan((ITEM,)))
    for event in events:
        reporter.event(event)
    reporter.note("done")
    reporter.close()


def test_in_a_pipe_each_event_is_a_line() -> None:
    stream = io.StringIO()
    reporter = open_reporter(stream)
    assert isinstance(reporter, Lines)
    show(reporter)
    assert stream.getvalue().splitlines() == [
        "download: 1 file",
        "1 file to download",
        "loras/a.bin: 3.15 MB, resumed at 1.05 MB",
        "loras/a.bin: the connection was cut; trying again in 1.5 s",
        "loras/a.bin: 3.15 MB, verified by sha256",
        "loras/a.bin: failed: no room left",
        "  hint: free some space",
        "done",
    ]


def test_what_was_still_coming_when_all_was_stopped_is_said() -> None:
    for stream in (io.StringIO(), Terminal()):
        other = download(Path("/models"), "https://x.org/b.bin", name="b.bin")
        reporter = open_reporter(stream)
        for event in (*EVENTS[:2], FetchStarted(other, None), FetchProgressed(other, 5000)):
            reporter.event(event)
        reporter.close()
        assert "loras/a.bin: stopped at 2.10 MB of 3.15 MB\n" in stream.getvalue()
        assert "b.bin: stopped at 5.00 kB\n" in stream.getvalue()


def test_progress_in_a_pipe_is_told_every_ten_seconds() -> None:
    stream, now = io.StringIO(), [0.0]
    reporter = Lines(stream, now=lambda: now[0])
    for _ in range(100):
        reporter.event(FetchProgressed(ITEM, 1 << 20))
        now[0] += 0.25
    assert stream.getvalue().count("so far") == 2


def test_quiet_tells_failures_only() -> None:
    stream = io.StringIO()
    show(open_reporter(stream, quiet=True))
    assert stream.getvalue() == "loras/a.bin: failed: no room left\n  hint: free some space\n"


def test_on_a_terminal_there_are_bars() -> None:
    stream = Terminal()
    reporter = open_reporter(stream, color=False)
    assert isinstance(reporter, Bars)
    show(reporter)
    text = stream.getvalue()
    assert "verified by sha256" in text
    assert "no room left" in text


def test_a_terminal_that_cannot_redraw_gets_lines() -> None:
    assert isinstance(open_reporter(Terminal(), redraws=False), Lines)
    assert [load_settings(Overrides(), {"TERM": term}).redraws for term in ("dumb", "xterm")] == [False, True]


def test_all_files_have_a_row_with_their_sum_as_soon_as_every_size_is_known() -> None:
    items = [download(Path("/models"), f"https://x.org/{n}", name=f"{n}.bin") for n in range(3)]
    bars = Bars(Terminal(), color=False)
    bars.plan(Plan(tuple(items)))

    def rows() -> list[str]:
        return [str(one).rstrip() for one in bars._rows()]

    bars.event(FetchStarted(items[0], 4_000_000))
    bars.event(FetchProgressed(items[0], 1_000_000))
    assert rows()[0].split() == ["0", "of", "3", "files", "1.00", "MB"]
    bars.event(FetchStarted(items[1], 4_000_000, 2_000_000))
    bars.event(FetchFailed(items[2], "gone"))
    assert "1 of 3 files" in rows()[0]
    assert "37%" in rows()[0]
    assert [row.split()[0] for row in rows()] == ["1", "0.bin", "1.bin"]
    bars.close()


@given(
    st.text(max_size=60),
    st.integers(8, 300),
    st.integers(0, 10**13),
    st.integers(0, 10**13) | st.none(),
    st.booleans(),
)
@example("模型" * 40, 80, 5, 10, False)
def test_a_row_is_one_line_as_wide_as_the_terminal(
    name: str, width: int, done: int, size: int | None, plain: bool
) -> None:
    name = visible(name)
    text = row(name, done, size, 3.5e6, width=width, plain=plain).plain
    assert "\n" not in text
    assert cell_len(text) <= width
    if plain and name.isascii():
        assert text.isascii()


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert fitted("a_very_long_name_of_a_model_v3.safetensors", 20) == "a_very_lo…afetensors"
    assert fitted("short", 8) == "short   "
    assert cell_len(fitted("模型" * 20 + "x", 21)) == 21


def test_what_was_here_before_is_no_speed_and_a_stall_becomes_none() -> None:
    now = [0.0]
    meter = Meter(lambda: now[0])
    meter.saw(20_000_000_000)  # resumed
    assert meter.speed is None
    for _ in range(100):
        now[0] += 0.2
        meter.saw(20_000_000_000 + int(now[0] * 1_000_000))
    assert meter.speed == pytest.approx(1_000_000, rel=0.01)
    now[0] += 300
    assert meter.speed is not None
    assert meter.speed < 50_000


def test_for_machines_each_event_is_a_json_object_without_secrets() -> None:
    stream = io.StringIO()
    show(JsonLines(stream))
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [entry["event"] for entry in found] == [
        "stage", "plan", "started", "progressed", "retrying", "fetched", "failed", "note",
    ]  # fmt: skip
    assert found[5]["digests"] == {"sha256": "ab" * 32}
    assert "s3cret" not in stream.getvalue()


@pytest.mark.parametrize("make", [Lines, JsonLines, lambda stream: Bars(stream, color=False)])
def test_a_terminal_that_is_gone_stops_nothing(make: object) -> None:
    show(make(Gone()))  # type: ignore[operator]
    closed = io.StringIO()
    closed.close()
    show(make(closed))  # type: ignore[operator]


def test_a_name_cannot_paint_the_screen() -> None:
    stream = io.StringIO()
    evil = download(Path("/models"), "https://x.org/a", name="\x1b[2J\u202ea.bin")
    show(open_reporter(stream), (FetchStarted(evil, 1), FetchFailed(evil, "\x1b]0;x\x07")))
    assert "\x1b" not in stream.getvalue()
    assert "\\x1b[2J\\u202ea.bin: failed: \\x1b]0;x\\x07\n" in stream.getvalue()


def test_a_name_the_terminal_cannot_spell_stops_nothing() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    show(Lines(stream), (FetchStarted(download(Path("/m"), "https://x.org/a", name="模型.bin"), 1),))


def test_sizes_are_told_in_the_units_of_the_report() -> None:
    for units in (Terminal(), io.StringIO()):
        show(open_reporter(units))
        assert "3.15 MB" in units.getvalue()
        assert "iB" not in units.getvalue()
