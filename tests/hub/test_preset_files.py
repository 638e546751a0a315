"""Files that only a preset implies come from where their pack says, under the names their pack gives them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fakes.hub import run_hub
from tests.hub.rows import lora
from tests.hub.test_sample_workflows import Person
from wfdeps.hub.samples import safetensors_bytes

WORKFLOW = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "sdxl.safetensors"}},
    "2": {
        "class_type": "IPAdapterUnifiedLoader",
        "inputs": {"model": ["1", 0], "preset": "PLUS (high strength)"},
    },
    "3": {"class_type": "KSampler", "inputs": {"model": ["2", 0]}},
    "4": {"class_type": "SaveImage", "inputs": {"images": ["3", 0]}},
}
TENSORS = {
    "sdxl_models/ip-adapter-plus_sdxl_vit-h.safetensors": {"ip_adapter.1.to_k_ip.weight": (8, 8), "image_proj.latents": (1, 16, 8)},
    "models/image_encoder/model.safetensors": {"vision_model.embeddings.class_embedding": (8,), "visual_projection.weight": (8, 8)},
}  # fmt: skip


def test_what_a_preset_implies_is_fetched_and_named_as_its_node_looks_for_it(tmp_path: Path) -> None:
    shelf = tmp_path / "shelf"
    rows = []
    for number, (path, tensors) in enumerate(TENSORS.items(), start=1):
        (shelf / "loras").mkdir(parents=True, exist_ok=True)
        (shelf / "loras" / f"{number}.safetensors").write_bytes(
            safetensors_bytes(tensors, "F16", {}, seed=number)
        )
        rows.append(lora(number, f"m{number}", hf={"repo": "h94/IP-Adapter", "path": path}))
    workflow = tmp_path / "preset.json"
    workflow.write_text(json.dumps(WORKFLOW))
    with run_hub(rows, shelf, tokens=["known"]) as hub:
        person = Person(tmp_path / "one", hub)
        checkpoint = person.models / "checkpoints" / "sdxl.safetensors"
        checkpoint.parent.mkdir()
        checkpoint.write_bytes(safetensors_bytes({"x": (4, 4)}, "F16", {}, seed=9))
        where = ["--models", str(person.models)]
        code, said = person.types("get", str(workflow), *where, "--lock", str(tmp_path / "lock"), "--yes")
        assert code == 0, said
        assert set(person.tree()) == {
            "checkpoints/sdxl.safetensors",
            "clip_vision/CLIP-ViT-H-14-laion2B-s32B-b79K.safetensors",
            "ipadapter/ip-adapter-plus_sdxl_vit-h.safetensors",
        }
        assert person.types("check", str(workflow), *where)[0] == 0
