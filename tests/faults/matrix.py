"""Writes MATRIX.md: every numbered fault, what is expected, and what wfdeps and others do.

    python tests/faults/matrix.py [--peers PYTHON]

`PYTHON` is an interpreter that has pypdl, huggingface_hub and comfy-resolve from the package index; without it their
columns are left out, and so are curl, aria2c and wget where they are not installed. Each is given the options that
make it most careful; a peer that checks no hash is not told one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.faults.server import FaultServer, body_sha256  # noqa: E402  found beside us, not installed
from tests.faults.table import FAULTS, SIZE, Fault  # noqa: E402

PATIENCE = 45
"""Seconds until a client counts as hanging."""
Command = list[str]

HUGGINGFACE = """
import sys
from huggingface_hub.file_download import http_get
with open(sys.argv[2] + '.incomplete', 'wb') as file:
    http_get(sys.argv[1], file)
import os
os.replace(sys.argv[2] + '.incomplete', sys.argv[2])
"""
PYPDL = """
import sys, pypdl
done = pypdl.Pypdl().start(sys.argv[1], sys.argv[2], retries=3, display=False, hash_algorithms='sha256')
sys.exit(0 if done and done[0] else 1)
"""
COMFY_RESOLVE = """
import sys
from pathlib import Path
from comfy_resolve.downloader import Downloader, DownloadTask
from comfy_resolve.sources.base import ResolutionResult, ResolvedSource
target = Path(sys.argv[2])
source = ResolvedSource('direct_url', 'x', target.name, sys.argv[1], sys.argv[3] or None)
done = Downloader({}).download_one(DownloadTask(ResolutionResult(target.name, target.name, source, 'high'), target.parent, 'other'))
sys.exit(0 if done.success else 1)
"""


def clients(peers: str | None) -> dict[str, Callable[[str, Path, str], Command]]:
    """Name → the command that fetches an address to a path; the hash is empty where none is known."""
    found: dict[str, Callable[[str, Path, str], Command]] = {"wfdeps": _wfdeps}
    programs = {"aria2c": _aria2, "curl": _curl, "wget": _wget}
    found |= {name: command for name, command in programs.items() if shutil.which(name)}
    if peers:
        scripts = {"huggingface_hub": HUGGINGFACE, "pypdl": PYPDL, "comfy-resolve": COMFY_RESOLVE}
        for name, script in scripts.items():
            found[name] = lambda url, path, sha256, script=script: [
                peers,
                "-c",
                script,
                url,
                str(path),
                sha256,
            ]
    return found


def _wfdeps(url: str, path: Path, sha256: str) -> Command:
    known = ["--sha256", sha256] if sha256 else []
    return [sys.executable, "-m", "wfdeps", "download", url, "--out", str(path), "-q", *known]


def _aria2(url: str, path: Path, sha256: str) -> Command:
    known = [f"--checksum=sha-256={sha256}"] if sha256 else []
    return [
        "aria2c",
        "-q",
        "-d",
        str(path.parent),
        "-o",
        path.name,
        "-x4",
        "-m5",
        "--retry-wait=1",
        "-t15",
        *known,
        url,
    ]


def _curl(url: str, path: Path, sha256: str) -> Command:
    careful = [
        "--fail",
        "--location",
        "--retry",
        "4",
        "--retry-all-errors",
        "--speed-limit",
        "1000",
        "--speed-time",
        "15",
    ]
    return ["curl", "-sS", *careful, "-o", str(path), url]


def _wget(url: str, path: Path, sha256: str) -> Command:
    return ["wget", "-q", "-t", "5", "-T", "15", "--retry-on-http-error=429,503,522", "-O", str(path), url]


def verdict_of(fault: Fault, command: Callable[[str, Path, str], Command]) -> str:
    """What one client makes of one fault, on a server and a folder of its own."""
    with FaultServer() as server, tempfile.TemporaryDirectory() as folder:
        path, truth = Path(folder, "model.bin"), body_sha256(1, SIZE)
        url = server.url(fault.path, size=SIZE, **fault.options)
        try:
            done = subprocess.run(
                command(url, path, truth if fault.hashed else ""),
                capture_output=True,
                timeout=PATIENCE,
                cwd=folder,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
            )
        except subprocess.TimeoutExpired:
            return "hangs"
        if not path.exists():
            return "absent" if done.returncode else "says well, no file"
        right = hashlib.sha256(path.read_bytes()).hexdigest() == truth
        if right:
            return "whole" if done.returncode == 0 else "whole, says failed"
        return "WRONG, says well" if done.returncode == 0 else "wrong file left"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--output", default=str(Path(__file__).with_name("MATRIX.md")))
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    commands = clients(options.peers)
    asked = [(fault, name) for fault in FAULTS if fault.expect for name in commands]
    with ThreadPoolExecutor(options.at_once) as pool:
        answers = dict(
            zip(asked, pool.map(lambda pair: verdict_of(pair[0], commands[pair[1]]), asked), strict=True)
        )
    Path(options.output).write_text(document(commands.keys(), answers), encoding="utf-8")


def document(names: object, answers: dict[tuple[Fault, str], str]) -> str:
    columns = list(names)  # type: ignore[call-overload]
    run = [fault for fault in FAULTS if fault.expect]
    kept = {name: sum(answers[fault, name] == fault.expect for fault in run) for name in columns}
    lines = [
        "# What goes wrong, and what comes of it",
        "",
        "Written by `python tests/faults/matrix.py`; do not edit. The numbers are those of our fault list.",
        "",
        "`whole`: the file is there, right, and the exit code is 0. `absent`: nothing stands under the final name, and",
        "the exit code is not 0. `wrong file left`: it failed, and something that is not the file stands under its name.",
        "**`WRONG, says well`**: exit code 0, and the bytes are not those that were asked for. Peers that check no hash",
        "cannot see some of these; that is the point.",
        "",
        "## Faults of servers",
        "",
        "| # | fault | expected | " + " | ".join(columns) + " |",
        "|---|---|---|" + "---|" * len(columns),
    ]
    for fault in run:
        cells = [_cell(answers[fault, name], fault.expect) for name in columns]
        lines.append(f"| {fault.number} | {fault.what} | {fault.expect} | " + " | ".join(cells) + " |")
    lines.append(
        "| | **as expected** | | " + " | ".join(f"**{kept[name]} of {len(run)}**" for name in columns) + " |"
    )
    lines += ["", "## Shown elsewhere", "", "| # | fault | by |", "|---|---|---|"]
    lines += [f"| {fault.number} | {fault.what} | {fault.shown_by} |" for fault in FAULTS if not fault.expect]
    return "\n".join(lines) + "\n"


def _cell(verdict: str, expected: str) -> str:
    return "✓" if verdict == expected else f"**{verdict}**"


if __name__ == "__main__":
    main()
