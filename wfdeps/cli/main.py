"""Parse, run one command, turn errors into exit codes.

Only the module of the verb that was asked for is imported: `wfdeps check` never pays for another's needs.
"""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module

from wfdeps import TYPE_CHECKING, __version__
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import INTERRUPTED, MEANINGS, PARTLY_FAILED, READY, USAGE, exit_code_of
from wfdeps.cli.options import GLOBAL_WITH_VALUE, add_global_options, overrides_of
from wfdeps.cli.streams import accept_any_name, open_standard_streams, send_nowhere, unheard
from wfdeps.domain.secrets import Redactor, Secret
from wfdeps.domain.visible import visible_lines
from wfdeps.errors import UsageError, WfdepsError, did_you_mean
from wfdeps.wiring.settings import LOCK, load_settings

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from types import ModuleType
    from typing import NoReturn, TextIO

VERBS: dict[str, str] = {
    "refs": "show what a workflow references",
    "check": "say whether a workflow can run here (offline, exit code 0 or 1)",
    "get": "find, download, verify and place what is missing, and lock it",
    "resolve": "say which files bare names mean, without a workflow",
    "why": "explain how one name of a workflow was resolved",
    "choose": "answer an open question by AIR, URL or path",
    "answers": "list or forget what was chosen before",
    "lock": "resolve every file and write wfdeps.lock",
    "sync": "make the model folders match a lock",
    "embed": "write what a lock knows into the workflow, for the next person",
    "export": "write a lock in another tool's format: Dockerfile, aria2, comfy-build, SBOM …",
    "import": "take another tool's file as a lock: Dockerfile, script, comfy-build, aria2 …",
    "download": "fetch by address, AIR or number: verified, resumable, placed by what it is",
    "batch": "fetch all that a JSON or YAML file lists",
    "graph": "draw the dependency graph",
    "explain": "say what ComfyUI's own error means, and how to mend it",
    "civitai": "look round in Civitai: its types and their folders, a search, one model in full",
    "catalogue": "build, import, export the index of file names",
    "auth": "say which tokens work where",
    "inspect": "say what a model file is, by its own header (a file, a URL, an AIR)",
    "paths": "show every folder ComfyUI searches, in its order, and why",
    "fix": "link, move, copy or respell what is there but not found",
    "list": "show the library: what each file is, where it came from, who uses it",
    "unused": "list the files that no workflow names",
    "duplicates": "list the files that lie there more than once",
    "verify": "check that the files still are what they were",
    "updates": "say which files have newer versions, with notes; post a webhook",
    "update": "take a newer version under the same name; the old one is kept",
    "rollback": "bring back the version before, under the same name",
    "clean": "list and remove what failed downloads left behind",
    "store": "look after the folder that keeps files by their SHA-256",
    "hub": "serve a folder of models as a Civitai-compatible hub",
    "demo": "see the whole job on generated models, without network",
    "trust": "take what a project's own wfdeps.toml says, once you have seen it",
    "completion": "print the completion script of a shell",
}
"""Every verb, in the order the help shows them, with its one-line summary."""


def run() -> NoReturn:
    """The console script."""
    gc.set_threshold(
        50_000
    )  # a short run makes few rings: looking for them all the time costs a thirtieth of a check
    open_standard_streams()
    accept_any_name(sys.stdin, sys.stdout, sys.stderr)
    code = main(sys.argv[1:])
    if sys.modules.keys().isdisjoint(("atexit", "threading")) and _are_flushed(sys.stdout, sys.stderr):
        os._exit(code)  # nobody waits for our end, and taking the interpreter down costs another thirtieth
    gc.freeze()  # what is left dies with the process: no need to look through it for rings
    sys.exit(code)


def _are_flushed(*streams: TextIO | None) -> bool:
    try:
        for stream in streams:
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):  # a full disk, a reader gone, a closed stream: Python's own end knows
        return False
    return True


