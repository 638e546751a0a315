"""Rewriting touches values that nodes keep, and nothing else; parse and print bring the rest back unchanged."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.planning.fixes import Respelling, rewritten

SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


def test_values_of_both_formats_are_rewritten_and_titles_and_notes_are_not() -> None:
    document = {
        "nodes": [
            {"type": "old", "title": "old", "widgets_values": ["old", 1, {"lora": "old", "on": True}]},
            {"type": "X", "widgets_values": {"name": "old"}, "properties": {"models": [{"name": "old"}]}},
        ],
        "7": {"class_type": "old", "inputs": {"name": "old", "link": ["3", 0]}},
        "extra": {"note": "old"},
    }
    new, changed = rewritten(document, Respelling({"old": "new"}))
    assert changed == ("old",) * 4
    assert json.dumps(new).count('"new"') == 4
    assert new["nodes"][0]["type"] == new["nodes"][0]["title"] == "old"
    assert document["7"]["inputs"] == {"name": "old", "link": ["3", 0]}


def test_two_names_may_change_places() -> None:
    exchange = Respelling({"a": "b", "b": "a"})
    assert rewritten({"inputs": ["a", "b"]}, exchange) == ({"inputs": ["b", "a"]}, ("a", "b"))


@settings(max_examples=60, deadline=None)
@given(JSON)
def test_without_renames_a_document_stays_what_it_was(document: Any) -> None:
    assert rewritten(document, Respelling({})) == (document, ())
