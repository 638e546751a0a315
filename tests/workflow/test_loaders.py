"""The table that comes with wfdeps, read line by line, says what its JSON says."""

from __future__ import annotations

import json
from importlib.resources import files

from wfdeps.workflow.loaders import default_table


def test_every_row_read_by_its_line_is_the_row_of_the_document() -> None:
    document = json.loads((files("wfdeps.workflow") / "loaders.json").read_text("utf-8"))
    table = default_table()
    assert {name: table.raw(name) for name in document["classes"]} == document["classes"]
    assert (table.outputs, table.known) == (frozenset(document["outputs"]), frozenset(document["known"]))


def test_a_class_of_nobody_has_no_row() -> None:
    assert default_table().raw("NobodysLoader") is None
    assert default_table().row("NobodysLoader") is None


def test_rows_of_a_persons_own_win_over_the_listed_ones() -> None:
    own = {"slots": [{"input": "mine", "at": 0, "folders": ["vae"]}]}
    table = default_table().with_rows({"UNETLoader": own})
    row = table.row("UNETLoader")
    assert row is not None and [slot.input for slot in row.slots] == ["mine"]
    assert table.raw("VAELoader") == default_table().raw("VAELoader")
