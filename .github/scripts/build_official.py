"""Makes `wfdeps/sources/official.json`: where ComfyUI's own templates say their models are to be had.

    python .github/scripts/build_official.py

Reads the packages comfyui-workflow-templates-json and comfyui-subgraph-blueprints of the dev extra. Only facts are
kept: file name, folder, URL, and the hash where one is given.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parents[2] / "wfdeps/sources/official.json"


def models_in(value: Any) -> Iterator[dict[str, Any]]:
    """Every `models` entry, wherever it stands."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "models" and isinstance(inner, list):
                yield from (
                    one for one in inner if isinstance(one, dict) and one.get("url") and one.get("name")
                )
            yield from models_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from models_in(inner)


def main() -> None:
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    for package in ("comfyui_workflow_templates_json", "comfyui_subgraph_blueprints"):
        for path in sorted(Path(str(files(package))).rglob("*.json")):
            for model in models_in(json.loads(path.read_text(encoding="utf-8"))):
                url = model["url"].partition("?")[0]
                row = {"filename": model["name"], "save_path": model.get("directory", ""), "url": url}
                if model.get("hash") and model.get("hash_type", "").upper() == "SHA256":
                    row["sha256"] = model["hash"].lower()
                key = (row["filename"], row["save_path"], url)
                rows[key] = {**rows.get(key, {}), **row}
    body = ",\n".join(json.dumps(rows[key]) for key in sorted(rows))
    TARGET.write_text('{"models": [\n' + body + "\n]}\n", encoding="utf-8")
    sys.stdout.write(f"{len(rows)} files of {len({name for name, _, _ in rows})} names\n")


if __name__ == "__main__":
    main()
