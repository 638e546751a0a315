"""Argument groups that commands share."""

from __future__ import annotations

from wfdeps import TYPE_CHECKING
from wfdeps.domain.secrets import Secret
from wfdeps.errors import UsageError
from wfdeps.wiring.settings import Overrides

if TYPE_CHECKING:
    import argparse
    from typing import Any

    from wfdeps.jobs.reading import WorkflowFiles

GLOBAL_WITH_VALUE = frozenset({"--color", "--config", "--civitai-token-file", "--api-key"})
"""The global options that take a value as the next word."""


def add_global_options(parser: argparse.ArgumentParser) -> None:
    """What every command takes, wherever it stands on the line."""
    group = parser.add_argument_group("everywhere")
    group.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    group.add_argument("-q", "--quiet", action="store_true", help="say only what went wrong")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    group.add_argument("--no-input", action="store_true", help="never ask; leave choices open")
    group.add_argument(
        "--offline", action="store_true", help="no network: answers remembered from before only"
    )
    group.add_argument("--config", metavar="FILE", help="instead of your own config file and ./wfdeps.toml")
    group.add_argument("--civitai-token-file", metavar="FILE", help="read the Civitai token from this file")
    group.add_argument("--api-key", metavar="KEY", help="Civitai token (better: CIVITAI_API_TOKEN)")


def add_workflows(parser: argparse.ArgumentParser) -> None:
    """One or more workflow files."""
    parser.add_argument(
        "workflows",
        nargs="+",
        metavar="WORKFLOW",
        help="a workflow file (.json, .png, .webp, .mp4 …), a folder of them, or - for standard input",
    )


def add_reading_options(parser: argparse.ArgumentParser) -> None:
    """How workflows are read."""
    group = parser.add_argument_group("reading")
    group.add_argument(
        "--include-inactive", action="store_true", help="muted and bypassed nodes count as required"
    )
    group.add_argument(
        "--object-info",
        metavar="FILE|URL",
        help="a saved /object_info, or a running ComfyUI, to know every node class",
    )


def add_library_options(parser: argparse.ArgumentParser) -> None:
    """Where the models lie."""
    group = parser.add_argument_group("model folders")
    group.add_argument("--comfyui", metavar="DIR", help="the ComfyUI folder (else COMFYUI_PATH, else here)")
    group.add_argument("--models", metavar="DIR", help="a bare models folder, without a ComfyUI around it")
    group.add_argument("--base-directory", metavar="DIR", help="as ComfyUI's option of that name")
    group.add_argument("--models-directory", metavar="DIR", help="as ComfyUI's option of that name")
    group.add_argument(
        "--extra-model-paths-config",
        metavar="FILE",
        action="append",
        default=[],
        help="as ComfyUI's; repeatable",
    )
    group.add_argument(
        "--target",
        metavar="NAME|FILE",
        help="judge for local, runpod-serverless, runpod-pod, modal or a profile file",
    )


def workflow_files(arguments: argparse.Namespace) -> WorkflowFiles:
    """The files of `add_workflows`, to be read as `add_reading_options` says."""
    from wfdeps.jobs.reading import WorkflowFiles  # not for `--help`

    return WorkflowFiles(
        tuple(arguments.workflows),
        arguments.include_inactive,
        arguments.object_info,
        with_packs=hasattr(arguments, "comfyui"),  # a command without model folders asks nothing of them
    )


def overrides_of(arguments: argparse.Namespace) -> Overrides:
    """What the line says of the settings; of options that its command does not have, it says nothing."""
    auto = _given(arguments, "auto")
    if auto:
        from wfdeps.match.policy import Auto  # an offline check takes nothing

        auto = Auto(auto)
    return Overrides(
        comfyui=_given(arguments, "comfyui"),
        models=_given(arguments, "models"),
        base_directory=_given(arguments, "base_directory"),
        models_directory=_given(arguments, "models_directory"),
        extra_model_paths=tuple(_given(arguments, "extra_model_paths_config") or ()),
        target=_given(arguments, "target"),
        civitai_token=Secret(arguments.api_key) if arguments.api_key else None,
        civitai_token_file=arguments.civitai_token_file,
        notify_secret_env=_given(arguments, "notify_secret_env"),
        auto=auto,
        allow_pickle=_given(arguments, "allow_pickle") or None,
        jobs=_given(arguments, "jobs"),
        connections=_given(arguments, "connections"),
        limit_rate=_given(arguments, "limit_rate"),
        hand_off=False if _given(arguments, "no_hand_off") else None,
        store=_given(arguments, "store"),
        make_folders=_given(arguments, "make_folders") or None,
        fail_on=tuple(_given(arguments, "fail_on") or ()),
        strict=bool(_given(arguments, "strict")),
        exit_zero=bool(_given(arguments, "exit_zero")),
        policy_file=_given(arguments, "policy"),
        config=arguments.config,
        color=arguments.color,
        no_input=arguments.no_input,
        offline=arguments.offline,
        verbosity=-1 if arguments.quiet else arguments.verbose,
    )