def main(
    argv: Sequence[str],
    *,
    stdout: TextIO | None = None,
    stderr: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> int:
    """Run one command line and return its exit code, also when nobody reads what it prints; nothing but a bug escapes."""
    out, err = unheard(stdout or sys.stdout), unheard(stderr or sys.stderr)
    secrets: list[Secret | None] = []
    try:
        code = _dispatch(argv, out, err, os.environ if environ is None else environ, secrets)
        out.flush()
    except WfdepsError as error:
        print(Redactor(secrets).text(_as_text(error)), file=err)
        return exit_code_of(error)
    except KeyboardInterrupt:
        print("interrupted; what was done is kept, and the same command goes on from there", file=err)
        return INTERRUPTED
    except OSError as error:
        from wfdeps.disk.filesystem import working_folder  # a run that goes well needs it not

        if isinstance(error, FileNotFoundError) and not working_folder():
            print(
                "error: the folder this runs in was deleted\nhint: `cd` to another, or give whole paths",
                file=err,
            )
            return USAGE
        if error.errno != errno.ENOSPC:
            raise
        send_nowhere(out)
        print("error: no room left to write the output", file=err)
        return PARTLY_FAILED
    return code


def _dispatch(
    argv: Sequence[str],
    out: TextIO,
    err: TextIO,
    environ: Mapping[str, str],
    secrets: list[Secret | None],
) -> int:
    """The exit code of one command; its secrets are added to `secrets` once they are known."""
    verb, rest = _split_verb(argv)
    if verb is None:
        return _without_verb(rest, out, err)
    if verb == "help":
        return _help(rest, out, err)
    if verb not in VERBS:
        raise UsageError(
            f"unknown command `{verb}`", hint=did_you_mean(verb, VERBS) or "`wfdeps --help` lists them all"
        )
    command = _command(verb)
    arguments = _read(verb, command, rest, environ)
    settings = load_settings(overrides_of(arguments), environ)
    secrets += settings.secrets
    if verb != "trust":
        settings.demand_trust()
    named = getattr(arguments, "workflows", ())
    with Context(
        settings, out, err, workflows=named, lock=getattr(arguments, "lock", None) or LOCK
    ) as context:
        if arguments.api_key:
            context.err("warning: `--api-key` is visible in the process list; prefer CIVITAI_API_TOKEN")
        for warning in settings.warnings:
            context.err(f"warning: {warning}")
        code: int = command.run(arguments, context)
        return code


def _read(verb: str, command: ModuleType, line: Sequence[str], environ: Mapping[str, str]) -> Namespace:
    """The line's arguments, with what the environment adds. Raises UsageError."""
    words: list[str] = []
    if any(name.startswith("WFDEPS_") for name in environ):
        from wfdeps.cli.environment_options import options_in, words_for

        if options := options_in(environ):
            words = words_for(options, parser_of(verb))
    try:
        return parser_of(verb).parse_args([*words, *line])
    except UsageError as error:
        if words:  # names only: a value may be a secret
            names = ", ".join(word.partition("=")[0] for word in words)
            error.hint = f"{error.hint}; {names}: from the environment"
        raise


def parser_of(verb: str) -> ArgumentParser:
    """The parser of one verb, its `--help` ending with an example."""
    from wfdeps.cli.parser import below_actions, new_parser  # argparse: the main help does without

    command = _command(verb)
    parser = new_parser(verb, VERBS[verb], command.EXAMPLE)
    command.add_arguments(parser)
    add_global_options(parser)
    below_actions(parser, add_global_options)
    return parser


def _command(verb: str) -> ModuleType:
    name = "import_lock" if verb == "import" else verb.replace("-", "_")  # `import` is no name in Python
    return import_module(f"wfdeps.cli.commands.{name}")


def help_text() -> str:
    """What `wfdeps --help` prints."""
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {summary}" for verb, summary in VERBS.items())
    codes = "\n".join(f"  {code:<{width}}  {meaning}" for code, meaning in MEANINGS.items())
    return (
        "usage: wfdeps COMMAND [OPTIONS]\n\n"
        "The dependency resolver for ComfyUI workflows: finds every model a workflow names,\n"
        "downloads what is missing, verifies it, puts it in its place, and locks it.\n\n"
        f"commands:\n{verbs}\n\n"
        "everywhere:\n"
        "  -h, --help, --version, -v, -q, --color auto|always|never, --no-input, --offline, --config FILE\n\n"
        f"exit codes:\n{codes}\n\n"
        "example:\n  wfdeps get workflow.png --comfyui ~/ComfyUI\n"
    )


def _split_verb(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    """The first word that is neither an option nor an option's value, and everything else."""
    skip = False
    for index, word in enumerate(argv):
        if skip:
            skip = False
        elif word in GLOBAL_WITH_VALUE:
            skip = True
        elif not word.startswith("-"):
            return word, [*argv[:index], *argv[index + 1 :]]
    return None, list(argv)


def _without_verb(words: Sequence[str], out: TextIO, err: TextIO) -> int:
    if "--version" in words or "-V" in words:
        print(f"wfdeps {__version__}", file=out)
        return READY
    if "-h" in words or "--help" in words:
        out.write(help_text())
        return READY
    unknown = next((word for word in words if word.startswith("-") and word not in _GLOBAL), None)
    if unknown:
        raise UsageError(
            f"unknown option: {unknown}",
            hint=did_you_mean(unknown, _GLOBAL) or "`wfdeps --help` lists them all",
        )
    err.write(help_text())
    return USAGE


_GLOBAL = (
    "-h", "--help", "--version", "-V", "-v", "--verbose", "-q", "--quiet", "--no-input", "--offline",
    *sorted(GLOBAL_WITH_VALUE),
)  # fmt: skip


def _help(words: Sequence[str], out: TextIO, err: TextIO) -> int:
    if words and words[0] in VERBS:
        parser_of(words[0]).print_help(out)
        return READY
    return _without_verb(["--help"], out, err)


def _as_text(error: WfdepsError) -> str:
    return visible_lines(f"error: {error.message}" + (f"\nhint: {error.hint}" if error.hint else ""))
