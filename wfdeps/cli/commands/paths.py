"""`wfdeps paths`: every folder that ComfyUI searches, in its order, and why."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from itertools import groupby

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options
from wfdeps.domain.files import Folder
from wfdeps.domain.folders import ALIASES, LEGACY, WITHOUT_MODELS
from wfdeps.domain.visible import visible
from wfdeps.errors import UsageError, did_you_mean
from wfdeps.library import LocalLibrary, as_local
from wfdeps.planning.layout import target_for
from wfdeps.values import asdict

EXAMPLE = "wfdeps paths --comfyui ~/ComfyUI --target runpod-serverless"
STOPS = "extra_paths_stop_comfyui"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "keys", nargs="*", metavar="KEY", help="only these folder keys (default: all that exist)"
    )
    parser.add_argument("--all", action="store_true", help="also folders that do not exist")
    parser.add_argument(
        "--names", action="store_true", help="list the names ComfyUI would offer for each KEY"
    )
    parser.add_argument(
        "--json", action="store_true", help="everything, as wfdeps/paths/1; with --names the names too"
    )
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    keys = [_known_key(key, library) for key in arguments.keys]
    names = _names(keys, library) if arguments.names else {}
    if arguments.json:
        told = {**document(library), **({"names": names} if arguments.names else {})}
        context.out(json.dumps(told, indent=2, ensure_ascii=False))
    elif arguments.names:
        for key, offered in names.items():
            for name in map(visible, offered):
                context.out(f"{key}\t{name}" if len(keys) != 1 else name)
    else:
        context.out(_text(library, keys, show_all=arguments.all))
    for notice in library.notices:
        context.err(f"warning: {visible(notice.message)}")
    return UNMET if any(notice.code == STOPS for notice in library.notices) else READY


def _names(keys: Sequence[str], library: LocalLibrary) -> dict[str, tuple[str, ...]]:
    """What ComfyUI offers for each of these keys, or for each that holds models."""
    with_models = {folder.folder_key for folder in library.folders() if folder.folder_key}
    return {key: library.listing(key) for key in keys or sorted(with_models)}


def _known_key(key: str, library: LocalLibrary) -> str:
    """The key as ComfyUI calls it now. Raises UsageError for one that nobody searches."""
    known = sorted({folder.folder_key for folder in _shown(library)})
    if (now := LEGACY.get(key, key)) in known:
        return now
    alias = f"its files stand in `{ALIASES[key]}`" if key in ALIASES else None
    raise UsageError(
        f"no folder key `{key}`", hint=alias or did_you_mean(key, known) or "`wfdeps paths --all` lists them"
    )


def _shown(library: LocalLibrary) -> Iterator[Folder]:
    return (folder for folder in (*library.folders(), *library.without_models) if folder.folder_key)


def document(library: LocalLibrary) -> dict[str, object]:
    """`wfdeps/paths/1`."""
    return {
        "schema": "wfdeps/paths/1",
        "models_root": library.models_root,
        "separator": library.separator,
        "folders": [
            {
                "key": folder.folder_key,
                "path": folder.path,
                "endings": sorted(folder.endings),
                "reason": folder.reason,
                "origin": folder.origin,
                "is_default": folder.is_default,
                "exists": folder.exists,
                "visible": folder.visible,
                "fix": folder.fix,
                "receives": _receives(folder, library),
            }
            for folder in _shown(library)
        ],
        "notices": [asdict(notice) for notice in library.notices],
    }


def _receives(folder: Folder, library: LocalLibrary) -> bool:
    """Whether new models of its key go there."""
    return folder.folder_key not in WITHOUT_MODELS and (
        target_for(folder.folder_key, "x.safetensors", library.folders(), library.separator).root
        == folder.path
    )


def _text(library: LocalLibrary, keys: Sequence[str], *, show_all: bool) -> str:
    shown = [
        folder
        for folder in _shown(library)
        if (folder.folder_key in keys if keys else show_all or _is_told(folder, library))
    ]
    keys_in_order = list(dict.fromkeys(folder.folder_key for folder in shown))
    shown.sort(key=lambda folder: keys_in_order.index(folder.folder_key))
    lines = [f"models root: {library.models_root}", f"separator in names: {library.separator}", ""]
    for key, folders in groupby(shown, key=lambda folder: folder.folder_key):
        lines.append(key)
        lines += [
            f"  {_mark(folder, library)} {visible(folder.path)}  ({_why(folder)})" for folder in folders
        ]
    lines += ["", "→ new files go here   - does not exist   ! not searched by the target"]
    return "\n".join(lines)


def _is_told(folder: Folder, library: LocalLibrary) -> bool:
    return folder.exists or (folder.is_default and _receives(folder, library))


def _mark(folder: Folder, library: LocalLibrary) -> str:
    if not folder.visible:
        return "!"
    return "→" if _receives(folder, library) else " " if folder.exists else "-"


def _why(folder: Folder) -> str:
    words = [folder.reason]
    if folder.is_default:
        words.append("is_default")
    if not folder.endings:
        words.append("every file counts")
    if not folder.exists:
        words.append("does not exist")
    if folder.fix:
        words.append(f"add to its extra_model_paths.yaml: `{folder.fix}`")
    return "; ".join(words)
