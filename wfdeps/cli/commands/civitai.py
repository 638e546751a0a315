"""`wfdeps civitai`: what Civitai has: its types and their folders, a search, one model or version in full."""

from __future__ import annotations

import argparse

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.civitai_types import type_rows
from wfdeps.domain.type_words import civitai_types
from wfdeps.errors import UsageError
from wfdeps.report import civitai_json, civitai_text

EXAMPLE = """wfdeps civitai types
  wfdeps civitai search --query anime --model-type Checkpoint --limit 5
  wfdeps civitai info urn:air:sdxl:checkpoint:civitai:101055@128078 --json"""

_LARGEST_LIMIT = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", choices=("types", "search", "info"), help="the table of types, a search, one model in full"
    )
    parser.add_argument(
        "what",
        nargs="*",
        metavar="WHAT",
        help="info: the number of a model or version, an AIR, or an address",
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/civitai/1")
    search = parser.add_argument_group("search")
    search.add_argument("--query", default="", metavar="TEXT", help="words of a model's name")
    search.add_argument(
        "--model-type", action="append", default=[], metavar="TYPE",
        help="Checkpoint, LORA …, or a folder (`loras`); repeatable",
    )  # fmt: skip
    search.add_argument(
        "--base-model", action="append", default=[], metavar="NAME",
        help="as Civitai spells it: `SD 1.5`, `SDXL 1.0`; repeatable",
    )  # fmt: skip
    search.add_argument("--sort", metavar="ORDER", help="Highest Rated, Most Downloaded, Newest, Oldest …")
    search.add_argument("--limit", type=int, default=5, metavar="N", help="at most so many (default: 5)")
    info = parser.add_argument_group("info")
    info.add_argument(
        "--as",
        dest="as_what",
        choices=("model", "version"),
        help="what a bare number is (default: seen by asking)",
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.action != "info" and arguments.what:
        raise UsageError(
            f"`civitai {arguments.action}` takes no `{arguments.what[0]}`",
            hint="search words go behind --query" if arguments.action == "search" else None,
        )
    return _ACTIONS[arguments.action](arguments, context)


def _types(arguments: argparse.Namespace, context: Context) -> int:
    overrides = context.settings.folders
    rows = type_rows(overrides)
    context.out(civitai_json.render_types(rows) if arguments.json else civitai_text.render_types(rows))
    return READY


def _search(arguments: argparse.Namespace, context: Context) -> int:
    from wfdeps.jobs.civitai_pages import SORTS, Filter, Pages  # the table of types needs no network

    sorts = {name.lower(): name for name in SORTS}
    if arguments.sort is not None and arguments.sort.lower() not in sorts:
        raise UsageError(f"unknown order `{arguments.sort}`", hint=f"one of {', '.join(SORTS)}")
    if not 1 <= arguments.limit <= _LARGEST_LIMIT:
        raise UsageError(f"`--limit` goes from 1 to {_LARGEST_LIMIT}")
    sort = sorts[arguments.sort.lower()] if arguments.sort else None
    if sort and arguments.query and SORTS[sort] is None:
        context.err(f"note: Civitai orders a search by relevance; `{sort}` counts only without --query")
    wanted = Filter(
        query=arguments.query.strip(),
        types=tuple(dict.fromkeys(name for word in arguments.model_type for name in civitai_types(word))),
        base_models=tuple(arguments.base_model),
        sort=sort,
        limit=arguments.limit,
    )
    found = Pages(context.doors).search(wanted)
    if arguments.json:
        context.out(civitai_json.render_models(found))
    elif found:
        context.out(civitai_text.render_found(found))
    else:
        context.err("nothing was found; Civitai searches names of models and creators, not of files")
    return READY if found else UNMET


def _info(arguments: argparse.Namespace, context: Context) -> int:
    from wfdeps.jobs.civitai_pages import Pages
    from wfdeps.report.view import View

    if len(arguments.what) != 1:
        raise UsageError("name one model or version", hint="`wfdeps civitai info 101055`")
    found = Pages(context.doors).look_up(arguments.what[0], as_what=arguments.as_what)
    if found.remark:
        context.err(f"note: {found.remark}")
    if arguments.json:
        context.out(civitai_json.render_models([found.model], found.taken_for))
        return READY
    number = found.model.model_id if found.taken_for == "model" else found.model.versions[0].version_id
    view = View(color=context.colors(context.stdout))
    context.out(civitai_text.render_model(found.model, f"{found.taken_for} {number}", view))
    return READY


_ACTIONS = {"types": _types, "search": _search, "info": _info}
