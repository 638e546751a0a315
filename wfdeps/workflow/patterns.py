"""Regular expressions that are compiled when first used: compiling all of them would cost a reading its first ms."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial


def pattern(text: str, flags: int = 0) -> Callable[[], re.Pattern[str]]:
    """A function that gives the compiled expression, the same each time."""
    return cache(partial(re.compile, text, flags))
