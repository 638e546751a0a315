"""A look at answers and lock says no only where nothing can be marked."""

from __future__ import annotations

from pathlib import Path

import pytest

from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.sources.answers import AnswerBook, AnswerScope
from wfdeps.wiring.marks import has_marks

REF = ModelRef("a.safetensors", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())


def marked(tmp_path: Path) -> bool:
    return has_marks(str(tmp_path / "answers.sqlite"), str(tmp_path / "wfdeps.lock"))


def test_where_neither_is_nothing_is_marked(tmp_path: Path) -> None:
    assert not marked(tmp_path)


def test_an_answer_that_marks_is_seen_until_it_is_forgotten(tmp_path: Path) -> None:
    book = AnswerBook(str(tmp_path / "answers.sqlite"))
    book.save(REF, None, AnswerScope.ALWAYS)
    assert marked(tmp_path)
    book.forget()
    assert not marked(tmp_path)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ('{"optional": []}', False),
        ("{}", False),
        ('{"optional": ["loras/a"]}', True),
        ("{", True),
        ("[]", True),
    ],
)
def test_a_lock_that_marks_or_cannot_be_read_is_left_to_its_reader(
    tmp_path: Path, text: str, due: bool
) -> None:
    (tmp_path / "wfdeps.lock").write_text(text)
    assert marked(tmp_path) is due


def test_a_damaged_book_is_left_to_its_reader(tmp_path: Path) -> None:
    (tmp_path / "answers.sqlite").write_bytes(b"no database at all" * 100)
    assert marked(tmp_path)
