"""What .github/ARCHITECTURE.md and CONTRIBUTING.md name is there, and no list of files to touch is longer than five."""

from __future__ import annotations

import re

import pytest

from tests.conftest import REPOSITORY

PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
pytestmark = pytest.mark.skipif(
    not (REPOSITORY / ".github").is_dir(), reason="needs the repository's .github"
)


def page(name: str) -> str:
    return (REPOSITORY / ".github" / name).read_text("utf-8")


def paths_in(text: str) -> list[str]:
    """Every path from the top of the repository that stands in backticks, alone or in a command."""
    quoted = re.findall(r"`([^`\n]+)`", text)
    return [
        word
        for words in quoted
        for word in words.split()
        if re.match(r"(wfdeps|tests|\.github|\.ci|schemas)/", word)
    ]


def tasks() -> list[tuple[str, str]]:
    rows = page("ARCHITECTURE.md").partition("| to add or change | open |")[2].partition("\n\n")[0]
    return [(cells[1].strip(), cells[2]) for row in rows.splitlines()[2:] if (cells := row.split("|"))]


@pytest.mark.parametrize("name", PAGES)
def test_every_path_that_a_page_names_is_there(name: str) -> None:
    paths = paths_in(page(name))
    assert paths
    assert [path for path in paths if not (REPOSITORY / path).exists()] == []


def test_every_room_is_on_the_page_and_every_room_on_the_page_is_there() -> None:
    text = page("ARCHITECTURE.md")
    told = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    rooms = {path.parent.name for path in (REPOSITORY / "wfdeps").glob("*/__init__.py")}
    assert told == rooms
    drawing = text.partition("```\nwfdeps/\n")[2].partition("```")[0]
    modules = {path.name for path in (REPOSITORY / "wfdeps").glob("[a-z]*.py")}
    assert set(re.findall(r"(\w+)/", drawing)) == rooms
    assert set(re.findall(r"\w+\.py", drawing)) == modules


@pytest.mark.parametrize(("task", "cell"), tasks() if (REPOSITORY / ".github").is_dir() else [])
def test_no_change_opens_more_than_five_places(task: str, cell: str) -> None:
    by_hand = cell.partition("; then")[0]
    places = [*paths_in(by_hand), *re.findall(r"`README\.md`", by_hand)]
    assert 1 <= len(places) <= 5, task


def test_names_of_the_glossary_are_names_of_the_code() -> None:
    glossary = page("ARCHITECTURE.md").partition("## One word for one thing")[2]
    code = "\n".join(path.read_text("utf-8") for path in (REPOSITORY / "wfdeps").rglob("*.py"))
    names = set(re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", glossary))
    assert names and {name for name in names if f"class {name}" not in code} == set()
