"""`wfdeps batch`: many downloads from one file, at once, resumable, with a summary."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import PARTLY_FAILED, READY
from wfdeps.cli.options import add_download_options, add_library_options, add_pickle_option
from wfdeps.console.interrupts import stopping_on_signals
from wfdeps.domain.visible import visible
from wfdeps.domain.wants import WantResult, WantState, bytes_placed
from wfdeps.jobs.acquire import acquire
from wfdeps.jobs.batch import read_batch, settings_for
from wfdeps.report.listings_json import render_batch
from wfdeps.report.wording import count_text, size_text

EXAMPLE = """cat models.yaml
  downloads:
    - {model_type: checkpoints, source: civitai, version_id: 130072}
    - source: huggingface
      model_id: Comfy-Org/flux1-dev
      file_id: flux1-dev-fp8.safetensors
  wfdeps batch models.yaml --comfyui ~/ComfyUI"""


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
        context.out(render_batch(results))
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
    counts = Counter(result.state for result in results)
    parts = [f"{counts[state]} {state}" for state in WantState if counts[state]]
    again = "" if all(result.is_good for result in results) else "; the same command tries the rest again"
    return f"{count_text(len(results), 'download')}: {', '.join(parts)}, {size_text(bytes_placed(results))} fetched{again}"
