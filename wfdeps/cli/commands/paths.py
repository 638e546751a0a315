"""`wfdeps paths`: every folder that ComfyUI searches, in its order, and why."""

from __future__ import annotations

import argparse
from itertools import groupby

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options
from wfdeps.domain.files import Folder
from wfdeps.domain.listings import SearchedFolder
from wfdeps.domain.refs import STOPS_COMFYUI
from wfdeps.domain.visible import visible
from wfdeps.jobs.paths import current_key, names_offered, searched_folders
from wfdeps.library import LocalLibrary, as_local
from wfdeps.report.listings_json import render_paths

EXAMPLE = "wfdeps paths --comfyui ~/ComfyUI --target runpod-serverless"


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
    folders = searched_folders(library)
    keys = [current_key(key, folders) for key in arguments.keys]
    names = names_offered(keys, library) if arguments.names else {}
    if arguments.json:
        context.out(
            render_paths(
                folders,
                library.notices,
                models_root=library.models_root,
                separator=library.separator,
                names=names if arguments.names else None,
            )
        )
    elif arguments.names:
        for key, offered in names.items():
            for name in map(visible, offered):
                context.out(f"{key}\t{name}" if len(keys) != 1 else name)
    else:
        shown = [
            searched
            for searched in folders
            if (searched.folder.folder_key in keys if keys else arguments.all or _is_shown(searched))
        ]
        context.out(_text(library, shown))
    for notice in library.notices:
        context.err(f"warning: {visible(notice.message)}")
    return UNMET if any(notice.code == STOPS_COMFYUI for notice in library.notices) else READY


def _text(library: LocalLibrary, shown: list[SearchedFolder]) -> str:
    keys_in_order = list(dict.fromkeys(searched.folder.folder_key for searched in shown))
    shown.sort(key=lambda searched: keys_in_order.index(searched.folder.folder_key))
    lines = [f"models root: {library.models_root}", f"separator in names: {library.separator}", ""]
    for key, folders in groupby(shown, key=lambda searched: searched.folder.folder_key):
        lines.append(key)
        lines += [
            f"  {_mark(searched)} {visible(searched.folder.path)}  ({_why(searched.folder)})"
            for searched in folders
        ]
    lines += ["", "→ new files go here   - does not exist   ! not searched by the target"]
    return "\n".join(lines)


def _is_shown(searched: SearchedFolder) -> bool:
    return searched.folder.exists or (searched.folder.is_default and searched.receives)


def _mark(searched: SearchedFolder) -> str:
    if not searched.folder.visible:
        return "!"
    return "→" if searched.receives else " " if searched.folder.exists else "-"


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
