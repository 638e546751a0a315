"""What would not show, or would show as something else, is written out."""

from __future__ import annotations

import sys

from wfdeps.domain.visible import INVISIBLE, is_visible, visible


def test_whatever_python_calls_printable_is_left_as_it_is() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert not [found[0] for found in INVISIBLE().finditer(every) if found[0].isprintable()]


def test_controls_and_reversals_are_written_out_and_letters_are_not() -> None:
    assert visible("a\x1b[31m\u202egnp.exe") == "a\\x1b[31m\\u202egnp.exe"
    assert visible("café 模型\u3000😀") == "café 模型\u3000😀"
    assert is_visible("\u3000") and not is_visible("a\nb")
