"""Which export formats there are: those that come with wfdeps, and those of installed plug-ins.

A plug-in is a package with an entry point in the group `wfdeps.exports`: the entry point's name is the format's, and its
object is an `exports.values.Format`. It cannot take the place of a format that comes with wfdeps.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from wfdeps.errors import UsageError, did_you_mean
from wfdeps.exports.registry import FORMATS, built_in
from wfdeps.exports.values import Format

GROUP = "wfdeps.exports"


def format_names() -> tuple[str, ...]:
    """Every format's name, sorted; no plug-in is loaded."""
    return tuple(sorted({*FORMATS, *_plugged_in()}))


def format_named(name: str) -> Format:
    """The format. Raises UsageError for a name nobody has, and for a plug-in that cannot be loaded."""
    if name in FORMATS:
        return built_in(name)
    plugged_in = _plugged_in()
    if name not in plugged_in:
        names = format_names()
        raise UsageError(
            f"unknown format `{name}`", hint=did_you_mean(name, names) or f"one of {', '.join(names)}"
        )
    point = plugged_in[name]
    try:
        form = point.load()
    except Exception as error:  # a plug-in's import may raise anything
        raise UsageError(f"the plug-in for `{name}` ({point.value}) cannot be loaded: {error}") from error
    if not isinstance(form, Format):
        raise UsageError(f"the plug-in for `{name}` ({point.value}) is no wfdeps.exports.values.Format")
    return form


def _plugged_in() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
