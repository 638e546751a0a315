"""The tables that people edit, and the compiled form that the program loads: rows are right, sorted and current."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from wfdeps.domain.folders import canonical_key
from wfdeps.errors import ConfigError
from wfdeps.workflow.loaders import LoaderSlot, default_table
from wfdeps.workflow.node_rows import SLOT_OPTIONS, checked_row, own_rows

SCRIPT = REPOSITORY / ".github" / "scripts" / "build_loaders.py"
needs_script = pytest.mark.skipif(not SCRIPT.exists(), reason="needs the repository's .github/scripts")


def build(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    script = root / ".github" / "scripts" / "build_loaders.py"
    return subprocess.run([sys.executable, str(script), *arguments], capture_output=True, text=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the tables and of the script that compiles them."""
    copytree(REPOSITORY / "wfdeps" / "workflow" / "tables", tmp_path / "wfdeps" / "workflow" / "tables")
    copytree(SCRIPT.parent, tmp_path / ".github" / "scripts")
    assert build(tmp_path).returncode == 0
    return tmp_path


@needs_script
def test_the_compiled_table_is_what_the_tables_say() -> None:
    done = build(REPOSITORY, "--check")
    assert (done.returncode, done.stderr) == (0, "")


@needs_script
def test_a_row_added_to_a_pack_is_missing_until_the_table_is_compiled_again(checkout: Path) -> None:
    pack = checkout / "wfdeps" / "workflow" / "tables" / "zz-new-pack.yaml"
    pack.write_text("New Loader (zz): {model_name: loras}\n")
    assert "stale" in build(checkout, "--check").stderr
    assert build(checkout).returncode == 0
    compiled = json.loads((checkout / "wfdeps" / "workflow" / "loaders.json").read_text("utf-8"))
    assert compiled["classes"]["New Loader (zz)"] == {
        "slots": [{"input": "model_name", "folders": ["loras"]}]
    }
    assert build(checkout, "--check").returncode == 0


@needs_script
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("B: {x: vae}\nA: {x: vae}\n", "`A` belongs before `B`"),
        ("VAELoader: {x: vae}\n", "in another file too"),
        ("A: {slots: [{input: x, folder: vae}]}\n", "there is no option `folder`"),
        ("A: {slots: [{input: x, folders: vae, kind: odd}]}\n", "`kind` cannot be `odd`"),
        ("A: {slots: [{folders: vae}]}\n", "a slot without an `input`"),
    ],
)
def test_a_wrong_row_is_refused_with_its_file_and_class(checkout: Path, text: str, message: str) -> None:
    (checkout / "wfdeps" / "workflow" / "tables" / "zz-new-pack.yaml").write_text(text)
    done = build(checkout)
    assert done.returncode == 1 and message in done.stderr


@needs_script
def test_on_and_off_are_words_and_no_booleans(checkout: Path) -> None:
    pack = checkout / "wfdeps" / "workflow" / "tables" / "zz-new-pack.yaml"
    pack.write_text(
        "A: {slots: [{input: 'x*', folders: vae, kind: objects, key: name, on: on, none: [off, no]}]}\n"
    )
    assert build(checkout).returncode == 0
    compiled = json.loads((checkout / "wfdeps" / "workflow" / "loaders.json").read_text("utf-8"))
    (slot,) = compiled["classes"]["A"]["slots"]
    assert (slot["on"], slot["none"]) == ("on", ["off", "no"])


def test_every_option_that_is_checked_is_one_that_is_read() -> None:
    assert set(SLOT_OPTIONS) == set(LoaderSlot.__match_args__)


def test_the_readme_tells_every_option_of_a_slot_and_no_other() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    table = readme.partition("| option of a slot | meaning |")[2].partition("\n\n")[0]
    told = {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert told == set(SLOT_OPTIONS)


def test_what_the_readme_shows_of_nodes_is_understood() -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    config = re.search(r"```toml\n(.*?)```", readme, re.DOTALL)
    long_form = re.search(r"`(\{slots = .*?\})`: `order`", readme, re.DOTALL)
    assert config and long_form
    own_rows(tomllib.loads(config[1])["nodes"])
    own_rows(tomllib.loads(f"x = {long_form[1]}"))


@pytest.mark.parametrize(
    "slot",
    [
        {"at": True}, {"repeat": [1, 2]}, {"when": [["x", "is", 1]]}, {"when": [[["x"], "above", 1]]}, {"zero": "strength"},
        {"prefixes": {"a": 1}}, {"approximate_vaes": "yes"}, {"split": 1}, {"none": [1]}, {"colour": "red"},
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_read_is_refused_by_name(slot: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"`{next(iter(slot))}`"):
        checked_row("A", {"slots": [{"input": "x", "folders": "vae", **slot}]}, "[nodes]")


def test_every_row_of_ours_can_stand_in_a_config() -> None:
    """One grammar for both: what we can say of a node, a person can."""
    table = default_table()
    rows = {
        name: table.raw(name)
        for name in ("LoraLoader", "VAELoader", "easy loraStack", "Power Lora Loader (rgthree)")
    }
    assert own_rows(rows) == rows


def test_the_folders_of_the_core_are_those_a_running_comfyui_reads(shared: Path) -> None:
    truth = json.loads((shared / "data" / "workflows" / "core_node_folders.json").read_text("utf-8"))
    table = default_table()
    for place, folders in truth.items():
        node_class, _, name = place.rpartition(".")
        row = table.row(node_class)
        assert row is not None, node_class
        (slot,) = [slot for slot in row.slots if slot.input == name]
        assert {canonical_key(key) for key in folders} <= {*slot.folders}, place
