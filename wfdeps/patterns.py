"""Regular expressions that are compiled when first used: compiling all of them would cost a reading its first ms."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import AnyStr


def pattern(text: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """A function that gives the compiled expression, the same each time."""
    return cache(partial(re.compile, text, flags))
