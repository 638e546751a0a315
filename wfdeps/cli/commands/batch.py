"""`wfdeps batch`: many downloads from one file, at once, resumable, with a summary."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY
from wfdeps.cli.options import add_download_options, add_library_options, add_pickle_option
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.visible import visible
from wfdeps.domain.wants import WantResult, WantState
from wfdeps.jobs.acquire import acquire
from wfdeps.jobs.batch import read_batch, settings_for
from wfdeps.report.want_json import want_json
from wfdeps.report.wording import count_text, size_text

EXAMPLE = """cat models.yaml
  downloads:
    - {model_type: checkpoints, source: civitai, version_id: 130072}
    - source: huggingface
      model_id: Comfy-Org/flux1-dev
      file_id: flux1-dev-fp8.safetensors
  wfdeps batch models.yaml --comfyui ~/ComfyUI"""

STATES: tuple[WantState, ...] = tuple(WantState)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "batch", metavar="CONFIG", help="JSON or YAML; schemas/batch.schema.json describes it"
    )
    parser.add_argument("--json", action="store_true", help="one document, wfdeps/batch-result/1")
    add_pickle_option(parser)
    add_library_options(parser)
    add_download_options(parser)


def run(arguments: argparse.Namespace, context: Context) -> int:
    batch = read_batch(arguments.batch, context.settings.civitai_url)
    for remark in batch.remarks:
        context.err(f"warning: {remark}")
    context.settings = settings_for(batch, context.settings, jobs=arguments.jobs)
    with stopping_on_signals():
        results = acquire(batch.wants, context.doors, context.reporter)
    context.reporter.close()
    if arguments.json:
        context.out(json.dumps(_document(results), indent=2, ensure_ascii=False))
    else:
        context.out("\n".join(map(_line, results)))
        context.err(_summary(results))
    return READY if all(result.is_good for result in results) else PARTLY_FAILED


def _line(result: WantResult) -> str:
    name = visible(str(result.want))
    if result.is_good:
        how = result.reason or (f"verified by {result.verified_by}" if result.verified_by else "")
        return f"{result.state:<9}  {name}: {result.path} ({', '.join(filter(None, (size_text(result.size), how)))})"
    hint = f"\n           hint: {result.hint}" if result.hint else ""
    return f"{result.state:<9}  {name}: {visible(result.reason)}{hint}"


def _summary(results: Sequence[WantResult]) -> str:
    parts = [f"{count} {state}" for state in STATES if (count := _count(results, state))]
    again = "" if all(result.is_good for result in results) else "; the same command tries the rest again"
    return f"{count_text(len(results), 'download')}: {', '.join(parts)}, {size_text(_bytes(results))} fetched{again}"


def _document(results: Sequence[WantResult]) -> dict[str, object]:
    totals = {state.value: _count(results, state) for state in STATES}
    return {
        "schema": "wfdeps/batch-result/1",
        "totals": {**totals, "bytes_placed": _bytes(results)},
        "downloads": [want_json(result) for result in results],
    }


def _count(results: Sequence[WantResult], state: WantState) -> int:
    return sum(result.state == state for result in results)


def _bytes(results: Sequence[WantResult]) -> int:
    """Each file once, however many rows asked for it."""
    return sum(
        {result.path: result.size or 0 for result in results if result.state is WantState.PLACED}.values()
    )
