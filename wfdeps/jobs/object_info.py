"""What one ComfyUI has installed: a saved `/object_info`, or a running server asked for it and its model lists."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from wfdeps.errors import NotFoundError, UnexpectedPayloadError, UsageError, os_error_words
from wfdeps.http import Http
from wfdeps.wiring.doors import Doors
from wfdeps.workflow.object_info import parse_object_info, with_replacements


def load_object_info(place: str, doors: Doors) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Its node classes, and its files by folder key where they are told.

    `place` is a file or the address of a running ComfyUI. Raises UsageError for a file that is none, SourceError
    for a server that does not answer.
    """
    if "://" in place:
        return _from_server(place.removesuffix("/object_info").rstrip("/"), doors.http())
    try:
        with open(place, "rb") as file:
            return parse_object_info(file.read(), place)
    except OSError as error:
        raise UsageError(f"cannot read `{place}`: {os_error_words(error)}") from error


def _from_server(base: str, http: Http) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    info = http.json("GET", f"{base}/object_info")
    keys = http.json("GET", f"{base}/models")
    if not isinstance(info, dict) or not isinstance(keys, list):
        raise UnexpectedPayloadError(
            f"`{base}` does not answer as a ComfyUI", hint="name the address of a running ComfyUI"
        )
    # `/experiment/models` is there to replace `/models` one day (ComfyUI app/model_manager.py): a key counts whichever
    # of the two names it. Older servers have only the first.
    newer = _if_there(http, f"{base}/experiment/models")
    names = [row.get("name") for row in newer if isinstance(row, dict)] if isinstance(newer, list) else []
    wanted = dict.fromkeys(key for key in (*keys, *names) if isinstance(key, str))
    lists = {key: _if_there(http, f"{base}/models/{quote(key, safe='')}") for key in wanted}
    return with_replacements(info, _if_there(http, f"{base}/node_replacements")), lists


def _if_there(http: Http, url: str) -> Any:
    """What the server answers there; an empty list where it has no such route."""
    try:
        return http.json("GET", url)
    except NotFoundError:
        return []
