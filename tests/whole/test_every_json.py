"""Every `--json` of every verb keeps the schema it names, in front of real trees and a real hub."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.whole.conftest import Person
from wfdeps.cli.main import VERBS, parser_of
from wfdeps.packaged import sample_path
from wfdeps.schema import problems

DEMO = sample_path("demo.json")
EVENTS = {"download"}
"""Verbs whose `--json` is a line for each event, not one document."""

TREE = ("--models", "{models}")
LINES: dict[str, tuple[tuple[str, ...], ...]] = {
    "refs": (("{demo}",), ("{empty}",), ("{folder}",)),
    "check": (("{demo}", *TREE), ("{demo}", "--models", "{bare}"), ("{folder}", *TREE), ("{demo}", *TREE, "--online")),
    "get": (("{demo}", *TREE, "--yes"), ("{demo}", "--models", "{bare}", "--dry-run"), ("{unknown}", *TREE, "--yes")),
    "lock": (("{demo}", *TREE, "-o", "{home}/again.lock"),),
    "sync": (("{lock}", *TREE), ("{lock}", "--models", "{other}")),
    "resolve": (("nobody-knows-this.safetensors", "{name}"),),
    "answers": (("list",),),
    "batch": (("{batch}", "--models", "{other}"),),
    "graph": (("{demo}", *TREE),),
    "explain": (("{error}", "--workflow", "{demo}", *TREE),),
    "civitai": (("types",), ("search", "--query", "harbour"), ("info", "{version}")),
    "auth": (("check",),),
    "inspect": (("{file}", "{home}/nothing-here.safetensors"), ("{demo}", "--no-hash")),
    "paths": (TREE,),
    "list": (TREE, ("--models", "{bare}")),
    "unused": (("{demo}", *TREE),),
    "duplicates": (TREE,),
    "verify": (TREE,),
    "updates": (TREE,),
    "store": (("ls", "--store", "{store}"),),
}  # fmt: skip
"""Verb → the lines it is tried with, whatever they exit with."""


JSON = {"graph": ("--format", "json")}
"""How a verb is asked for JSON, where not with `--json`."""


def helps_of(verb: str) -> str:
    """The help of a verb and of what stands below it (`answers list`)."""
    parser = parser_of(verb)
    below = [action.choices for action in parser._actions if isinstance(action.choices, dict)]
    return "".join(
        one.format_help() for one in [parser, *(one for choices in below for one in choices.values())]
    )


@pytest.fixture
def owner(person: Person) -> Person:
    """Somebody who has got the demo, with a store and a second copy of one file beside it."""
    got = person.get(DEMO, "--auto", "best", "--store", str(person.home / "store"))
    assert got.code == 0, got.out + got.err
    first = next(path for path in sorted(person.models.rglob("*.safetensors")))
    (first.parent / "twin.safetensors").write_bytes(first.read_bytes())
    for name in ("bare", "other", "folder"):
        (person.home / name).mkdir()
    return person


def words_of(person: Person, line: tuple[str, ...]) -> list[str]:
    """The line with this person's places in it."""
    home, rows = person.home, json.loads(person.wfdeps("list", "--models", str(person.models), "--json").out)
    file = next(path for path in sorted(person.models.rglob("*.safetensors")))
    known = {
        "home": home, "models": person.models, "demo": DEMO, "lock": person.lock, "store": home / "store",
        "bare": home / "bare", "other": home / "other", "file": file, "name": file.name, "version": "2100001001",
        "folder": home / "folder", "batch": home / "batch.json", "error": home / "error.json",
        "empty": home / "empty.json", "unknown": home / "unknown.json",
    }  # fmt: skip
    assert rows["schema"] == "wfdeps/library/1"
    (home / "folder" / "one.json").write_bytes(Path(DEMO).read_bytes())
    (home / "folder" / "cut.json").write_text('{"nodes": [', encoding="utf-8")
    person.save("empty.json", {"1": {"class_type": "SaveImage", "inputs": {}}})
    loader = {
        "class_type": "LoraLoaderModelOnly",
        "inputs": {"lora_name": "nobody_knows.safetensors", "model": ["2", 0]},
    }
    person.save(
        "unknown.json", {"1": loader, "99": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}
    )
    person.save(
        "batch.json",
        {"downloads": [{"source": "civitai", "version_id": 2100001001}, {"url": person.hub.url}]},
    )
    refused = {
        "type": "value_not_in_list",
        "message": "Value not in list",
        "details": "vae_name: 'x.pt' not in []",
    }
    person.save("error.json", {"node_errors": {"3": {"class_type": "VAELoader", "errors": [refused]}}})
    return [word.format(**{name: str(place) for name, place in known.items()}) for word in line]


def test_every_verb_that_speaks_json_is_tried() -> None:
    assert {verb for verb in VERBS if verb in JSON or "--json" in helps_of(verb)} - EVENTS == set(LINES)


@pytest.mark.parametrize(("verb", "line"), [(verb, line) for verb, lines in LINES.items() for line in lines])
def test_a_document_keeps_the_schema_it_names(owner: Person, verb: str, line: tuple[str, ...]) -> None:
    said = owner.wfdeps(verb, *words_of(owner, line), *JSON.get(verb, ("--json",)))
    document = said.json
    name, _, version = document["schema"].removeprefix("wfdeps/").partition("/")
    assert problems(document, f"{name}-{version}") == ()