def _given(arguments: argparse.Namespace, name: str) -> Any:
    return getattr(arguments, name, None)


def library_words(arguments: argparse.Namespace) -> str:
    """The options of `add_library_options` as they were given, quoted for a shell: what a command to paste needs."""
    from wfdeps.report.wording import shell_word  # not for `--help`

    given = [
        (option, value)
        for name, option in _LIBRARY_OPTIONS.items()
        for value in _listed(getattr(arguments, name, None))
    ]
    return " ".join(f"{option} {shell_word(value)}" for option, value in given)


_LIBRARY_OPTIONS = {
    "comfyui": "--comfyui",
    "models": "--models",
    "base_directory": "--base-directory",
    "models_directory": "--models-directory",
    "extra_model_paths_config": "--extra-model-paths-config",
    "target": "--target",
}


def _listed(value: str | list[str] | None) -> list[str]:
    return value if isinstance(value, list) else [value] if value else []


def add_resolving_options(parser: argparse.ArgumentParser) -> None:
    """What may be taken without asking."""
    group = parser.add_argument_group("resolving")
    group.add_argument(
        "--auto",
        choices=("hash", "exact", "best"),
        help="what is taken alone: equal hash or id; also an exact name without rival (default); or the best there is",
    )
    add_pickle_option(group)


def add_pickle_option(parser: argparse._ActionsContainer) -> None:
    """Whether what can run code may be brought into the model folders."""
    parser.add_argument(
        "--allow-pickle", action="store_true", help="accept .ckpt/.pt/.bin files, which can run code"
    )


def add_policy_option(parser: argparse.ArgumentParser) -> None:
    """The file that says what is not allowed here."""
    parser.add_argument(
        "--policy",
        metavar="FILE",
        help="refuse what this TOML file does not allow: licences, formats, sources, sizes",
    )


def add_download_options(parser: argparse.ArgumentParser) -> None:
    """How bytes are moved into the library."""
    group = add_transfer_options(parser)
    group.add_argument(
        "--store", metavar="DIR", help="keep files by SHA-256 in DIR and link them into the tree"
    )
    add_making_option(group)


def add_making_option(parser: argparse._ActionsContainer) -> None:
    """Whether a model folder may be made whose base is not there."""
    parser.add_argument(
        "--make-folders",
        action="store_true",
        help="make a configured model folder whose base is not there (it may be an unmounted share)",
    )


def add_transfer_options(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """How bytes are moved, wherever they go; the group, for more of its kind."""
    group = parser.add_argument_group("downloading")
    group.add_argument(
        "--jobs", type=_count, metavar="N", help="files at once (default: 4 large ones, up to 16 small ones)"
    )
    group.add_argument(
        "--connections", type=_count, metavar="N", help="connections for one file at most (default: 8)"
    )
    group.add_argument(
        "--limit-rate", type=_rate, metavar="RATE", help="bytes a second over all files: 5M, 800k"
    )
    group.add_argument(
        "--no-hand-off",
        action="store_true",
        help="read bodies with httpx alone: slower, for a network on which the fast way fails",
    )
    return group


def _rate(text: str) -> str:
    """The text, once it is known to be a rate."""
    from wfdeps.fetch.pace import parse_rate  # only for those who limit theirs

    try:
        parse_rate(text)
    except UsageError as error:
        raise type_error(error.message) from error
    return text


def _count(text: str) -> int:
    """A whole number above nothing."""
    if not text.isdecimal() or int(text) < 1:
        raise type_error(f"`{text}` is no number above 0")
    return int(text)


def type_error(message: str) -> Exception:
    """What a `type=` of an option raises: argparse says it with the option's name."""
    from argparse import ArgumentTypeError

    return ArgumentTypeError(message)
