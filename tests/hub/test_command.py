"""`wfdeps hub`, run as a person runs it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.fakes.weights import holding
from tests.hub.rows import lora, write_file
from wfdeps.cli.main import main


def said(home: Path, *words: str) -> tuple[int, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["hub", *words], stdout=out, stderr=err, environ={"HOME": str(home)})
    return code, err.getvalue()


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_serves_and_ends_well(models: Path, tmp_path: Path, end: int) -> None:
    write_file(models, lora(1, "x"))
    tokens = tmp_path / "tokens"
    tokens.write_text("one-token\n")
    words = ["hub", "--models", str(models), "--port", "0", "--token-file", str(tokens), "--require-login"]
    words += ["--index", str(tmp_path / "index.sqlite")]
    hub = subprocess.Popen(
        [sys.executable, "-m", "wfdeps", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # In a job that runs in the background a shell has Ctrl-C ignored; here it must be heard.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    try:
        assert hub.stdout is not None
        url = hub.stdout.readline().strip()
        (item,) = httpx.get(f"{url}/api/v1/models").json()["items"]
        link = item["modelVersions"][0]["downloadUrl"]
        refused, given = httpx.get(link), httpx.get(link, headers={"Authorization": "Bearer one-token"})
    finally:
        hub.send_signal(end)
        _, err = hub.communicate(timeout=20)
    assert (refused.status_code, given.status_code, hub.returncode) == (401, 307, 0)
    assert "1 of them here" in err
    assert "one-token" not in err


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_every_folder_that_is_named_is_served_and_of_a_path_in_two_the_first(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / "loras").mkdir(parents=True)
        (folder / "loras" / "both.safetensors").write_bytes(holding(folder.name.encode()))
        (folder / "loras" / f"{folder.name}.safetensors").write_bytes(
            holding(b"only " + folder.name.encode())
        )
    words = ["--models", str(first), "--models", str(second), "--models", f"{first}/../first", "--port", "0"]
    hub = subprocess.Popen(
        [sys.executable, "-m", "wfdeps", "hub", *words, "--index", str(tmp_path / "index.sqlite")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert hub.stdout is not None
        url = hub.stdout.readline().strip()
        items = httpx.get(f"{url}/api/v1/models").json()["items"]
        links = {item["name"]: item["modelVersions"][0]["downloadUrl"] for item in items}
        given = {name: httpx.get(link, follow_redirects=True).content for name, link in links.items()}
    finally:
        hub.send_signal(signal.SIGTERM)
        _, err = hub.communicate(timeout=20)
    assert given == {
        "both": holding(b"first"),
        "first": holding(b"only first"),
        "second": holding(b"only second"),
    }
    assert [line for line in err.splitlines() if "left out" in line] == [
        f"warning: `{second}/loras/both.safetensors` is left out: a folder named before has a file of that path"
    ]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "nothing to serve"),
        (["--models", "no/such/folder"], "no folder of models"),
        (["--models", "empty", "--models", "no/such/folder"], "no folder of models"),
        (["--catalogue", "no/such/file.jsonl"], "cannot read the catalogue"),
        (["--catalogue", "x", "--token-file", "no/such/file"], "cannot read the token file"),
        (["--models", "empty", "--port", "70000"], "no such port"),
        (["--models", "empty", "--index", "empty"], "cannot remember hashes"),
    ],
)
def test_what_cannot_be_served_is_said_in_one_line(
    words: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    code, err = said(tmp_path, *words)
    assert code == 2
    assert message in err
    assert "Traceback" not in err
