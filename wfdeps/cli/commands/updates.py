"""`wfdeps updates`: which files of the library have newer versions, with their notes; a webhook where one is named."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNDECIDED
from wfdeps.cli.options import add_library_options
from wfdeps.domain.urls import without_secrets
from wfdeps.domain.versions import NewerVersions
from wfdeps.domain.visible import visible
from wfdeps.errors import NotFoundError, UsageError
from wfdeps.http.origins import host_of
from wfdeps.jobs.versions import Updates, find_updates
from wfdeps.jobs.webhook import SIGNATURE, post_document
from wfdeps.report.civitai_text import NOTES_SHOWN
from wfdeps.report.updates_json import updates_document
from wfdeps.report.wording import count_text, document_text

EXAMPLE = """wfdeps updates --comfyui ~/ComfyUI \\
      --notify https://ci.example.org/hook --notify-secret-env HOOK_SECRET"""


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
    updates = find_updates(context.doors)
    unanswered = [(known, error.message) for known, error in updates.unanswered]
    document = updates_document(len(updates.known), updates.newer, unanswered)
    context.out(document_text(document) if arguments.json else _text(updates))
    for known, reason in unanswered:
        context.err(f"warning: {known.label}: {reason}")
    asked = count_text(len(updates.known), "file")
    context.err(f"{asked} asked about, {len(document['updates'])} with a newer version")
    if arguments.notify and document["updates"]:
        secret = context.settings.notify_secret
        if secret is None:
            context.err("warning: what is posted is not signed; name a secret with --notify-secret-env")
        post_document(arguments.notify, document, context.doors, secret=secret)
        context.err(f"posted to {host_of(arguments.notify)}")
    return READY if _are_gone(updates) else UNDECIDED


def _are_gone(updates: Updates) -> bool:
    """Whether all that did not answer is gone from its site: a later try would say no more."""
    return all(isinstance(error, NotFoundError) for _, error in updates.unanswered)


def _text(updates: Updates) -> str:
    lines = [line for newer in updates.newer for line in _lines(newer)]
    if lines:
        return "\n".join(lines)
    if updates.known and len(updates.unanswered) == len(updates.known):
        return "all that is known is gone from its site" if _are_gone(updates) else "nothing could be asked"
    return (
        "everything that answered is the newest" if updates.unanswered else "everything known is the newest"
    )


def _lines(newer: NewerVersions) -> list[str]:
    known = newer.known
    if not newer.versions:
        others = ", ".join(f"{version.name} ({version.base_model})" for version in newer.others)
        return [visible(f"{known.label}: {known.version} is the newest for its base model; also {others}")]
    newest = newer.versions[0]
    notes = newest.notes.split("\n")[:NOTES_SHOWN] if newest.notes else []
    access = "" if newest.access.is_open else f"  ({newest.access.words})"
    head = f"{known.label}: {known.version} → {newest.name}  ({(newest.published or '')[:10]}){access}"
    return [
        visible(line)
        for line in (head, *(f"    {line}" for line in notes), f"    wfdeps update {known.label}")
    ]
