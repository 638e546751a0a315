"""Turns facts about model files (`data/detection/signatures.json`) into rows of `wfdeps/detect/rules.json`.

How the rules were made: this script wrote the first rows; since then `rules.json` is edited by hand and is
the truth. Run it again when there are new facts: it prints, one a line and ready to paste, the rows whose
`id` the rules do not have yet.

    python tests/detect/import_signatures.py ../shared/data/detection/signatures.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RULES = Path(__file__).resolve().parents[2] / "wfdeps" / "detect" / "rules.json"

SOURCES = {
    "Comfy-Org/ComfyUI:comfy/model_detection.py@0b61ce5baa9e": "comfy-detection",
    "ComfyUI v0.22.0:comfy/sd.py class VAE; mcmonkeyprojects/SwarmUI:src/Text2Image/T2IModelClassSorter.cs@062407c7": "comfy-vae",
    "ComfyUI comfy/lora.py model_lora_keys_unet; mcmonkeyprojects/SwarmUI:src/Text2Image/T2IModelClassSorter.cs@062407c7;"
    " invoke-ai/InvokeAI:invokeai/backend/model_manager/configs@8e71a8a5/lora.py": "comfy-lora",
    "ComfyUI v0.22.0:comfy/controlnet.py; mcmonkeyprojects/SwarmUI:src/Text2Image/T2IModelClassSorter.cs@062407c7": "comfy-controlnet",
}  # fmt: skip
FOLDERS = {
    "xlabs/ipadapters": "xlabs_ipadapters",
    "ultralytics/bbox|segm": "ultralytics_bbox",
    "sams|checkpoints": "checkpoints",
}
TYPES = {"core": "diffusion_model", "lora_arch": "lora"}


def row(fact: dict[str, Any], gate: str) -> dict[str, Any]:
    """One rule: what must hold (`all`, `any`, `none`, `shape`), what it then is, and who says so."""
    source = str(fact.get("source", ""))
    shapes = [
        [test["key"], test.get("side", test.get("dim")), test["op"], test["value"]]
        for test in fact.get("shape", [])
    ]
    regex = "re:" if gate == "lora_arch" else ""
    made = {
        "id": fact["id"],
        "type": fact.get("type") or TYPES[gate],
        "arch": fact["arch"],
        "folder": FOLDERS.get(fact.get("folder", ""), fact.get("folder")),
        **{key: [regex + text for text in fact[key]] for key in ("all", "any", "none") if fact.get(key)},
        "shape": [[regex + str(key), *rest] for key, *rest in shapes],
        "max": fact.get("max_tensors"),
        "variant": fact.get("variant"),
        "source": SOURCES.get(source, source),
    }
    return {key: value for key, value in made.items() if value not in (None, [], "")}


def upscaler_row(fact: dict[str, Any]) -> dict[str, Any]:
    """One of spandrel's own conditions, a tree of `all_of` and `any_of`."""
    return {"id": fact["id"], "type": "upscaler", "arch": fact["id"].lower(), "folder": "upscale_models",
            "tree": fact["cond"], "source": "spandrel"}  # fmt: skip


def rows(signatures: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every fact as a row, by gate."""
    gates = {
        gate: [row(fact, gate) for fact in signatures[gate]]
        for gate in ("special", "core", "vae", "encoders", "lora_arch")
    }
    return {**gates, "upscalers": [upscaler_row(fact) for fact in signatures["upscaler_spandrel"]]}


def main(path: str) -> None:
    signatures = json.loads(Path(path).read_text(encoding="utf-8"))
    known = json.loads(RULES.read_text(encoding="utf-8")) if RULES.exists() else {}
    for gate, made in rows(signatures).items():
        have = {rule["id"] for rule in known.get(gate, [])}
        for rule in made:
            if rule["id"] not in have:
                print(gate, json.dumps(rule))


if __name__ == "__main__":
    main(sys.argv[1])
