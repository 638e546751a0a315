"""Writes wfdeps/workflow/loaders.json from the tables of node facts beside the checkout.

    python .github/scripts/build_loaders.py ../shared/data/workflows

The tables were read off the nodes' own sources and off a running ComfyUI. What they lack or get wrong is
corrected below, each row with its reason, so that the table can be made anew at any time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[2]
TARGET = HERE / "wfdeps" / "workflow" / "loaders.json"

ALIASES = {
    "unet": "diffusion_models",
    "clip": "text_encoders",
    "unet_gguf": "diffusion_models",
    "clip_gguf": "text_encoders",
    "t2i_adapter": "controlnet",
}

# How the source table's kinds are read here.
KINDS = {
    "combo": "file",
    "stack": "file",
    "switch-stack": "file",
    "dynamic-group": "file",
    "text-substring": "file",
    "user-artifact": "file",
    "object-or-string": "file",
    "auto": "auto",
    "auto-display-name": "auto",
    "combo-fixed-list": "auto",
    "hf-repo-id": "auto",
    "folder": "directory",
    "preset-regex": "preset",
    "object": "objects",
    "object-list": "objects",
    "text-lora-syntax": "mirror",
    "generic": "skip",
}

PICKERS = {"Select to add LoRA", "insert_lora", "insert_embedding"}

# Inputs that list the files of a folder, of nodes that fetch other things (ReActor's swap models come with its installer).
LISTS_ITS_FOLDER = {
    ("IPAdapterFluxLoader", "ipadapter"),
    ("ReActorFaceSwap", "swap_model"),
    ("ReActorFaceSwapOpt", "swap_model"),
}

# Rows of tests and fakes in the packs' own repositories: no such node exists.
NOT_NODES = {
    "FilteredMultiCategoryLoader",
    "ControlledIndexLoader",
    "FakeCustomLoader",
    "TestHMRefNetInjection",
}


def slot(name: str, at: int | None, *folders: str, kind: str = "file", **more: Any) -> dict[str, Any]:
    return {"input": name, "at": at, "folders": list(folders), "kind": kind, **more}


def on(name: str, value: object = True) -> list[Any]:
    return [[name], "is", value]


LORA_STRENGTHS = [["strength_model", "strength_clip"], "not", 0]

# Whose preset picks which files stands in `wfdeps/workflow/presets.json`; the folders they lie in:
IMPLIED = ("ipadapter", "clip_vision", "loras", "insightface")


def preset(*order: str, **more: Any) -> dict[str, Any]:
    return {"slots": [slot("preset", 0, *IMPLIED, kind="preset")], "order": ["preset", *order], **more}


# Annotators of comfyui_controlnet_aux that fetch their weights (`custom_hf_download`), besides those of the tables; the
# others (Canny, Color, Binary, Scribble, Tile …) compute and need none.
ANNOTATORS = (
    "AnimeFace_SemSegPreprocessor", "AnimeLineArtPreprocessor", "AnyLineArtPreprocessor_aux", "BAE-NormalMapPreprocessor",
    "DensePosePreprocessor", "DiffusionEdge_Preprocessor", "FakeScribblePreprocessor", "M-LSDPreprocessor",
    "Manga2Anime_LineArt_Preprocessor", "Metric3D-DepthMapPreprocessor", "Metric3D-NormalMapPreprocessor",
    "MiDaS-NormalMapPreprocessor", "OneFormer-ADE20K-SemSegPreprocessor", "Scribble_PiDiNet_Preprocessor", "SemSegPreprocessor",
    "UniFormer-SemSegPreprocessor",
)  # fmt: skip

# Whole rows: what the tables do not hold, or hold without positions. Read in the packs' sources.
ROWS: dict[str, dict[str, Any]] = {
    "Power Lora Loader (rgthree)": {
        "slots": [
            slot(
                "lora_*", None, "loras", kind="objects", key="lora", on="on", zero=["strength", "strengthTwo"]
            )
        ]
    },
    "LoRA Stacker": {
        "order": ["input_mode", "lora_count"],
        "slots": [
            slot("lora_name_{i}", 2, "loras", repeat=[1, 50, 4], when=[[["lora_count"], "least", "{i}"]])
        ],
    },
    "easy loraStack": {
        "order": ["toggle", "mode", "num_loras"],
        "slots": [
            slot(
                "lora_{i}_name",
                3,
                "loras",
                repeat=[1, 10, 4],
                when=[on("toggle"), [["num_loras"], "least", "{i}"]],
            )
        ],
    },
    "easy controlnetStack": {
        "order": ["toggle", "mode", "num_controlnet"],
        "slots": [
            slot(
                "controlnet_{i}",
                None,
                "controlnet",
                repeat=[1, 10, 1],
                when=[on("toggle"), [["num_controlnet"], "least", "{i}"]],
            )
        ],
    },
    "CR LoRA Stack Model Only JK": {
        "slots": [slot("lora_name_{i}", 1, "loras", repeat=[1, 9, 3], when=[on("switch_{i}", "On")])]
    },
    "LoadLoraModel": {"slots": [slot("loras.{i}.lora_name", None, "loras", repeat=[0, 63, 1])]},
    "LoadLoraTextEncoder": {"slots": [slot("loras.{i}.lora_name", None, "loras", repeat=[0, 63, 1])]},
    "ConditioningLoader": {
        "order": ["conditioning_name"],
        "slots": [slot("conditioning_name", 0, "embeddings")],
    },
    "SAM3DBody_Loader": {"order": ["model_file"], "slots": [slot("model_file", 0, "detection")]},
    **{name: {"slots": [], "auto": True} for name in ANNOTATORS},
    "DepthAnythingV2Preprocessor": {
        "order": ["ckpt_name", "resolution"],
        "slots": [slot("ckpt_name", 0, kind="auto")],
    },
    # huchenlei/ComfyUI-layerdiffuse `load_file_from_url`, kijai/ComfyUI-BrushNet-Wrapper, chflame163's Florence-2,
    # lihaoyun6/ComfyUI-FlashVSR_Ultra_Fast: each fetches from Hugging Face what it does not find.
    **{
        f"LayeredDiffusion{name}": {"slots": [], "auto": True}
        for name in (
            "Apply",
            "CondApply",
            "CondJointApply",
            "DiffApply",
            "JointApply",
            "Decode",
            "DecodeRGBA",
            "DecodeSplit",
        )
    },
    "brushnet_model_loader": {"slots": [slot("brushnet_model", 0, "brushnet", kind="auto")]},
    "LayerMask: LoadFlorence2Model": {"slots": [slot("version", 0, "florence2", kind="auto")]},
    "FlashVSRNode": {"slots": [], "auto": True},
    # idrirap/ComfyUI-Lora-Auto-Trigger-Words
    "LoraLoaderTagsQuery": {
        "order": [
            "lora_name",
            "strength_model",
            "strength_clip",
            "query_tags",
            "tags_out",
            "print_tags",
            "bypass",
            "force_fetch",
        ],
        "slots": [slot("lora_name", 0, "loras")],
    },
    # Classes that two packs have, each with another meaning; `Class@pack` is the row where the workflow says whose it is.
    # (`UpscaleModelLoader`, `SAMLoader`, `Efficient Loader`, the Wan and PuLID loaders: the same row in all their packs.)
    "LoraModelLoader": {"slots": [slot("lora_name", None, "loras")]},  # the core's own takes a LoRA by link
    "LoraModelLoader@comfy-core": {"slots": []},
    "LoraModelLoader@comfyui-mvadapter": {
        "order": ["lora_name", "strength_model"],
        "slots": [slot("lora_name", 0, "loras", when=[[["strength_model"], "not", 0]])],
    },
    "DiffusersPipelineLoader": {
        "slots": [slot("ckpt_name", 0, "checkpoints"), slot("checkpoint_name", None, "checkpoints")]
    },
    "DiffusersPipelineLoader@comfyui-mvadapter": {
        "order": ["ckpt_name", "pipeline_name"],
        "slots": [slot("ckpt_name", 0, "diffusers", kind="auto")],
    },
    "DiffusersVaeLoader": {"slots": [slot("vae_name", 0, "vae")]},
    "DiffusersVaeLoader@comfyui-mvadapter": {"slots": [slot("vae_name", 0, "diffusers", kind="auto")]},
    "LdmPipelineLoader": {
        "order": ["ckpt_name", "pipeline_name"],
        "slots": [slot("ckpt_name", 0, "checkpoints")],
    },
    "PhotoMakerLoader@comfyui-photomaker-plus": {
        "slots": [slot("clip_name", 0, "photomaker"), slot("photomaker_model_name", 0, "photomaker")]
    },
    "IPAdapterUnifiedLoader": preset(),
    "IPAdapterUnifiedLoaderCommunity": preset(),
    "IPAdapterUnifiedLoaderFaceID": preset("lora_strength", "provider"),
    # Easy-Use looks in the same way, and fetches what it does not find (py/nodes/adapter.py `load_model`).
    "easy ipadapterApply": preset("lora_strength", auto=True),
    "easy ipadapterApplyADV": preset("lora_strength", auto=True),
    "easy ipadapterApplyFaceIDKolors": preset("lora_strength", auto=True),
    "easy ipadapterApplyEncoder": preset(auto=True),
    "easy ipadapterStyleComposition": preset(auto=True),
    # The lists of these are computed, which the reading of the sources does not see.
    "FluxLoader": {
        "slots": [
            slot("model_name", 0, "checkpoints", "diffusion_models"),
            slot("clip_name1", 2, "text_encoders", none=[".use_ckpt_clip"]),
            slot("clip_name2_opt", 3, "text_encoders"),
            slot("vae_name", 4, "vae", none=[".use_ckpt_vae"], virtual=True),
            slot("clip_vision_name", 5, "clip_vision"),
            slot("style_model_name", 6, "style_models"),
        ]
    },
    "SD35Loader": {
        "slots": [
            slot("model_name", 0, "checkpoints", "diffusion_models"),
            slot("clip_name1", 2, "text_encoders", none=[".use_ckpt_clip"]),
            slot("clip_name2_opt", 3, "text_encoders"),
            slot("clip_name3_opt", 4, "text_encoders"),
            slot("vae_name", 5, "vae", none=[".use_ckpt_vae"], virtual=True),
        ]
    },
    "ClownModelLoader": {
        "slots": [
            slot("model_name", 0, "checkpoints", "diffusion_models"),
            slot("clip_name1_opt", 2, "text_encoders", none=[".use_ckpt_clip"]),
            slot("clip_name2_opt", 3, "text_encoders"),
            slot("clip_name3_opt", 4, "text_encoders"),
            slot("clip_name4_opt", 5, "text_encoders"),
            slot("vae_name", 7, "vae", none=[".use_ckpt_vae"], virtual=True),
        ]
    },
    "VAELoader": {
        "order": ["vae_name"],
        "slots": [slot("vae_name", 0, "vae", "vae_approx", none=["pixel_space"], virtual=True)],
    },
    "T2IAdapterLoader": {"slots": [slot("t2i_adapter_name", 0, "controlnet")]},
    # SwarmUI's inputs are parameters of its page; the widget holds the default that is run.
    "SwarmInputCheckpoint": {"slots": [slot("value", 1, "checkpoints")]},
    "SwarmInputModelName": {"slots": [slot("value", 1)]},
    "SwarmInputLora": {"slots": [slot("value", 1, "loras")]},
    "SwarmLoraLoader": {"slots": [slot("lora_names", 0, "loras", split=",")]},
}

# What decides whether a listed file is loaded at all: `least` count, `is` value, `not` value (any of the names).
# The server validates the names of these all the same, so such a ref stays required.
WHEN: dict[tuple[str, str], list[Any]] = {
    **{(node, "lora_name"): [LORA_STRENGTHS] for node in ("LoraLoader", "LoraLoader|pysssss")},
    ("LoraLoaderModelOnly", "lora_name"): [[["strength_model"], "not", 0]],
    ("WanVideoLoraSelect", "lora"): [[["strength"], "not", 0]],
    **{("WanVideoLoraSelectMulti", f"lora_{i}"): [[[f"strength_{i}"], "not", 0]] for i in range(5)},
    **{("CR LoRA Stack", f"lora_name_{i}"): [on(f"switch_{i}", "On")] for i in (1, 2, 3)},
    **{("CR Random LoRA Stack", f"lora_name_{i}"): [on(f"switch_{i}", "On")] for i in (1, 2, 3)},
    **{("CR Multi-ControlNet Stack", f"controlnet_{i}"): [on(f"switch_{i}", "On")] for i in (1, 2, 3)},
    **{("CR Multi Upscale Stack", f"upscale_model_{i}"): [on(f"switch_{i}", "On")] for i in (1, 2, 3)},
    **{("CR Model Merge Stack", f"ckpt_name{i}"): [on(f"switch_{i}", "On")] for i in (1, 2, 3)},
    ("CR Load LoRA", "lora_name"): [on("switch", "On")],
    ("HighRes-Fix Script", "pixel_upscaler"): [[["upscale_type"], "not", "latent"]],
    ("HighRes-Fix Script", "control_net_name"): [on("use_controlnet")],
    ("Tiled Upscaler Script", "tile_controlnet"): [on("use_controlnet")],
}
ORDERS = {
    "WanVideoLoraSelect": ["lora", "strength"],
    "WanVideoLoraSelectMulti": [name for i in range(5) for name in (f"lora_{i}", f"strength_{i}")],
    "LoraLoader|pysssss": ["lora_name", "strength_model", "strength_clip"],
    "CR LoRA Stack Model Only JK": [
        name for i in range(1, 10) for name in (f"switch_{i}", f"lora_name_{i}", f"model_weight_{i}")
    ],
}


def main(data: Path) -> None:
    table = json.loads((data / "node_models.json").read_text("utf-8"))
    core = json.loads((data / "core_node_folders.json").read_text("utf-8"))
    outputs = json.loads((data / "output_nodes.json").read_text("utf-8"))
    info = json.loads((data / "object_info_comfyui_0.8.0.json").read_text("utf-8"))
    ids = json.loads((data / "core_node_ids_v0.26.json").read_text("utf-8"))
    classes = _classes(table["nodes"])
    for place, folders in core.items():
        _check_core(classes, place, folders)
    outputs = sorted({*outputs, *(name for name, node in info.items() if node.get("output_node"))})
    known = sorted({*ids, *info} - {*outputs} - {*classes})
    document = {"classes": dict(sorted(classes.items())), "outputs": outputs, "known": known}
    lines = [
        f"{json.dumps(name, ensure_ascii=False)}:{_compact(row)}" for name, row in document["classes"].items()
    ]
    text = (
        '{"classes":{\n'
        + ",\n".join(lines)
        + '\n},\n"outputs":'
        + _compact(outputs)
        + ',\n"known":'
        + _compact(known)
        + "}\n"
    )
    TARGET.write_text(text, "utf-8")
    sys.stdout.write(f"{TARGET.relative_to(HERE)}: {len(classes)} classes, {len(text):,} characters\n")


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _classes(nodes: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, dict[str, Any]] = {}
    for node in sorted(nodes, key=lambda node: (node["source"] != "manual", node["pack"])):
        name = node["node"]
        if name in NOT_NODES or name in found:
            continue
        found[name] = _row(node)
    for name, row in ROWS.items():
        found[name] = {**{key: found.get(name, {}).get(key) for key in ("order",)}, **row}
    return {name: _slim(name, row) for name, row in found.items()}


def _row(node: dict[str, Any]) -> dict[str, Any]:
    slots = []
    for given in node["inputs"]:
        name, kind = node["node"], KINDS[given["kind"]]
        if given["name"] in PICKERS:
            kind = "picker"
        # A list made of what lies in the folder cannot name what is not there yet: only rows read by hand
        # know of a combo whose file the node fetches.
        if (
            kind == "file"
            and node["source"] == "manual"
            and node["auto_download"]
            and (name, given["name"]) not in LISTS_ITS_FOLDER
        ):
            kind = "auto"
        if kind in ("skip", "mirror"):
            continue
        one = slot(
            given["name"],
            given["pos"] if isinstance(given["pos"], int) else None,
            *given["folders"],
            kind=kind,
        )
        none = {*given.get("non_model_values", []), *([given["none"]] if given.get("none") else [])}
        one["none"] = sorted(none - {"None", "none", "[None]", ""})
        if any(value.startswith("tae") for value in none):
            one["virtual"] = True
            one["none"] = [value for value in one["none"] if not value.startswith("tae")]
        if "value_prefix" in given:
            one["prefixes"] = given["value_prefix"]
        if given.get("object_key"):
            one["key"] = given["object_key"]
        if given["kind"] == "object-list":
            one["on"] = "active"
        slots.append(one)
    return {
        "order": node.get("widget_order"),
        "slots": slots,
        "auto": bool(node["auto_download"]) and not slots,
    }


def _slim(name: str, row: dict[str, Any]) -> dict[str, Any]:
    slots = []
    for one in row["slots"]:
        one = dict(one)
        one["folders"] = list(dict.fromkeys(ALIASES.get(key, key) for key in one["folders"]))
        when = WHEN.get((name, one["input"]))
        if when:
            one["when"] = when
        if one["kind"] == "file":
            del one["kind"]
        slots.append({key: value for key, value in one.items() if value not in ([], None)})
    slim: dict[str, Any] = {"slots": slots}
    order = row.get("order") or ORDERS.get(name)
    if order and (len(order) > 1 or order != [one["input"] for one in slots]):
        slim["order"] = order
    if row.get("auto"):
        slim["auto"] = True
    return slim


def _check_core(classes: dict[str, Any], place: str, folders: list[str]) -> None:
    """The running server's truth; the table must say the same."""
    name, _, given = place.rpartition(".")
    expected = list(dict.fromkeys(ALIASES.get(key, key) for key in folders))
    mine = [one["folders"] for one in classes[name]["slots"] if one["input"] == given]
    if not mine or not set(expected) <= set(mine[0]):
        raise SystemExit(f"{place}: the server reads {expected}, the table says {mine}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
