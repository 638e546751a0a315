"""Whole processes beside `python -c pass`: medians of several, interleaved, and what `check` has imported.

python tests/benchmarks/cold_start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

TEMPLATE = "video_wan2_2_14B_i2v.json"
LIMITS = {"check": 4.5, "--help": 3.0}
WHOLE_LIMIT = 2.5
"""Seconds for all templates in one call."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        models = library(home)
        templates = Path(str(files("comfyui_workflow_templates_json"))) / "templates"
        workflow = next(templates.rglob(TEMPLATE))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "--help": [script(), "--help"],
            "refs": [script(), "refs", str(workflow)],
            "check": [script(), "check", str(workflow), "--models", str(models)],
        }
        environ = {**os.environ, "HOME": str(home), "WFDEPS_CACHE_DIR": str(home / "cache")}
        for command in commands.values():
            subprocess.run(command, env=environ, capture_output=True)
        seconds = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                seconds[name].append(timed(command, environ))
        whole = statistics.median(
            timed([script(), "check", str(templates), "--models", str(models), "--format", "json"], environ)
            for _ in range(3)
        )
        modules = imported(workflow, models, environ)
    floor = statistics.median(seconds["python -c pass"])
    missed = whole > WHOLE_LIMIT
    print(f"{'process':16} {'median ms':>10} {'x pass':>7}  limit")
    for name, taken in seconds.items():
        ratio = statistics.median(taken) / floor
        limit = LIMITS.get(name)
        missed = missed or bool(limit and ratio > limit)
        print(f"{name:16} {statistics.median(taken) * 1000:10.1f} {ratio:7.2f}  {limit or ''}")
    print(f"{'644 templates':16} {whole * 1000:10.1f} {whole / floor:7.2f}  {WHOLE_LIMIT} s")
    print(f"\n{len(modules)} modules after `check`:\n{' '.join(modules)}")
    sys.exit(1 if missed else 0)


def library(home: Path) -> Path:
    """A models folder of 500 files in ten folders."""
    models = home / "models"
    for folder in ("checkpoints", "loras", "vae", "text_encoders", "diffusion_models"):
        for number in range(100):
            path = models / folder / f"group{number % 5}" / f"{folder}_{number}.safetensors"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\x02\0\0\0\0\0\0\0{}")
    return models


def script() -> str:
    """The installed console script beside this interpreter."""
    return str(Path(sys.executable).with_name("wfdeps"))


def timed(command: list[str], environ: dict[str, str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, env=environ, capture_output=True)
    return time.perf_counter() - start


def imported(workflow: Path, models: Path, environ: dict[str, str]) -> list[str]:
    """Every module that `check` leaves in sys.modules."""
    code = (
        "import sys; from wfdeps.cli.main import main; "
        f"main(['check', {str(workflow)!r}, '--models', {str(models)!r}]); "
        "print(' '.join(sorted(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True)
    return done.stderr.splitlines()[-1].split()


if __name__ == "__main__":
    main()
