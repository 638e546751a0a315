"""Verbs and options, read off the argparse parsers → completion scripts of four shells."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from wfdeps.values import dataclass

_PATHS = ("FILE", "DIR", "WORKFLOW", "PATH", "LOCK", "ERROR", "CONFIG", "OUT")


@dataclass(frozen=True, slots=True)
class Option:
    """One option of one verb."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb with its options and what else may stand on its line."""

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[str, ...] = ()
    """The choices of its positional arguments, sub-commands among them."""
    paths: bool = False
    """Whether a file may stand there."""


def verbs_of(
    summaries: Mapping[str, str], parser_of: Callable[[str], argparse.ArgumentParser]
) -> tuple[Verb, ...]:
    """Every verb as its own parser knows it."""
    return tuple(_verb(name, summary, parser_of(name)) for name, summary in summaries.items())


def _verb(name: str, summary: str, parser: argparse.ArgumentParser) -> Verb:
    options: dict[tuple[str, ...], Option] = {}
    words: list[str] = []
    paths = False
    for action in _actions(parser):
        choices = tuple(map(str, action.choices)) if action.choices is not None else ()
        if action.option_strings:
            names = tuple(action.option_strings)
            options[names] = Option(names, _help(action), action.nargs != 0, choices)
        elif choices:
            words += choices
        else:
            paths = paths or str(action.metavar or action.dest).upper() in _PATHS
    return Verb(name, summary, tuple(options.values()), tuple(dict.fromkeys(words)), paths)


def _actions(parser: argparse.ArgumentParser) -> Sequence[argparse.Action]:
    """The parser's own actions and those of its sub-commands."""
    own = list(parser._actions)
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in dict.fromkeys(action.choices.values()):
                own += _actions(sub)
    return own


def _help(action: argparse.Action) -> str:
    text = "" if action.help in (None, argparse.SUPPRESS) else str(action.help)
    return text.partition(";")[0].partition(" (default")[0].replace("%%", "%").strip()


def script_for(shell: str, verbs: Sequence[Verb]) -> str:
    """The script of that shell, ending with a newline. Raises KeyError for a shell there is not."""
    return SHELLS[shell](verbs)


# ── bash ────────────────────────────────────────────────────────────────────────────────────────────


def _bash(verbs: Sequence[Verb]) -> str:
    options = "\n".join(f"        {verb.name}) options={_sh(_names(verb))} ;;" for verb in verbs)
    words = "\n".join(
        f"        {verb.name}) words={_sh(' '.join(verb.words))} ;;" for verb in verbs if verb.words
    )
    values = "\n".join(
        f"        {verb.name}:{'|'.join([option.names[0], *(f'{verb.name}:{name}' for name in option.names[1:])])})"
        f" choices={_sh(' '.join(option.choices))} ;;"
        for verb in verbs
        for option in verb.options
        if option.choices
    )
    valued = " ".join(
        dict.fromkeys(
            f"{verb.name}:{name}"
            for verb in verbs
            for option in verb.options
            if option.takes_value and not option.choices
            for name in option.names
        )
    )
    return f"""# bash completion for wfdeps; made by `wfdeps completion bash`
_wfdeps() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} verb="" word
    local options="" words="" choices="" index
    local valued={_sh(f" {valued} ")}
    COMPREPLY=()
    for ((index = 1; index < COMP_CWORD; index++)); do
        word=${{COMP_WORDS[index]}}
        case $word in -*) ;; *) verb=$word; break ;; esac
    done
    if [[ -z $verb ]]; then
        COMPREPLY=($(compgen -W {_sh(" ".join([*(verb.name for verb in verbs), "--help", "--version"]))} -- "$current"))
        return
    fi
    case $verb in
{options}
    esac
    case $verb in
{words}
    esac
    case $verb:$previous in
{values}
    esac
    if [[ -n $choices ]]; then
        COMPREPLY=($(compgen -W "$choices" -- "$current"))
    elif [[ $valued == *" $verb:$previous "* ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    elif [[ $current == -* ]]; then
        COMPREPLY=($(compgen -W "$options" -- "$current"))
    elif [[ -n $words ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$current"))
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}}
complete -F _wfdeps wfdeps
"""


# ── zsh ─────────────────────────────────────────────────────────────────────────────────────────────


