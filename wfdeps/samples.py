"""The sample workflows: where they are, in a wheel or beside the checkout."""

from __future__ import annotations

import os

_HERE = os.path.dirname(os.path.abspath(__file__))
_PLACES = (os.path.join(_HERE, "sample_workflows"), os.path.join(os.path.dirname(_HERE), "sample_workflows"))


def sample_path(name: str) -> str:
    """The path of one sample workflow. Raises LookupError if there is none of that name."""
    for place in _PLACES:
        path = os.path.join(place, name)
        if os.path.isfile(path):
            return path
    raise LookupError(f"no sample workflow named `{name}`")
