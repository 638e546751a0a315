"""`wfdeps civitai`: what Civitai has: its types and their folders, a search, one model or version in full."""

from __future__ import annotations

import argparse

from wfdeps import TYPE_CHECKING
from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.domain.civitai_types import type_rows
from wfdeps.errors import UsageError
from wfdeps.report import civitai_json, civitai_text

if TYPE_CHECKING:
    from wfdeps.jobs.civitai_pages import SearchFilter

EXAMPLE = """wfdeps civitai types
  wfdeps civitai search --query anime --model-type Checkpoint --limit 5
  wfdeps civitai info urn:air:sdxl:checkpoint:civitai:101055@128078 --json"""


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
    match arguments.action:
        case "types":
            rows = type_rows(context.settings.folders)
            render = civitai_json.render_types if arguments.json else civitai_text.render_types
            context.out(render(rows))
            return READY
        case "search":
            from wfdeps.jobs.civitai_pages import search_filter  # the table of types needs no network

            wanted = search_filter(
                arguments.query,
                arguments.model_type,
                arguments.base_model,
                sort=arguments.sort,
                limit=arguments.limit,
            )
            return _search(wanted, context, as_json=arguments.json)
        case _:
            if len(arguments.what) != 1:
                raise UsageError("name one model or version", hint="`wfdeps civitai info 101055`")
            return _info(arguments.what[0], arguments.as_what, context, as_json=arguments.json)


def _search(wanted: SearchFilter, context: Context, *, as_json: bool) -> int:
    from wfdeps.jobs.civitai_pages import Pages

    if wanted.ignores_sort:
        context.err(
            f"note: Civitai orders a search by relevance; `{wanted.sort}` counts only without --query"
        )
    models = Pages(context.doors).search(wanted)
    if as_json:
        context.out(civitai_json.render_models(models))
    elif models:
        context.out(civitai_text.render_found(models))
    else:
        context.err("nothing was found; Civitai searches names of models and creators, not of files")
    return READY if models else UNMET


def _info(target: str, as_what: str | None, context: Context, *, as_json: bool) -> int:
    from wfdeps.jobs.civitai_pages import PageKind, Pages
    from wfdeps.report.wording import View

    result = Pages(context.doors).look_up(target, as_what=PageKind(as_what) if as_what else None)
    model, kind = result.model, result.kind
    if result.remark:
        context.err(f"note: {result.remark}")
    if as_json:
        context.out(civitai_json.render_models([model], kind))
        return READY
    number = model.model_id if kind is PageKind.MODEL else model.versions[0].version_id
    view = View(color=context.colors(context.stdout))
    context.out(civitai_text.render_model(model, f"{kind} {number}", view))
    return READY
