"""`wfdeps demo`: the whole job on generated models, against a hub of its own on this machine. No network."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence

from wfdeps.cli.context import Context
from wfdeps.cli.exit_codes import READY, UNMET
from wfdeps.errors import UsageError
from wfdeps.packaged import sample_path

EXAMPLE = "wfdeps demo --dir /tmp/wfdeps-demo"

WORKFLOW = "demo.json"
_TOKEN = "demo"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", metavar="DIR", help="work here and leave everything to look at (default: a temporary folder)"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    from wfdeps.hub.samples import write_samples
    from wfdeps.hub.server import HubServer

    folder = _folder(arguments.dir)
    shelf = os.path.join(folder, "hub")
    context.out(f"wfdeps demo, in {folder}\n")
    rows = write_samples(shelf)
    with HubServer(catalogue=rows, models=shelf, tokens=[_TOKEN]) as hub:
        context.out(f"A Civitai-compatible hub serves {len(rows)} generated model files at {hub.url}.\n")
        story = _Story(context, folder, hub.url)
        code = story.told()
    if not arguments.dir:
        shutil.rmtree(folder, ignore_errors=True)
    return code


class _Story:
    """The demo's steps, each a real command run as a person would type it."""

    def __init__(self, context: Context, folder: str, hub: str) -> None:
        self._context = context
        self._workflow = os.path.join(folder, WORKFLOW)
        self._models = os.path.join(folder, "models")
        self._lock = os.path.join(folder, "wfdeps.lock")
        self._environ = {
            "HOME": folder,
            "WFDEPS_CIVITAI_URL": hub,
            "CIVITAI_API_TOKEN": _TOKEN,
            "WFDEPS_CACHE_DIR": os.path.join(folder, "cache"),
            "WFDEPS_STATE_DIR": os.path.join(folder, "state"),
            "WFDEPS_CONFIG_DIR": os.path.join(folder, "config"),
        }
        shutil.copyfile(sample_path(WORKFLOW), self._workflow)
        os.makedirs(self._models, exist_ok=True)

    def told(self) -> int:
        """Run all steps; 0 when each ended as it must."""
        place = ["--models", self._models]
        asks = self._context.asks
        first = self._step(
            "1. Can it run here? Offline, exit code 1: files are missing.", ["check", self._workflow, *place]
        )
        self._step(
            "2. Where would they come from? Each with its evidence; nothing is downloaded.",
            ["check", self._workflow, *place, "--online"],
        )
        self._step("3. The dependency graph.", ["graph", self._workflow, *place, "--online"])
        got = self._step(
            "4. Get them: download, verify, place by header, lock."
            + (
                ""
                if asks
                else "\n   One file is ambiguous. No terminal to ask at, so the demo says: take the best."
            ),
            [
                "get",
                self._workflow,
                *place,
                "--lock",
                self._lock,
                *([] if asks else ["--yes", "--auto", "best"]),
            ],
        )
        last = self._step("5. Can it run now?", ["check", self._workflow, *place])
        self._say(_EPILOGUE)
        expected = first == UNMET and got == READY and last == READY
        return READY if expected else UNMET

    def _step(self, title: str, words: Sequence[str]) -> int:
        from wfdeps.cli.main import main  # main runs us: the other way round is only for this one command

        self._say(f"\n── {title}\n$ wfdeps {_typed(words)}\n")
        code = main(words, stdout=self._context.stdout, stderr=self._context.stderr, environ=self._world)
        self._say(f"(exit code {code})")
        return code

    @property
    def _world(self) -> Mapping[str, str]:
        settings = self._context.settings
        return {
            **self._environ,
            **({"NO_COLOR": "1"} if settings.no_color else {}),
            **({"CI": "1"} if settings.ci else {}),
        }

    def _say(self, text: str) -> None:
        self._context.out(text)
        self._context.stdout.flush()


def _folder(named: str | None) -> str:
    if named is None:
        return tempfile.mkdtemp(prefix="wfdeps-demo-")
    folder = os.path.abspath(os.path.expanduser(named))
    if os.path.isdir(folder) and os.listdir(folder):
        raise UsageError(f"`{named}` is not empty", hint="name a new folder; the demo writes over nothing")
    os.makedirs(folder, exist_ok=True)
    return folder


def _typed(words: Sequence[str]) -> str:
    import shlex

    return shlex.join(words)


_EPILOGUE = """
── Now with your own workflow, against the real Civitai:
$ export CIVITAI_API_TOKEN=…     # https://civitai.com/user/account → API keys
$ wfdeps check workflow.png --comfyui ~/ComfyUI
$ wfdeps get workflow.png --comfyui ~/ComfyUI --dry-run
$ wfdeps get workflow.png --comfyui ~/ComfyUI
"""
