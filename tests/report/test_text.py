"""What a person reads: worst first, nothing harmful, every name whole, and what to do next."""

from __future__ import annotations

import re
from importlib import import_module

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.report import scenes
from wfdeps.cli.output import FORMATS
from wfdeps.domain.outcomes import Placed, Receipt
from wfdeps.domain.plans import Download, Target
from wfdeps.domain.reports import FileSystemTotal
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.report import text
from wfdeps.report.build import build_report
from wfdeps.report.wording import View, shell_word, size_text
from wfdeps.values import replace

LORA = scenes.ref("add_detail.safetensors")
CHECKPOINT = scenes.ref("sd15.safetensors", "checkpoints", node="4", node_class="CheckpointLoaderSimple")
COLOUR = re.compile(r"\x1b\[[\d;]*m")


def test_one_missing_file_is_told_with_its_node_and_the_next_command() -> None:
    findings = [scenes.missing(LORA), scenes.present(CHECKPOINT, 2_130_000_000)]
    report = build_report([scenes.workflow(LORA, CHECKPOINT)], findings)
    assert text.render(report) == (
        "✗ missing  wf.json: 1 of 2 files not here as asked\n"
        "\n"
        "missing (1)\n"
        "  ✗ loras  add_detail.safetensors  node 14 LoraLoader\n"
        "  → find and download it:\n"
        "      wfdeps get wf.json\n"
        "\n"
        "weights only, from file sizes: diffusion 2.13 GB+\n"
    )


def test_a_ready_workflow_takes_one_line() -> None:
    report = build_report([scenes.workflow(LORA)], [scenes.present(LORA)])
    assert text.render(report).splitlines()[0] == "✓ ready  wf.json: its one file is here (144 MB)"


def test_several_workflows_are_summed_up_one_a_line() -> None:
    wanted = [scenes.ref(f"{name}.safetensors", workflow=f"{name}.json") for name in ("one", "two")]
    workflows = [scenes.workflow(ref, path=ref.sites[0].workflow) for ref in wanted]
    lines = text.render(
        build_report(workflows, [scenes.present(wanted[0]), scenes.missing(wanted[1])])
    ).splitlines()
    assert lines[0] == "✗ missing  1 of 2 workflows ready; 1 of 2 files not here as asked"
    assert lines[2:4] == [
        "  ✓ ready       one.json  1 file",
        "  ✗ missing     two.json  1 of 1 file not here",
    ]


def test_what_was_placed_is_told_with_its_proof() -> None:
    choice = scenes.candidate(LORA.name)
    target = Target("loras", "/models/loras", LORA.name)
    download = Download((LORA,), choice.candidate, target, (), 5, (), ChosenBy.HASH)
    placed = Placed(
        download, Receipt("/models/loras/add_detail.safetensors", scenes.SHA, 144_000_000, True), "sha256"
    )
    shown = text.render(build_report([scenes.workflow(LORA)], [scenes.missing(LORA)], outcomes=[placed]))
    assert "placed (1, 144 MB fetched)" in shown
    assert "/models/loras/add_detail.safetensors  144 MB  verified by sha256" in shown


def test_too_small_a_disk_is_told() -> None:
    disk = FileSystemTotal("/data", need=2_000_000_000, free=1_000_000_000)
    report = build_report([scenes.workflow(LORA)], [scenes.missing(LORA)], file_systems=[disk])
    assert "disk   /data: 2.00 GB needed, 1.00 GB free: not enough" in text.render(report)


@pytest.mark.parametrize("width", [20, 60, 200])
@pytest.mark.parametrize("color", [True, False])
def test_colour_and_width_change_no_word(width: int, color: bool) -> None:
    report = scenes.every_state()
    shown = text.render(report, View(color=color, width=width, verbose=True))
    words = re.findall(r"\S+", COLOUR.sub("", shown))
    assert words == re.findall(r"\S+", text.render(report, View(verbose=True)))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40) | st.just(scenes.HOSTILE))
def test_no_name_reaches_the_terminal_with_a_control_character(name: str) -> None:
    wanted = replace(scenes.ref(name, node=name, workflow=name, node_class=name), why=name)
    shown = text.render(build_report([scenes.workflow(wanted, path=name)], [scenes.missing(wanted)]))
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)


def test_ascii_is_ascii() -> None:
    assert text.render(scenes.every_state(), View(ascii=True, verbose=True)).isascii()


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20))
def test_a_shell_reads_back_the_word_that_was_quoted(word: str) -> None:
    import shlex

    (read,) = shlex.split(shell_word(word))
    assert read.removeprefix("./") == word.removeprefix("./")
    assert not read.startswith("-")


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (999_999, "1.00 MB"),
        (6_938_040_682, "6.94 GB"),
        (None, "? B"),
    ],
)
def test_sizes_have_three_digits(size: int | None, shown: str) -> None:
    assert size_text(size) == shown


@pytest.mark.parametrize("module", FORMATS.values())
def test_every_format_renders_every_state_as_utf_8(module: str) -> None:
    shown = import_module(module).render(scenes.every_state(), View())
    shown.encode("utf-8")
    assert shown.endswith("\n")
