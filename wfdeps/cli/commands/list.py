"""`wfdeps list`: the library, with what each file is, where it came from and which workflows use it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.cli.options import add_library_options, add_reading_options, workflow_files
from wfdeps.cli.reading import read_all
from wfdeps.domain.visible import visible
from wfdeps.jobs.library_files import ListedFile, list_files, size_on_disk
from wfdeps.report.wording import count_text, size_text

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
    files = list_files(
        context.doors,
        read_all(workflow_files(arguments), context) if arguments.workflows else (),
        model_type=arguments.model_type,
        with_headers=not arguments.no_headers,
    )
    if arguments.json:
        document = {"schema": "wfdeps/library/1", "files": [_fields(listed) for listed in files]}
        context.out(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        context.out(_text(files))
    return UNMET if any(listed.file.trouble for listed in files) else READY


def _fields(listed: ListedFile) -> dict[str, object]:
    file, identity, sidecar = listed.file, listed.identity, listed.sidecar
    header: dict[str, object] = (
        {}
        if identity is None
        else {
            "model_type": str(identity.model_type),
            "architectures": list(identity.architectures),
            "precision": identity.precision,
        }
    )
    return {
        "folder": file.folder_key,
        "name": file.name,
        "path": file.path,
        "size": file.size,
        "trouble": file.trouble,
        **header,
        "base_model": sidecar.get("base_model"),
        "source": _origin(listed),
        "digests": {str(digest.algorithm): digest.value for digest in file.digests},
        "used_by": list(listed.users),
    }


def _origin(listed: ListedFile) -> object:
    return listed.sidecar.get("air") or listed.sidecar.get("page") or listed.sidecar.get("source")


def _text(files: Sequence[ListedFile]) -> str:
    total = size_text(size_on_disk(listed.file for listed in files))
    return "\n".join([*map(_line, files), f"{count_text(len(files), 'file')}, {total}"])


def _line(listed: ListedFile) -> str:
    file, identity = listed.file, listed.identity
    families = "|".join(identity.architectures) if identity else ""
    words = [size_text(file.size), f"{file.folder_key}/{file.name}"]
    words += [str(identity.model_type) if identity else ""]
    words += [str(listed.sidecar.get("base_model") or families), str(_origin(listed) or "")]
    if file.trouble:
        words.append(f"[{file.trouble}]")
    if listed.users:
        words.append("used by " + ", ".join(listed.users))
    return visible("  ".join(_kept(words)))


def _kept(words: Iterable[str]) -> list[str]:
    first, *rest = words
    return [f"{first:>10}", *(word for word in rest if word)]