def _zsh(verbs: Sequence[Verb]) -> str:
    summaries = "\n".join(f"        {_sh(f'{verb.name}:{_zsh_text(verb.summary)}')}" for verb in verbs)
    cases = "\n".join(
        f"        {verb.name})\n            _arguments \\\n{_zsh_verb(verb)}\n            ;;"
        for verb in verbs
    )
    return f"""#compdef wfdeps
# zsh completion for wfdeps; made by `wfdeps completion zsh`
_wfdeps() {{
    local -a verbs
    verbs=(
{summaries}
    )
    if (( CURRENT == 2 )); then
        _describe -t commands 'wfdeps command' verbs
        return
    fi
    local verb=${{words[2]}}
    shift words
    (( CURRENT-- ))
    case $verb in
{cases}
    esac
}}
if [[ $funcstack[1] == _wfdeps ]]; then _wfdeps "$@"; else compdef _wfdeps wfdeps; fi
"""


def _zsh_verb(verb: Verb) -> str:
    rows = []
    for option in verb.options:
        value = (
            f":value:({' '.join(option.choices)})"
            if option.choices
            else ":value:_files"
            if option.takes_value
            else ""
        )
        rows += [_sh(f"*{name}[{_zsh_text(option.help)}]{value}") for name in option.names]
    rows.append(_sh(f"*:word:({' '.join(verb.words)})" if verb.words else "*:file:_files"))
    return " \\\n".join(f"                {row}" for row in rows)


def _zsh_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace(":", "\\:").replace("[", "\\[").replace("]", "\\]")


# ── fish ────────────────────────────────────────────────────────────────────────────────────────────


def _fish(verbs: Sequence[Verb]) -> str:
    names = " ".join(verb.name for verb in verbs)
    lines = ["# fish completion for wfdeps; made by `wfdeps completion fish`", "complete -c wfdeps -e"]
    for verb in verbs:
        lines.append(
            f"complete -c wfdeps -f -n 'not __fish_seen_subcommand_from {names}'"
            f" -a {verb.name} -d {_fish_text(verb.summary)}"
        )
        seen = f"-n '__fish_seen_subcommand_from {verb.name}'"
        if verb.words:
            lines.append(f"complete -c wfdeps -f {seen} -a {_fish_text(' '.join(verb.words))}")
        lines += [f"complete -c wfdeps {seen} {_fish_option(option)}" for option in verb.options]
    return "\n".join(lines) + "\n"


def _fish_option(option: Option) -> str:
    parts = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if option.choices:
        parts.append(f"-x -a {_fish_text(' '.join(option.choices))}")
    elif option.takes_value:
        parts.append("-r -F")
    return " ".join([*parts, f"-d {_fish_text(option.help)}"])


def _fish_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


# ── PowerShell ──────────────────────────────────────────────────────────────────────────────────────


def _powershell(verbs: Sequence[Verb]) -> str:
    table = {verb.name: [*verb.words, *_names(verb).split()] for verb in verbs}
    values = {
        f"{verb.name} {name}": list(option.choices)
        for verb in verbs
        for option in verb.options
        if option.choices
        for name in option.names
    }
    return f"""# PowerShell completion for wfdeps; made by `wfdeps completion powershell`
Register-ArgumentCompleter -Native -CommandName wfdeps -ScriptBlock {{
    param($wordToComplete, $commandAst, $cursorPosition)
    $verbs = {_ps(json.dumps(table))} | ConvertFrom-Json
    $values = {_ps(json.dumps(values))} | ConvertFrom-Json
    $before = @($commandAst.CommandElements | Where-Object {{ $_.Extent.EndOffset -lt $cursorPosition }} |
        Select-Object -Skip 1 | ForEach-Object {{ "$_" }})
    $verb = $before | Where-Object {{ -not $_.StartsWith('-') }} | Select-Object -First 1
    $words = if (-not $verb) {{ @($verbs.PSObject.Properties.Name) + '--help', '--version' }}
        elseif ($values."$verb $($before[-1])") {{ $values."$verb $($before[-1])" }}
        else {{ $verbs.$verb }}
    $words | Where-Object {{ $_ -like "$wordToComplete*" }} | ForEach-Object {{
        [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
    }}
}}
"""


def _ps(text: str) -> str:
    escaped = text.replace("'", "''")
    return f"'{escaped}'"


def _names(verb: Verb) -> str:
    return " ".join(name for option in verb.options for name in option.names)


def _sh(text: str) -> str:
    escaped = text.replace("'", "'\\''")
    return f"'{escaped}'"


SHELLS: Final[dict[str, Callable[[Sequence[Verb]], str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
    "powershell": _powershell,
}
"""Shell → what makes its script."""
