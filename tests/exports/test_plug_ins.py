"""A package with an entry point `wfdeps.exports` adds a format; a broken one spoils only itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.exports.making import mixed_lock
from wfdeps.lock.document import to_text

MODULE = """
from wfdeps.exports.values import Format, Setting, TextFile


def render(bundle):
    lines = [f"{bundle.options['sign']} {file.path}" for file in bundle.files]
    return (TextFile("names.txt", "\\n".join(lines) + "\\n"),)


NAMES = Format("the names alone", "names.txt", render, lambda file: "", {"sign": Setting("-", "before each")})
NO_FORMAT = "a text"
"""
ENTRY_POINTS = """
[wfdeps.exports]
names = wfdeps_names:NAMES
broken = wfdeps_nowhere:FORMAT
odd = wfdeps_names:NO_FORMAT
shell = wfdeps_names:NAMES
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of installed packages with the plug-in, as pip leaves it, and a lock."""
    packages = tmp_path / "site"
    info = packages / "wfdeps_names-1.0.dist-info"
    info.mkdir(parents=True)
    (packages / "wfdeps_names.py").write_text(MODULE)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: wfdeps-names\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "wfdeps.lock").write_text(to_text(mixed_lock()))
    return packages


def wfdeps(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(site), str(REPOSITORY)))}
    return subprocess.run(
        [sys.executable, "-m", "wfdeps", *words],
        cwd=site.parent,
        env=environment,
        capture_output=True,
        text=True,
    )


def test_the_plug_in_is_listed_and_exports_with_its_own_options(site: Path) -> None:
    listed = wfdeps(site, "export", "--list").stdout
    assert "names: the names alone\n    --with sign=…  before each (default: -)" in listed
    done = wfdeps(site, "export", "--to", "names", "--with", "sign=*")
    assert (done.returncode, done.stdout.split("\n")[0]) == (0, "* checkpoints/flux1-dev-fp8.safetensors")


@pytest.mark.parametrize("name", ["broken", "odd"])
def test_a_broken_plug_in_is_named_and_the_others_work(site: Path, name: str) -> None:
    done = wfdeps(site, "export", "--to", name)
    assert done.returncode == 2
    assert f"the plug-in for `{name}`" in done.stderr
    assert "Traceback" not in done.stderr
    assert wfdeps(site, "export", "--list").returncode == 0


def test_a_plug_in_does_not_take_the_place_of_a_format_that_comes_with_wfdeps(site: Path) -> None:
    assert wfdeps(site, "export", "--to", "shell").stdout.startswith("#!/bin/sh")
