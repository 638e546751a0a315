"""`wfdeps completion`: a completion script made from the parsers themselves, so that it never lags behind them."""

from __future__ import annotations

import argparse

from wfdeps.cli.completing import SHELLS, script_for, verbs_of
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY

EXAMPLE = "wfdeps completion bash > ~/.local/share/bash-completion/completions/wfdeps"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=tuple(SHELLS), help="for bash, zsh, fish or PowerShell")


def run(arguments: argparse.Namespace, context: Context) -> int:
    from wfdeps.cli.main import VERBS, parser_of  # main imports this module by name when it is asked for

    context.out(script_for(arguments.shell, verbs_of(VERBS, parser_of)))
    return READY
