"""ComfyUI's own error becomes: what is missing, where it should be, how to get it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.cli.main import main
from wfdeps.match.explain import alike, rejections_in
from wfdeps.schema import problems

DATA = Path(__file__).parent / "data"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A bare tree of model folders with the SDXL base in a subfolder and a UNet among the checkpoints."""
    for key in ("checkpoints", "loras", "vae", "diffusion_models", "text_encoders", "unet", "clip"):
        (tmp_path / "models" / key).mkdir(parents=True)
    for name in (
        "checkpoints/SDXL/sd_xl_base_1.0.safetensors",
        "checkpoints/wan2.1_t2v_1.3B_fp16.safetensors",
    ):
        path = tmp_path / "models" / name
        path.parent.mkdir(exist_ok=True)
        header = b'{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}}'
        path.write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)
    return tmp_path / "models"


def explain(tmp_path: Path, *words: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    environ = {"HOME": str(tmp_path), "WFDEPS_CACHE_DIR": str(tmp_path / "cache"), "NO_COLOR": "1"}
    code = main(["explain", *words], stdout=out, stderr=err, environ=environ)
    return code, out.getvalue(), err.getvalue()


def as_json(tmp_path: Path, models: Path, name: str, *words: str) -> list[dict[str, Any]]:
    code, out, err = explain(tmp_path, str(DATA / name), "--models", str(models), "--json", *words)
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert problems(document, "explain-1") == ()
    return list(document["problems"])


def test_a_checkpoint_in_a_subfolder_is_found_and_the_offered_name_shown(
    tmp_path: Path, models: Path
) -> None:
    checkpoint, sampler = as_json(tmp_path, models, "refused_with_list.json")
    assert (checkpoint["name"], checkpoint["folders"], checkpoint["state"]) == (
        "sd_xl_base_1.0.safetensors",
        ["checkpoints"],
        "present_elsewhere",
    )
    assert checkpoint["alike"] == ["SDXL\\sd_xl_base_1.0.safetensors"]
    assert checkpoint["hint"].startswith("that ComfyUI offers it as `SDXL")
    assert checkpoint["target"] == f"{models}/checkpoints/sd_xl_base_1.0.safetensors"
    assert (sampler["name"], sampler["hint"]) == (None, "this ComfyUI does not offer that value")


def test_a_list_that_was_cut_off_still_tells_folder_and_place(tmp_path: Path, models: Path) -> None:
    encoder, unet = as_json(tmp_path, models, "refused_truncated.json")
    assert (encoder["folders"], encoder["state"]) == (["text_encoders"], "missing")
    assert encoder["target"] == f"{models}/text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors"
    assert encoder["next"] == "wfdeps resolve umt5_xxl_fp8_e4m3fn_scaled.safetensors --folder text_encoders"
    assert (unet["folders"], unet["state"]) == (["diffusion_models"], "wrong_folder")
    assert unet["found"][0]["path"] == str(models / "checkpoints" / "wan2.1_t2v_1.3B_fp16.safetensors")


def test_a_missing_node_class_is_no_missing_model(tmp_path: Path, models: Path) -> None:
    (only,) = as_json(tmp_path, models, "missing_node.json")
    assert (only["name"], only["node_class"]) == (None, "Power Lora Loader (rgthree)")
    assert "not installed" in only["hint"]


def test_a_workers_text_round_the_error_is_read(tmp_path: Path, models: Path) -> None:
    (only,) = as_json(tmp_path, models, "worker.json")
    assert (only["node_id"], only["name"], only["folders"]) == ("10", "style/it's.safetensors", ["loras"])


def test_a_servers_log_is_read(tmp_path: Path, models: Path) -> None:
    rows = as_json(tmp_path, models, "server.log")
    assert [(row["node_id"], row["name"], row["folders"][0]) for row in rows] == [
        ("39", "wan_2.1_vae.safetensors", "vae"),
        ("38", "umt5.safetensors", "text_encoders"),
    ]


def test_a_run_that_broke_names_its_own_folder(tmp_path: Path, models: Path) -> None:
    (only,) = as_json(tmp_path, models, "execution_error.json")
    assert (only["name"], only["folders"]) == ("face_yolov8m.pt", ["ultralytics_bbox"])


def test_with_the_workflow_its_hash_and_its_own_command_are_used(tmp_path: Path, models: Path) -> None:
    workflow = tmp_path / "wf.json"
    node = {
        "class_type": "CLIPLoader",
        "inputs": {"clip_name": "umt5_xxl_fp8_e4m3fn_scaled.safetensors", "type": "wan"},
    }
    workflow.write_text(json.dumps({"38": node}))
    encoder, _ = as_json(tmp_path, models, "refused_truncated.json", "--workflow", str(workflow))
    assert encoder["next"] == f"wfdeps get {workflow} --models {models}"


def test_the_text_says_what_where_and_how(tmp_path: Path, models: Path) -> None:
    code, out, _ = explain(tmp_path, str(DATA / "refused_truncated.json"), "--models", str(models))
    assert code == 0
    assert out.startswith(
        "✗ node 38 CLIPLoader, input clip_name\n"
        "    missing   umt5_xxl_fp8_e4m3fn_scaled.safetensors  (text encoder)\n"
        "    folder    text_encoders\n"
    )
    assert f"    place     {models}/text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors\n" in out


def test_without_model_folders_it_still_explains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = explain(tmp_path, str(DATA / "refused_truncated.json"))
    assert code == 0
    assert "    folder    text_encoders\n" in out
    assert "what is here is not looked at" in err


@pytest.mark.parametrize("text", ["", "{}", "not an error", '{"node_errors": {}}', "[1, 2]"])
def test_what_is_no_error_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    code, out, err = explain(tmp_path, str(path))
    assert (code, out) == (2, "")
    assert err.startswith(f"error: no ComfyUI error in `{path}`\nhint: ")


def execution_error(node_class: str, message: str, kind: str, **inputs: Any) -> str:
    """A body of the shape ComfyUI 0.33 sends: each input as a list."""
    return json.dumps(
        {
            "prompt_id": "1",
            "node_id": "7",
            "node_type": node_class,
            "executed": [],
            "exception_message": message,
            "exception_type": kind,
            "traceback": ["…"],
            "current_inputs": {name: [value] for name, value in inputs.items()},
            "current_outputs": ["7"],
        }
    )


GATED = """401 Client Error.

Cannot access gated repo for url https://huggingface.co/ours/closed/resolve/main/config.json.
Access to model ours/closed is restricted. You must have access to it and be authenticated to access it."""
HEADER = "Error while deserializing header: HeaderTooLarge"
PASTED = {
    "dialog": (
        "Prompt outputs failed validation\n\nVAELoader:\n- Value not in list: vae_name: 'x.sft' not in ['a.pt']\n"
        "Power Lora Loader (rgthree):\n- Value not in list: lora_1: 'y.safetensors' not in []",
        [
            ("x.sft", "vae", "", "wfdeps resolve x.sft"),
            ("y.safetensors", "loras", "", "wfdeps resolve y.safe"),
        ],
    ),
    "ignored embedding": (
        "got prompt\nwarning, embedding:soft does not exist, ignoring\n",
        [("soft", "embeddings", "", "wfdeps resolve soft --folder embeddings")],
    ),
    "glued embeddings": (
        "warning, embedding:one,embedding:two, does not exist, ignoring",
        [
            ("one", "embeddings", "as one name", "wfdeps resolve one"),
            ("two", "embeddings", "as one name", "wfdeps resolve two"),
        ],
    ),
    "console": (
        f"!!! Exception during processing !!! {HEADER}\n\nFile path: /opt/ComfyUI/models/loras/sub/l.safetensors\n",
        [("sub/l.safetensors", "loras", "no safetensors file", "wfdeps resolve sub/l.safetensors")],
    ),
    "a Windows console": (
        "Error while deserializing header: MetadataIncompleteBuffer\nFile path: C:\\C\\models\\vae\\v.safetensors",
        [("v.safetensors", "vae", "cut short", "wfdeps resolve v.safetensors")],
    ),
    "the frontend's report": (
        "# ComfyUI Error Report\n## Error Details\n- **Node ID:** 7\n- **Node Type:** CheckpointLoaderSimple\n"
        f"- **Exception Type:** SafetensorError\n- **Exception Message:** {HEADER}\n\n"
        "File path: /x/models/checkpoints/b.safetensors",
        [("b.safetensors", "checkpoints", "no safetensors file", "wfdeps resolve b.safetensors")],
    ),
    "gated": (GATED, [(None, None, "accepted its terms", "wfdeps auth check")]),
    "execution error": (
        execution_error(
            "UNETLoader", f"{HEADER}\n", "SafetensorError", unet_name="u.safetensors", dtype="default"
        ),
        [("u.safetensors", "diffusion_models", "no safetensors file", "wfdeps resolve u.safetensors")],
    ),
    "empty message": (
        execution_error("UpscaleModelLoader", "\n", "spandrel.UnsupportedModelError", model_name="r.pth"),
        [("r.pth", "upscale_models", "no model that this node can load", "")],
    ),
    "no file at all": (
        execution_error("KSampler", "CUDA error", "RuntimeError", seed=1),
        [(None, None, "", "")],
    ),
    "a class of another pack": (
        json.dumps(
            {
                "error": {
                    "type": "missing_node_type",
                    "message": "Node 'Loader' not found. The custom node may not be installed.",
                    "details": "Node ID '#1'",
                    "extra_info": {"node_id": "1", "class_type": "Power Lora Loader (rgthree)"},
                },
                "node_errors": {},
            }
        ),
        [(None, None, "", "comfy node install ")],
    ),
    "a class that nobody lists": (
        "Cannot execute because node NobodysOwnNode does not exist.",
        [(None, None, "", "")],
    ),
}


@pytest.mark.parametrize("name", PASTED)
def test_what_people_paste_is_understood(tmp_path: Path, models: Path, name: str) -> None:
    text, wanted = PASTED[name]
    path = tmp_path / "pasted"
    path.write_text(text)
    code, out, _ = explain(tmp_path, str(path), "--models", str(models), "--json")
    assert code == 0
    rows = json.loads(out)["problems"]
    assert problems(json.loads(out), "explain-1") == ()
    assert len(rows) == len(wanted)
    for row, (file, folder, cause, command) in zip(rows, wanted, strict=True):
        assert (row["name"], row["folders"][0] if row["folders"] else None) == (file, folder)
        assert cause in row["cause"]
        assert row["next"].startswith(command) if command else not row["next"]
        assert row["hint"], "there is always a next step in words"
    assert explain(tmp_path, str(path), "--models", str(models))[1].count("  → ") == len(wanted)


def test_a_file_that_broke_a_run_is_judged_by_what_it_is(tmp_path: Path, models: Path) -> None:
    page, sound = models / "checkpoints" / "page.safetensors", models / "checkpoints" / "SDXL"
    page.write_bytes(b"<!DOCTYPE html><title>Entry not found</title>")
    path = tmp_path / "e.json"
    for checkpoint, vae in (
        ("page.safetensors", "none"),
        ("page.safetensors", "SDXL/sd_xl_base_1.0.safetensors"),
    ):
        path.write_text(
            execution_error("CheckpointLoaderSimple", HEADER, "E", ckpt_name=checkpoint, other=vae)
        )
        (row,) = as_json(tmp_path, models, str(path))
        assert (row["name"], row["state"], row["found"][0]["path"]) == (
            "page.safetensors",
            "corrupt",
            str(page),
        )
        assert row["cause"] == "html page"
    assert sound.is_dir()


def test_every_error_of_a_real_comfyui_names_the_file_the_cause_and_a_next_step(
    tmp_path: Path, models: Path, shared: Path
) -> None:
    files_of = {
        "01": ["nothere.safetensors"],
        "02": ["c.safetensors", "a.safetensors", "sub\\b.safetensors"],
        "03": [None, None],
        "04": [None],
        "05": [None],
        "06": ["corrupt.safetensors"],
        "09": ["html.safetensors"],
        "10": ["lora_as_ckpt.safetensors"],
        "12": ["junk.safetensors"],
        "14": ["junk.safetensors"],
        "18": ["bad.ckpt"],
        "20": [None],
    }
    folder = shared / "data" / "comfyui_033" / "errors"
    bodies = sorted(path for path in folder.glob("*.json") if not path.name.endswith(".wf.json"))
    assert {path.name[:2] for path in bodies} == {*files_of}
    for body in bodies:
        workflow = body.with_suffix(".wf.json")
        for words in ((), ("--workflow", str(workflow))):
            rows = as_json(tmp_path, models, str(body), *words)
            assert [row["name"] for row in rows] == files_of[body.name[:2]], body.name
            for row in rows:
                is_told = row["cause"] or row["state"] not in (None, "present") or row["message"]
                assert is_told and row["hint"], body.name


def test_the_cases_of_what_was_not_understood_are(tmp_path: Path, models: Path, shared: Path) -> None:
    for name in "bcdn":
        code, out, _ = explain(
            tmp_path,
            str(shared / "cases" / "16-explain-not-understood" / f"{name}.txt"),
            "--models",
            str(models),
        )
        assert (code, "  → " in out) == (0, True)


def test_a_list_in_somebodys_notes_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text("To do:\n- milk: two\n- value: 'x' not in ['a']\n")
    assert explain(tmp_path, str(path))[0] == 2


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    code, _, err = explain(tmp_path, "nowhere.json")
    assert code == 2
    assert err.startswith("error: cannot read `nowhere.json`")


def test_a_name_that_leaves_its_folder_is_given_no_place(tmp_path: Path, models: Path) -> None:
    body = json.loads((DATA / "refused_truncated.json").read_text())
    error = body["node_errors"]["38"]["errors"][0]
    error["extra_info"]["received_value"] = "../../etc/\x1b[2Jpasswd.safetensors"
    path = tmp_path / "e.json"
    path.write_text(json.dumps(body))
    code, out, _ = explain(tmp_path, str(path), "--models", str(models))
    assert code == 0
    assert "\x1b" not in out
    assert "etc" not in "".join(line for line in out.splitlines() if "place" in line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "error",
                    "node_errors",
                    "errors",
                    "type",
                    "message",
                    "details",
                    "extra_info",
                    "input_config",
                    "4",
                    "exception_message",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_body_however_shaped_raises(value: object) -> None:
    rejections_in(json.dumps(value))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=80))
def test_no_text_raises(text: str) -> None:
    rejections_in(text)
    rejections_in("* A 1:\n  - Value not in list: a: 'b' not in [" + text)


def test_alike_prefers_the_same_file_elsewhere_to_a_close_name() -> None:
    options = ("detail_v2.safetensors", "sub\\Detail.safetensors", "other.pt")
    assert alike("detail.safetensors", options)[0] == "sub\\Detail.safetensors"
    assert "other.pt" not in alike("detail.safetensors", options)
