"""`loads` for paths that count milliseconds: the standard scanner without the package round it.

Importing `json` compiles six patterns, most of them for writing: a fortieth of a check.
"""

from __future__ import annotations

from wfdeps import TYPE_CHECKING

if TYPE_CHECKING:
    from json import loads
else:
    _SPACE = " \t\n\r"
    _CONSTANTS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

    class _Rules:
        """Those of `json.JSONDecoder()`."""

        strict = True
        object_hook = object_pairs_hook = None
        parse_float, parse_int, parse_constant = float, int, _CONSTANTS.__getitem__

    try:
        from _json import make_scanner

        _scan = make_scanner(_Rules)
    except (ImportError, AttributeError):  # another Python, or one that has come to ask for more
        from json import loads
    else:

        def loads(text):
            """The value of a JSON text. Raises as `json.loads` does."""
            try:
                value, end = _scan(text, len(text) - len(text.lstrip(_SPACE)) if text[:1] in _SPACE else 0)
                if not text[end:].strip(_SPACE):
                    return value
            except (StopIteration, ValueError):
                pass
            from json import loads as standard

            return standard(text)  # it says best what is wrong


__all__ = ["loads"]
