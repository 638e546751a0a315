"""Every drawing of the graph comes out of the command line, with and without a ComfyUI around."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from wfdeps.cli.commands.graph import FORMATS
from wfdeps.cli.main import main
from wfdeps.packaged import sample_path


def graph(*words: str, home: Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(
        ["graph", sample_path("demo.json"), *words], stdout=out, stderr=err, environ={"HOME": str(home)}
    )
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_names_every_file(form: str, tmp_path: Path) -> None:
    code, out, _ = graph("--format", form, "--models", str(tmp_path), home=tmp_path)
    assert code == 0
    assert all(name in out for name in ("harbourLight_v20", "clearwater_vae", "low_tide_negative"))


@pytest.mark.parametrize("form", FORMATS)
def test_a_named_file_gets_what_stdout_would(form: str, tmp_path: Path) -> None:
    _, shown, _ = graph("--format", form, "--models", str(tmp_path), home=tmp_path)
    code, out, _ = graph(
        "--format", form, "--models", str(tmp_path), "-o", str(tmp_path / "g"), home=tmp_path
    )
    assert (code, out) == (0, "")
    assert (tmp_path / "g").read_text(encoding="utf-8").rstrip("\n") == shown.rstrip("\n")


def test_without_a_comfyui_the_graph_is_drawn_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    code, out, err = graph(home=tmp_path)
    assert (code, "harbourLight_v20" in out) == (0, True)
    assert err.startswith("note: no ComfyUI folder")
