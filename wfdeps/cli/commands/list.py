"""`wfdeps list`: the library, with what each file is, where it came from and which workflows use it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.files import LocalFile
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.visible import visible
from wfdeps.errors import LibraryError
from wfdeps.jobs.users import users_of_files
from wfdeps.library import LocalLibrary, as_local
from wfdeps.report.sizes import size_text

EXAMPLE = "wfdeps list --model-type loras --workflows ~/workflows"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model-type",
        metavar="TYPE",
        help="a folder key or a model type: checkpoints, loras, vae, lora, upscaler …",
    )
    parser.add_argument(
        "--workflows", nargs="+", default=[], metavar="WORKFLOW", help="also say which of these use each file"
    )
    parser.add_argument(
        "--no-headers", action="store_true", help="do not look into the files, only at their names"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/library/1")
    add_reading_options(parser)
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    library = as_local(context.doors.library())
    users = (
        users_of_files(read_all(workflow_files(arguments), context), library) if arguments.workflows else {}
    )
    rows = [row for file in library.files() if (row := _row(file, library, arguments, users)) is not None]
    if arguments.json:
        context.out(json.dumps({"schema": "wfdeps/library/1", "files": rows}, indent=2, ensure_ascii=False))
    else:
        context.out(_text(rows))
    return UNMET if any(row["trouble"] for row in rows) else READY


Row = dict[str, object]


def _row(
    file: LocalFile, library: LocalLibrary, arguments: argparse.Namespace, users: dict[str, tuple[str, ...]]
) -> Row | None:
    wanted = arguments.model_type
    in_folder = wanted is None or canonical_key(wanted) == file.folder_key
    if not in_folder and arguments.no_headers:
        return None
    what = {} if arguments.no_headers else _what(file, library)
    if not in_folder and what.get("model_type") != wanted:
        return None
    sidecar = read_sidecar(file.path)
    return {
        "folder": file.folder_key,
        "name": file.name,
        "path": file.path,
        "size": file.size,
        "trouble": file.trouble,
        **what,
        "base_model": sidecar.get("base_model"),
        "source": sidecar.get("air") or sidecar.get("page") or sidecar.get("source"),
        "digests": {str(digest.algorithm): digest.value for digest in file.digests},
        "used_by": list(users.get(file.path, ())),
    }


def _what(file: LocalFile, library: LocalLibrary) -> Row:
    if file.trouble:
        return {"model_type": "unknown", "architectures": [], "precision": ""}
    try:
        identity = library.identity(file)
    except LibraryError:
        return {"model_type": "unknown", "architectures": [], "precision": ""}
    architectures = list(identity.architectures)
    return {
        "model_type": str(identity.model_type),
        "architectures": architectures,
        "precision": identity.precision,
    }


def _text(rows: list[Row]) -> str:
    lines = [_line(row) for row in rows]
    total = sum(int(str(row["size"])) for row in rows)
    return "\n".join([*lines, f"{len(rows)} {'file' if len(rows) == 1 else 'files'}, {size_text(total)}"])


def _line(row: Row) -> str:
    architectures = row.get("architectures")
    families = "|".join(map(str, architectures)) if isinstance(architectures, list) else ""
    words = [size_text(int(str(row["size"]))), f"{row['folder']}/{row['name']}"]
    words += [str(row.get("model_type", "")), str(row["base_model"] or families), str(row["source"] or "")]
    if row["trouble"]:
        words.append(f"[{row['trouble']}]")
    used = row["used_by"]
    if isinstance(used, list) and used:
        words.append("used by " + ", ".join(used))
    return visible("  ".join(_kept(words)))


def _kept(words: Iterable[str]) -> list[str]:
    first, *rest = words
    return [f"{first:>10}", *(word for word in rest if word)]
