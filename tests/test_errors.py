"""An error of the system is told in its words alone."""

from __future__ import annotations

import errno
import os

import pytest

from wfdeps.errors import os_error_words


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/models/a"), os.strerror(errno.ENOSPC)),
        (OSError("the drive was pulled"), "the drive was pulled"),
    ],
)
def test_the_words_have_neither_number_nor_path(error: OSError, words: str) -> None:
    assert os_error_words(error) == words
