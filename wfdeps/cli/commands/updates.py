"""`wfdeps updates`: which files of the library have newer versions, with their notes; a webhook where one is named."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import json
from collections.abc import Sequence
from typing import Any

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNDECIDED
from wfdeps.cli.options import add_library_options
from wfdeps.cli.versions import Known, Newer, known_files, model_pages, newer_than
from wfdeps.domain.pages import VersionPage
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.visible import visible
from wfdeps.errors import NotFoundError, SourceError, UsageError
from wfdeps.http.origins import host_of
from wfdeps.http.posting import post
from wfdeps.jobs.civitai_pages import Pages
from wfdeps.library import as_local
from wfdeps.report.civitai_text import NOTES_SHOWN
from wfdeps.report.sizes import count_text

EXAMPLE = """wfdeps updates --comfyui ~/ComfyUI \\
      --notify https://ci.example.org/hook --notify-secret-env HOOK_SECRET"""

SIGNATURE = "x-wfdeps-signature-256"
"""`sha256=` and the HMAC-SHA256 of the body, in hex."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/updates/1")
    parser.add_argument("--notify", metavar="URL", help="post the document there when something is newer")
    parser.add_argument(
        "--notify-secret-env",
        metavar="NAME",
        help=f"the variable whose secret signs it, in `{SIGNATURE}` (default: WFDEPS_NOTIFY_SECRET)",
    )
    add_library_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.notify and not arguments.notify.startswith(("http://", "https://")):
        raise UsageError(f"not an http address: `{without_secrets(arguments.notify)}`")
    known = known_files(as_local(context.doors.library()))
    pages = model_pages((one.model_id for one in known), Pages(context.doors))
    found, unanswered = _sorted_out(known, pages)
    document = _document(known, found, unanswered)
    context.out(
        json.dumps(document, indent=2, ensure_ascii=False)
        if arguments.json
        else _text(known, found, unanswered)
    )
    for one, error in unanswered:
        context.err(f"warning: {one.label}: {error.message}")
    context.err(
        f"{count_text(len(known), 'file')} asked about, {len(document['updates'])} with a newer version"
    )
    if arguments.notify and document["updates"]:
        _notify(arguments.notify, document, context)
    lost = all(isinstance(error, NotFoundError) for _, error in unanswered)
    return READY if lost else UNDECIDED


def _sorted_out(
    known: Sequence[Known], pages: dict[int, Any]
) -> tuple[list[Newer], list[tuple[Known, SourceError]]]:
    answered = [one for one in known if not isinstance(pages[one.model_id], SourceError)]
    newer = [newer_than(one, pages[one.model_id]) for one in answered]
    unanswered = [(one, pages[one.model_id]) for one in known if isinstance(pages[one.model_id], SourceError)]
    return [one for one in newer if one.versions or one.others], unanswered


def _notify(url: str, document: dict[str, Any], context: Context) -> None:
    """Post the document, signed. Raises SourceError where it did not arrive."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    headers = {"content-type": "application/json"}
    secret = context.settings.notify_secret
    if secret is not None:
        headers[SIGNATURE] = f"sha256={hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()}"
    else:
        context.err("warning: what is posted is not signed; name a secret with --notify-secret-env")
    post(context.doors.http(), url, body, headers)
    context.err(f"posted to {host_of(url)}")


def _text(
    known: Sequence[Known], found: Sequence[Newer], unanswered: Sequence[tuple[Known, SourceError]]
) -> str:
    lines = [line for newer in found for line in _lines(newer)]
    if lines:
        return "\n".join(lines)
    if known and len(unanswered) == len(known):
        gone = all(isinstance(error, NotFoundError) for _, error in unanswered)
        return "all that is known is gone from its site" if gone else "nothing could be asked"
    return "everything that answered is the newest" if unanswered else "everything known is the newest"


def _lines(newer: Newer) -> list[str]:
    known = newer.known
    if not newer.versions:
        told = ", ".join(f"{one.name} ({one.base_model})" for one in newer.others)
        return [visible(f"{known.label}: {known.version} is the newest for its base model; also {told}")]
    newest = newer.versions[0]
    notes = newest.notes.split("\n")[:NOTES_SHOWN] if newest.notes else []
    access = "" if newest.access.is_open else f"  ({newest.access.detail or newest.access.state})"
    head = f"{known.label}: {known.version} → {newest.name}  ({(newest.published or '')[:10]}){access}"
    return [
        visible(line)
        for line in (head, *(f"    {line}" for line in notes), f"    wfdeps update {known.label}")
    ]


def _document(
    known: Sequence[Known], found: Sequence[Newer], unanswered: Sequence[tuple[Known, SourceError]]
) -> dict[str, Any]:
    return {
        "schema": "wfdeps/updates/1",
        "checked": len(known),
        "updates": [_update(newer) for newer in found if newer.versions],
        "other_base_models": [_update(newer) for newer in found if not newer.versions],
        "unanswered": [
            {"folder": one.file.folder_key, "name": one.file.name, "reason": error.message}
            for one, error in unanswered
        ],
    }


def _update(newer: Newer) -> dict[str, Any]:
    known = newer.known
    return {
        "folder": known.file.folder_key,
        "name": known.file.name,
        "model_id": known.model_id,
        "model": newer.model.name,
        "page": newer.model.page,
        "version_id": known.version_id,
        "version": known.version,
        "newer": [_version(one) for one in newer.versions],
        "other_base_models": [_version(one) for one in newer.others],
    }


def _version(one: VersionPage) -> dict[str, Any]:
    return {
        "version_id": one.version_id,
        "version": one.name,
        "base_model": one.base_model,
        "published": one.published,
        "access": str(one.access.state),
        "trained_words": list(one.trained_words),
        "notes": one.notes,
    }
