"""`wfdeps check` beside what a real ComfyUI 0.33 said: 70 random model trees, 6,580 names at loader inputs.

For each name ComfyUI's own `validate_prompt` recorded whether it accepts it. Three kinds of difference:

    false ready     ComfyUI refuses the name, and check does not mind
    false missing   ComfyUI accepts the name, and check says it is not there
    stricter        ComfyUI accepts the name, and check says that its bytes cannot be loaded (validation reads no file)

The limit is no false ready and no false missing. Needs ../shared.

python tests/benchmarks/accuracy_accepts.py [--trees N] [--show N]
"""

from __future__ import annotations

import argparse
import base64
import gzip
import io
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from wfdeps.cli.main import main as wfdeps

ACCEPTS = Path(__file__).resolve().parents[3] / "shared/data/comfyui_033/accepts.json.gz"
MISRECORDED = frozenset({(49, "18", "unet_name")})
"""A name in capitals of which the tree has no file; the 294 others of its kind were refused."""
STRICTER = frozenset({"corrupt"})
"""States that speak of a file's bytes, which ComfyUI reads only when it loads them."""


class Difference(NamedTuple):
    """One name on which the two do not agree."""

    kind: str
    tree: int
    node_class: str
    input_name: str
    value: object
    state: str


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--trees", type=int, default=1000, help="only the first N trees")
    parser.add_argument("--show", type=int, default=12, help="how many differences of a kind to print")
    arguments = parser.parse_args()
    if not ACCEPTS.is_file():
        sys.exit(f"needs {ACCEPTS}")
    with gzip.open(ACCEPTS) as file:
        recorded = json.load(file)
    blobs = [base64.b64decode(text) for text in recorded["blobs"]]
    names, differences = 0, []
    for tree in recorded["trees"][: arguments.trees]:
        names += len(tree["cases"])
        differences += differences_of(tree, blobs)
    counts = Counter(difference.kind for difference in differences)
    for kind in ("false ready", "false missing", "stricter"):
        print(f"{kind:14} {counts[kind]:5} of {names:,}")
        for difference in [one for one in differences if one.kind == kind][: arguments.show]:
            print(f"    {difference}")
    sys.exit(1 if counts["false ready"] or counts["false missing"] else 0)


def differences_of(tree: dict[str, Any], blobs: list[bytes]) -> Iterator[Difference]:
    """Every name of one tree on which check and ComfyUI do not agree."""
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "t")
        make_tree(root, tree["files"], blobs)
        states = states_of(tree, root)
    for node_id, node_class, input_name, _, value, accepted in tree["cases"]:
        if (tree["i"], node_id, input_name) in MISRECORDED:
            continue
        state = states.get((node_id, input_name), "no reference")
        is_ready = state in ("present", "no reference", "optional")
        if is_ready and not accepted:
            kind = "false ready"
        elif accepted and not is_ready:
            kind = "stricter" if state in STRICTER else "false missing"
        else:
            continue
        yield Difference(kind, tree["i"], node_class, input_name, value, state)


def make_tree(root: str, files: list[list[Any]], blobs: list[bytes]) -> None:
    """The recorded files: `["path", "b", i]` bytes of blob i, `t` text, `l` link, `d` empty folder."""
    for path, kind, *content in files:
        place = os.path.join(root, path)
        os.makedirs(place if kind == "d" else os.path.dirname(place), exist_ok=True)
        if kind == "b":
            Path(place).write_bytes(blobs[content[0]])
        elif kind == "t":
            Path(place).write_text(content[0].replace("@TREE@", root), encoding="utf-8")
        elif kind == "l":
            os.symlink(content[0].replace("@TREE@", root), place)


def states_of(tree: dict[str, Any], root: str) -> dict[tuple[str, str], str]:
    """How check says each named input stands, by node id and input."""
    workflow: dict[str, Any] = {}
    for node_id, node_class, input_name, _, value, _ in tree["cases"]:
        workflow[node_id] = {"class_type": node_class, "inputs": {input_name: value}}
    path = os.path.join(os.path.dirname(root), "w.json")
    Path(path).write_text(json.dumps(workflow), encoding="utf-8")
    words = [word.replace("@TREE@", root) for word in tree["args"]]
    out = io.StringIO()
    code = wfdeps(["check", path, *words, "--json"], stdout=out, environ=environ_of(root))
    if code not in (0, 1):
        raise SystemExit(f"tree {tree['i']}: exit code {code}: {out.getvalue()[:500]}")
    report = json.loads(out.getvalue())
    return {
        (site["node_id"], site["input"]): item["state"] for item in report["refs"] for site in item["sites"]
    }


def environ_of(root: str) -> dict[str, str]:
    """An environment without a person's own folders."""
    home = os.path.dirname(root)
    return {"HOME": home, "WFDEPS_CACHE_DIR": f"{home}/cache", "WFDEPS_STATE_DIR": f"{home}/state"}


if __name__ == "__main__":
    main()
