"""Lines read without argparse mean what argparse makes of them."""

from __future__ import annotations

from argparse import Namespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wfdeps.cli.main import VERBS, _command, _declare, parser_of
from wfdeps.cli.plain_line import read_plainly

VALUES = (
    "w.json",
    "-",
    "",
    "--",
    "-1",
    "3",
    "0",
    "5M",
    "never",
    "hash",
    "loras",
    "a b",
    "-x y",
    "k=v",
    "tägs",
)


def words_of(verb: str) -> st.SearchStrategy[str]:
    """What might stand on a line of that command."""
    named = [name for action in parser_of(verb)._actions for name in action.option_strings]
    options = st.sampled_from([name for name in named if name not in ("-h", "--help")])
    values = st.sampled_from(VALUES)
    return st.one_of(options, values, values, st.builds("{}={}".format, options, values))


def plain(verb: str, line: list[str]) -> Namespace | None:
    command = _command(verb)
    return read_plainly(lambda reader: _declare(command, reader), line)


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_what_is_read_plainly_is_what_argparse_reads(verb: str) -> None:
    parser = parser_of(verb)

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(words_of(verb), max_size=6))
    def law(line: list[str]) -> None:
        read = plain(verb, line)
        assert read is None or vars(read) == vars(parser.parse_args(line))

    law()


@pytest.mark.parametrize("verb", ["check", "refs", "get", "graph", "lock"])
def test_the_usual_lines_are_plain(verb: str) -> None:
    read = plain(verb, ["-v", "a.json", "b.json", "--object-info=info.json"])
    assert read is not None
    assert (read.workflows, read.verbose, read.object_info) == (["a.json", "b.json"], 1, "info.json")


@pytest.mark.parametrize(
    "line",
    [
        ["a.json", "-v", "b.json"],
        ["a.json", "--format"],
        ["a.json", "--color", "pink"],
        ["a.json", "-vv"],
        [],
    ],
)
def test_what_is_not_plain_is_left_to_argparse(line: list[str]) -> None:
    assert plain("check", line) is None
