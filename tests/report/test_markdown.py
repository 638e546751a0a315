"""The step summary is Markdown whose only markup is ours, and never too large for GitHub."""

from __future__ import annotations

import re
from html import unescape

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.report import scenes
from wfdeps.domain.lints import Lint, LintLevel
from wfdeps.planning.graph import build_graph
from wfdeps.report import markdown
from wfdeps.report.build import build_report
from wfdeps.report.wording import View

OURS = {"<code>", "</code>", "<br>"}


def _parse(text: str) -> list[Token]:
    tokens = MarkdownIt("gfm-like", {"linkify": False, "html": True}).parse(text)
    return [token for outer in tokens for token in (outer, *(outer.children or ()))]


def test_every_state_makes_tables_with_one_row_a_file() -> None:
    report = scenes.every_state()
    tokens = _parse(markdown.render(report))
    assert sum(token.type == "table_open" for token in tokens) == 3
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows == len(report.items) + len(report.workflows) + 3


@settings(max_examples=80, deadline=None)
@given(st.text(max_size=60) | st.just(scenes.HOSTILE))
def test_no_name_brings_markup_of_its_own(name: str) -> None:
    wanted = scenes.ref(name, node=name, workflow=name)
    lint = Lint(LintLevel.ERROR, "x", name)
    report = build_report([scenes.workflow(wanted, path=name)], [scenes.missing(wanted)], lints=[lint])
    tokens = _parse(markdown.render(report))
    assert {token.content for token in tokens if token.type == "html_inline"} <= OURS
    assert not {"link_open", "image", "html_block", "code_inline", "em_open", "s_open"} & {
        t.type for t in tokens
    }
    assert sum(token.type == "tr_open" for token in tokens) == 4


def test_an_escaped_name_reads_as_itself() -> None:
    assert unescape(markdown.escape("a|b_[x](y)<z>&amp;.pt")) == "a|b_[x](y)<z>&amp;.pt"


def test_the_graph_is_drawn_in_a_fence_github_reads() -> None:
    wanted = scenes.ref(scenes.HOSTILE)
    workflows = [scenes.workflow(wanted)]
    graph = build_graph(workflows, [scenes.missing(wanted)])
    tokens = _parse(markdown.render(build_report(workflows, [scenes.missing(wanted)]), View(graph=graph)))
    fences = [token for token in tokens if token.type == "fence"]
    assert [fence.info for fence in fences] == ["mermaid"]
    assert fences[0].content.startswith("flowchart LR\n")


def test_a_summary_of_thousands_of_files_stays_below_the_limit_and_counts_what_it_leaves_out() -> None:
    refs = [scenes.ref(f"{'[' * 300}{number}", node=str(number)) for number in range(3_000)]
    text = markdown.render(
        build_report([scenes.workflow(*refs)], [scenes.missing(wanted) for wanted in refs])
    )
    assert len(text.encode()) <= 1_000_000
    shown = sum(token.type == "tr_open" for token in _parse(text)) - 4
    assert re.search(rf"and {3_000 - shown} more", text)
