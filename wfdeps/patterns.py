"""Regular expressions that are compiled when first used.

A check of one workflow imports modules with 49 of them and uses a dozen; compiling all takes 35 ms, more than the check
itself. `re` keeps no compiled expression from one process to the next.

    _URL = pattern(r"https?://[^ ]+")
    _URL().findall(text)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import AnyStr


def pattern(text: AnyStr, flags: int = 0) -> Callable[[], re.Pattern[AnyStr]]:
    """Returns a function that returns the compiled expression; it is compiled once, when that is first called."""
    return cache(partial(re.compile, text, flags))
