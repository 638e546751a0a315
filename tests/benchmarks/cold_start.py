"""Whole processes beside `python -c pass`, interleaved: processor time, which a busy machine leaves alone, and elapsed.

The limits are for the median ratio of processor time. Also the modules that `check` has imported; byte code is written
and read as for anybody who installed wfdeps, whatever PYTHONDONTWRITEBYTECODE says here.

python tests/benchmarks/cold_start.py [--runs 15]
"""

from __future__ import annotations

import argparse
import os
import resource
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
        environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for command in [*commands.values()] * 2:
            subprocess.run(command, env=environ, capture_output=True)
        taken = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                taken[name].append(timed(command, environ))
        whole = min(
            timed([script(), "check", str(templates), "--models", str(models), "--format", "json"], environ)[
                1
            ]
            for _ in range(3)
        )
        modules = imported(workflow, models, environ)
    missed = whole > WHOLE_LIMIT
    print(
        f"{'process':16} {'cpu ms':>7} {'least':>7} {'x pass':>7} {'limit':>6}   {'elapsed ms':>10} {'x pass':>7}"
    )
    floor = [statistics.median(column) for column in zip(*taken["python -c pass"], strict=True)]
    for name, rows in taken.items():
        cpu, elapsed = (statistics.median(column) for column in zip(*rows, strict=True))
        limit = LIMITS.get(name)
        missed = missed or bool(limit and cpu / floor[0] > limit)
        print(
            f"{name:16} {cpu * 1000:7.1f} {min(rows)[0] * 1000:7.1f} {cpu / floor[0]:7.2f} {limit or '':>6}"
            f"   {elapsed * 1000:10.1f} {elapsed / floor[1]:7.2f}"
        )
    print(f"{'644 templates':16} {whole:.2f} s elapsed, limit {WHOLE_LIMIT} s")
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


def timed(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Seconds of processor time, and seconds elapsed."""
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after, elapsed = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, elapsed


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
