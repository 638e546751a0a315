"""`wfdeps auth check`: which tokens are there, and whether they open their doors."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import Any

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNDECIDED, UNMET
from wfdeps.domain.visible import visible
from wfdeps.errors import AuthRequiredError, NotFoundError, SourceError
from wfdeps.sources.civitai.client import CivitaiClient
from wfdeps.sources.huggingface import HuggingFaceClient
from wfdeps.sources.json_values import record, text
from wfdeps.values import dataclass
from wfdeps.wiring.settings import CIVITAI_TOKEN_NAMES, HF_TOKEN_NAMES

EXAMPLE = "wfdeps auth check"
SCHEMA = "wfdeps/auth/1"


@dataclass(frozen=True, slots=True)
class _Door:
    """One place that knows tokens."""

    name: str
    url: str
    has_token: bool
    variables: tuple[str, ...]
    ask: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class _Found:
    """What one place said: `works`, `no token`, `refused`, `unreachable` or `unknown`."""

    door: _Door
    state: str
    detail: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    does = parser.add_subparsers(dest="does", metavar="ACTION", required=True)
    check = does.add_parser("check", help="ask each place whose token it is")
    check.add_argument("--json", action="store_true", help="wfdeps/auth/1 on standard output")


def run(arguments: argparse.Namespace, context: Context) -> int:
    found = [_asked(door) for door in _doors(context)]
    if arguments.json:
        rows = [
            {"source": one.door.name, "url": one.door.url, "state": one.state, "detail": one.detail}
            for one in found
        ]
        context.out(json.dumps({"schema": SCHEMA, "doors": rows}, ensure_ascii=False, indent=1))
    else:
        context.out(
            "\n".join(f"{one.door.name:<12} {one.door.url:<28} {one.state}: {one.detail}" for one in found)
        )
    states = {one.state for one in found}
    return UNMET if "refused" in states else UNDECIDED if "unreachable" in states else READY


def _doors(context: Context) -> tuple[_Door, ...]:
    settings, http = context.settings, context.doors.http()
    civitai = CivitaiClient(http, settings.civitai_url)
    huggingface = HuggingFaceClient(http, settings.hf_endpoint)
    return (
        _Door(
            "civitai",
            settings.civitai_url,
            settings.civitai_token is not None,
            CIVITAI_TOKEN_NAMES,
            civitai.me,
        ),
        _Door(
            "huggingface",
            settings.hf_endpoint,
            settings.hf_token is not None,
            HF_TOKEN_NAMES,
            huggingface.whoami,
        ),
    )


def _asked(door: _Door) -> _Found:
    if not door.has_token:
        return _Found(door, "no token", f"set {door.variables[0]} for files that need a login")
    try:
        who = record(door.ask())
    except AuthRequiredError:
        return _Found(door, "refused", "the token is wrong or has expired")
    except NotFoundError:
        return _Found(door, "unknown", "there is a token, and this server does not say whose")
    except SourceError as error:
        return _Found(door, "unreachable", error.message)
    name = text(who.get("username")) or text(who.get("name")) or "somebody without a name"
    return _Found(door, "works", f"signed in as {visible(name)}")
