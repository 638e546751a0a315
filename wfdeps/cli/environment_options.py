"""Options out of the environment: `WFDEPS_JOBS=4` is `--jobs 4` for every command that has it.

Written before the words of the line, so that what a person types is stronger. A variable whose option a command does
not have is none of its business; a switch is on for 1, true, yes and on. What only an action of a command takes
(`catalogue build --pause`) has no variable.
"""

from __future__ import annotations

from collections.abc import Mapping

from wfdeps import TYPE_CHECKING
from wfdeps.wiring.settings import is_on

if TYPE_CHECKING:
    import argparse

PREFIX = "WFDEPS_"
_OWN = frozenset(
    {"CACHE_DIR", "STATE_DIR", "CONFIG_DIR", "CIVITAI_URL", "OFFLINE", "NOTIFY_SECRET", "API_KEY", "HELP"}
)
"""Read by the settings themselves, or not meant for an environment: a token has its own names."""


def options_in(environ: Mapping[str, str]) -> dict[str, str]:
    """Option → value of every variable that may stand for one; empty for nearly everybody."""
    names = (name for name in environ if name.startswith(PREFIX) and environ[name])
    return {
        f"--{own.lower().replace('_', '-')}": environ[PREFIX + own]
        for own in (name.removeprefix(PREFIX) for name in sorted(names))
        if own not in _OWN
    }


def words_for(options: Mapping[str, str], parser: argparse.ArgumentParser) -> list[str]:
    """The words of those that this command has an option for."""
    words = []
    for action in parser._actions:
        for option in options.keys() & set(action.option_strings):
            if action.nargs != 0:
                words.append(f"{option}={options[option]}")
            elif is_on(options[option]):
                words.append(option)
    return words
