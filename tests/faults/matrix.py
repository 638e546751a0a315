"""Writes MATRIX.md: every numbered fault, what is expected, and what wfdeps and others do.

    python tests/faults/matrix.py [--peers PYTHON]

`PYTHON` is an interpreter that has pypdl, huggingface_hub, comfy-cli, comfy-resolve, kulai and comfydl from the
package index; without it their columns are left out, and so are curl, aria2c and wget where they are not installed.
Each is given the options that make it most careful; a peer that checks no hash is not told one.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

from tests.faults.certificates import make_certificate  # noqa: E402  found beside us, not installed
from tests.faults.local import HARNESSES, SAFE  # noqa: E402
from tests.faults.server import FaultServer, body_sha256  # noqa: E402
from tests.faults.table import FAULTS, SIZE, Fault  # noqa: E402

PATIENCE = 40
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
RESOLVER = """
import sys
from pathlib import Path
from {package}.downloader import Downloader, DownloadTask
from {package}.sources.base import ResolutionResult, ResolvedSource
target = Path(sys.argv[2])
source = ResolvedSource('direct_url', 'x', target.name, sys.argv[1], sys.argv[3] or None)
done = Downloader({{}}).download_one(DownloadTask(ResolutionResult(target.name, target.name, source, 'high'), target.parent, 'other'))
sys.exit(0 if done.success else 1)
"""
COMFY_CLI = """
import sys
from pathlib import Path
from comfy_cli.file_utils import download_file
download_file(sys.argv[1], Path(sys.argv[2]))
"""
COMFYDL = """
import os, sys
from comfydl.utils import download_file
download_file(sys.argv[1], sys.argv[2], 'aria2c')
sys.exit(0 if os.path.exists(sys.argv[2]) and not os.path.exists(sys.argv[2] + '.aria2') else 1)
"""
SCRIPTS = {
    "huggingface_hub": HUGGINGFACE,
    "pypdl": PYPDL,
    "comfy-cli": COMFY_CLI,
    "comfy-resolve": RESOLVER.format(package="comfy_resolve"),
    "kulai": RESOLVER.format(package="kulai"),
    "comfydl": COMFYDL,
}


def clients(peers: str | None) -> dict[str, Callable[[str, Path, str], Command]]:
    """Name → the command that fetches an address to a path; the hash is empty where none is known."""
    found: dict[str, Callable[[str, Path, str], Command]] = {"wfdeps": _wfdeps}
    programs = {"aria2c": _aria2, "curl": _curl, "wget": _wget}
    found |= {name: command for name, command in programs.items() if shutil.which(name)}
    if peers:
        for name, script in SCRIPTS.items():
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
    # A client that hangs may leave a child of its own at work in there.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        if fault.harness:
            came = HARNESSES[fault.harness](command, Path(folder))
            return fault.expect if came == SAFE else came
        with FaultServer(tls=_strange() if "tls" in fault.options else None) as server:
            url = fault.path if "://" in fault.path else server.url(fault.path, size=SIZE, **fault.options)
            return _served(command, url, Path(folder, "model.bin"), fault.hashed)


def _served(command: Callable[[str, Path, str], Command], url: str, path: Path, hashed: bool) -> str:
    truth = body_sha256(1, SIZE)
    try:
        done = subprocess.run(
            command(url, path, truth if hashed else ""),
            capture_output=True,
            timeout=PATIENCE,
            cwd=path.parent,
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


def _strange() -> ssl.SSLContext:
    """TLS with a certificate that nobody vouches for."""
    with tempfile.TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(make_certificate(Path(folder)))
        return context


def tested(fault: Fault) -> str:
    """What the tests of a fault say, run now."""
    names = [f"tests/{name}" for name in fault.tests]
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *names]
    done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY)
    if done.returncode:
        return "FAILED"
    return fault.expect if " passed" in done.stdout or "100%" in done.stdout else "skipped"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--output", default=str(Path(__file__).with_name("MATRIX.md")))
    parser.add_argument("--at-once", type=int, default=4)
    options = parser.parse_args()
    commands = clients(options.peers)
    asked = [(fault, name) for fault in FAULTS if fault.path or fault.harness for name in commands]
    with ThreadPoolExecutor(options.at_once) as pool:
        verdicts = pool.map(lambda pair: verdict_of(pair[0], commands[pair[1]]), asked)
        answers = dict(zip(asked, verdicts, strict=True))
        by_test = [fault for fault in FAULTS if fault.tests]
        answers |= zip(((fault, "wfdeps") for fault in by_test), pool.map(tested, by_test), strict=True)
    Path(options.output).write_text(document(list(commands), answers), encoding="utf-8")


def document(columns: list[str], answers: dict[tuple[Fault, str], str]) -> str:
    """The page: one row for each fault, in the order of their numbers, and how each was shown."""
    everybody = [fault for fault in FAULTS if fault.path or fault.harness]
    lines = [
        *_PREFACE.splitlines(),
        "",
        "| # | fault | expected | " + " | ".join(columns) + " | shown by |",
        "|---|---|---|" + "---|" * (len(columns) + 1),
    ]
    for fault in FAULTS:
        cells = [_cell(fault, name, answers.get((fault, name))) for name in columns]
        lines.append(
            f"| {fault.number} | {fault.what} | {fault.expect} | {' | '.join(cells)} | {_shown(fault)} |"
        )
    sums = [sum(answers[fault, name] == fault.expect for fault in everybody) for name in columns]
    total = " | ".join(f"**{count} of {len(everybody)}**" for count in sums)
    lines.append(f"| | **as expected, of those all are put to** | | {total} | |")
    lines += ["", "## What the tests are", "", "| # | tests, below `tests/` |", "|---|---|"]
    lines += [
        f"| {one.number} | {', '.join(f'`{test}`' for test in one.tests)} |" for one in FAULTS if one.tests
    ]
    return "\n".join(lines) + "\n"


_PREFACE = """# What goes wrong, and what comes of it

Written by `python tests/faults/matrix.py`; do not edit. The numbers are those of our fault list, 1 to 104; letters are
forms of one fault.

*Served* faults are made by `server.py`, *made here* by the harnesses of `local.py` (disks, limits, signals, kills,
other processes): both to every client that takes an address. *Tested* ones are about our own state, readers and API:
the tests named below were run for this table. *Argued* ones cannot be shown where this was written.

`✓`: as expected. `whole`: the file is there, right, and the exit code is 0. `absent`: nothing stands under the final
name, and the exit code is not 0. `wrong file left`: it failed, and something that is not the file stands under its name.
**`WRONG, says well`**: exit code 0, and the bytes are not those that were asked for. Peers that check no hash cannot
see some of these; that is the point."""


def _shown(fault: Fault) -> str:
    if fault.argued:
        return f"argued: {fault.argued}"
    return "tested" if fault.tests else "made here" if fault.harness else "served"


def _cell(fault: Fault, name: str, verdict: str | None) -> str:
    if verdict is None:
        return "argued" if fault.argued and name == "wfdeps" else "–"
    return "✓" if verdict == fault.expect else f"**{verdict}**"


if __name__ == "__main__":
    main()
