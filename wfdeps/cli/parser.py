"""A command's argparse parser: every line there is, its errors and its help."""

from __future__ import annotations

import argparse
import os

from wfdeps import TYPE_CHECKING
from wfdeps.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

# argparse asks gettext for a catalogue that nobody wrote, which imports locale and looks into eight folders.
argparse._ = str  # type: ignore[attr-defined]


def new_parser(verb: str, summary: str, example: str) -> argparse.ArgumentParser:
    """The parser of a command, to which its arguments are still to be added."""
    return _Parser(
        prog=f"wfdeps {verb}",
        description=f"{summary[0].upper()}{summary[1:]}.",
        epilog=f"example:\n  {example}",
        formatter_class=_Formatter,
        allow_abbrev=False,
    )


def below_actions(
    parser: argparse.ArgumentParser, declare: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Declare these options behind each of a command's actions (`auth check --offline`), where it has any."""
    for action in parser._actions:
        for child in action.choices.values() if isinstance(action, argparse._SubParsersAction) else ():
            own = len(child._actions)
            declare(child)
            for added in child._actions[own:]:
                added.default = argparse.SUPPRESS  # what stands before the action holds


class _Parser(argparse.ArgumentParser):
    """argparse whose errors are ours: one line, a hint, exit code 2."""

    def error(self, message: str) -> NoReturn:
        hint = f"`{self.prog} --help` shows what it takes"
        unknown = message.removeprefix("unrecognized arguments: ").split(" ")[0]
        if unknown.startswith("-"):
            options = [option for action in self._actions for option in action.option_strings]
            hint = did_you_mean(unknown.split("=")[0], options) or hint
        raise UsageError(message.replace("unrecognized arguments: ", "unknown option: "), hint=hint)


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """As wide as the terminal. argparse makes one for each argument that is added, and imports shutil to ask how wide."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_columns() - 2)


def _columns() -> int:
    try:
        return int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (OSError, ValueError):  # no terminal, a closed stream, a word that is no number
        return 80
