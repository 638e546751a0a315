"""paths, fix, list, unused, duplicates, verify and store, as a person types them."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.weights import holding
from tests.workflow.writers import png_text
from wfdeps.cli.main import main
from wfdeps.library.store import Store
from wfdeps.schema import problems
from wfdeps.workflow.containers import png

Run = Callable[..., tuple[int, str, str]]


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def lora(*weights: int) -> bytes:
    """A structurally real SD 1.5 LoRA of one module."""
    tensors = {}
    name = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    offset = 0
    for part, shape in ((".lora_down.weight", [1, 320]), (".lora_up.weight", [320, 1]), (".alpha", [])):
        size = 2 * (320 if shape else 1)
        tensors[name + part] = {"dtype": "F16", "shape": shape, "data_offsets": [offset, offset + size]}
        offset += size
    header = json.dumps(tensors).encode()
    return len(header).to_bytes(8, "little") + header + bytes((list(weights) * offset)[:offset])


WORKFLOW = {
    "1": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "base.safetensors"}},
    "2": {
        "class_type": "LoraLoader",
        "inputs": {
            "lora_name": "SDXL\\detail.safetensors",
            "model": ["1", 0],
            "clip": ["1", 1],
            "strength_model": 1,
            "strength_clip": 1,
        },
    },
    "3": {"class_type": "VAELoader", "inputs": {"vae_name": "sharp.safetensors"}},
    "4": {"class_type": "CLIPTextEncode", "inputs": {"text": "x", "clip": ["2", 1]}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 8, "height": 8, "batch_size": 1}},
    "6": {
        "class_type": "KSampler",
        "inputs": {
            "model": ["2", 0],
            "positive": ["4", 0],
            "negative": ["4", 0],
            "latent_image": ["5", 0],
            "seed": 1,
            "steps": 1,
            "cfg": 1,
            "sampler_name": "euler",
            "scheduler": "normal",
            "denoise": 1,
        },
    },
    "7": {"class_type": "VAEDecode", "inputs": {"samples": ["6", 0], "vae": ["3", 0]}},
    "8": {"class_type": "SaveImage", "inputs": {"images": ["7", 0], "filename_prefix": "x"}},
}


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    """A base in its place, a LoRA under the other system's spelling, a VAE in the wrong folder, one file too many."""
    models = tmp_path / "ComfyUI" / "models"
    put(models / "checkpoints" / "base.safetensors", holding(b"base"))
    put(models / "loras" / "SDXL" / "detail.safetensors", lora(1))
    put(models / "checkpoints" / "sharp.safetensors", holding(b"vae"))
    put(models / "loras" / "idle.safetensors", lora(1))
    (models / "vae").mkdir()
    return tmp_path / "ComfyUI"


@pytest.fixture
def workflow(tmp_path: Path) -> str:
    return str(put(tmp_path / "wf.json", json.dumps(WORKFLOW, indent=2).encode()))


@pytest.fixture
def run(tmp_path: Path, comfyui: Path) -> Run:
    def call(*words: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        environ = {
            "HOME": str(tmp_path),
            "COMFYUI_PATH": str(comfyui),
            "WFDEPS_CACHE_DIR": str(tmp_path / "cache"),
        }
        code = main(list(words), stdout=out, stderr=err, environ=environ)
        return code, out.getvalue(), err.getvalue()

    return call


# ── paths


def test_paths_shows_the_folders_that_exist_and_where_new_files_go(run: Run, comfyui: Path) -> None:
    code, out, err = run("paths")
    assert (code, err) == (0, "")
    assert f"→ {comfyui / 'models' / 'loras'}  (models root)" in out
    assert "style_models" not in out
    assert str(comfyui / "output" / "loras") in run("paths", "loras")[1]


def test_paths_as_json_says_everything(run: Run, comfyui: Path) -> None:
    document = json.loads(run("paths", "--json")[1])
    assert document["schema"] == "wfdeps/paths/1"
    assert document["models_root"] == str(comfyui / "models")
    receivers = [
        row["path"] for row in document["folders"] if row["key"] == "diffusion_models" and row["receives"]
    ]
    assert receivers == [str(comfyui / "models" / "diffusion_models")]


def test_paths_lists_the_names_a_loader_would_offer(run: Run) -> None:
    assert run("paths", "--names", "loras")[1] == "SDXL/detail.safetensors\nidle.safetensors\n"


def test_paths_knows_keys_by_their_old_names_and_says_which_it_does_not_know(run: Run) -> None:
    assert run("paths", "unet") == run("paths", "diffusion_models")
    assert run("paths", "--names", "clip") == run("paths", "--names", "text_encoders")
    assert run("paths", "loars")[0] == 2
    assert "did you mean `loras`?" in run("paths", "loars")[2]
    assert "its files stand in `diffusion_models`" in run("paths", "--names", "unet_gguf")[2]


def test_paths_shows_what_comfyui_keeps_beside_its_models_and_searches_no_model_there(
    run: Run, comfyui: Path
) -> None:
    put(comfyui / "custom_nodes" / "pack" / "weights.safetensors", b"weights")
    assert run("paths", "--names", "custom_nodes")[1] == "pack/weights.safetensors\n"
    assert "custom_nodes" not in run("paths", "--names")[1]
    assert f"    {comfyui / 'custom_nodes'}  (base directory; every file counts)" in run("paths")[1]
    assert "weights" not in run("list")[1]


def test_names_come_as_json_too_and_no_name_writes_to_the_terminal(run: Run, comfyui: Path) -> None:
    put(comfyui / "models" / "vae" / "new\nline\x1b[31m.safetensors", b"weights")
    assert run("paths", "--names", "vae")[1] == "new\\x0aline\\x1b[31m.safetensors\n"
    document = json.loads(run("paths", "--names", "--json", "vae", "unet")[1])
    assert problems(document, "paths-1") == ()
    assert document["names"] == {"vae": ["new\nline\x1b[31m.safetensors"], "diffusion_models": []}


def test_a_yaml_that_stops_comfyui_turns_the_exit_code(run: Run, comfyui: Path) -> None:
    put(comfyui / "extra_model_paths.yaml", b"a:\n  vae:\n")
    code, _, err = run("paths")
    assert code == 1
    assert "ComfyUI does not start with it" in err


# ── fix


def test_fix_says_what_it_would_do_and_does_nothing(run: Run, comfyui: Path, workflow: str) -> None:
    code, out, err = run("fix", workflow)
    assert code == 1
    assert str(comfyui / "models" / "vae" / "sharp.safetensors") in out
    assert "--rewrite" in err
    assert "--apply" in err
    assert os.listdir(comfyui / "models" / "vae") == []


def test_a_link_and_a_respelling_make_the_workflow_ready(
    run: Run, comfyui: Path, workflow: str, tmp_path: Path
) -> None:
    assert run("check", workflow)[0] == 1
    assert run("fix", workflow, "--link", "--apply")[0] == 1
    assert (comfyui / "models" / "vae" / "sharp.safetensors").read_bytes() == holding(b"vae")
    assert (comfyui / "models" / "checkpoints" / "sharp.safetensors").exists()
    out = str(tmp_path / "out.json")
    assert run("fix", workflow, "--rewrite", out, "--apply")[0] == 0
    assert json.loads(Path(out).read_text())["2"]["inputs"]["lora_name"] == "SDXL/detail.safetensors"
    assert run("check", out)[0] == 0


def test_an_image_is_respelled_in_a_new_image_and_can_be_run(run: Run, comfyui: Path, tmp_path: Path) -> None:
    image = put(tmp_path / "wf.png", png_text({"prompt": json.dumps(WORKFLOW)}))
    out = str(tmp_path / "out.png")
    run("fix", str(image), "--link", "--apply")
    assert run("fix", str(image), "--rewrite", out, "--apply")[0] == 0
    assert run("check", out)[0] == 0
    assert dict(png.texts(image.read_bytes())) == {"prompt": json.dumps(WORKFLOW)}


def test_json_is_not_written_as_an_image(run: Run, workflow: str, tmp_path: Path) -> None:
    code, _, err = run("fix", workflow, "--rewrite", str(tmp_path / "out.png"), "--apply")
    assert code == 2
    assert "it is no PNG\nhint: name a .json file" in err
    assert not (tmp_path / "out.png").exists()


def test_a_rewrite_overwrites_nothing(run: Run, workflow: str, tmp_path: Path) -> None:
    put(tmp_path / "out.json", b"mine")
    code, _, err = run("fix", workflow, "--rewrite", str(tmp_path / "out.json"), "--apply")
    assert code == 4
    assert "exists already" in err
    assert (tmp_path / "out.json").read_bytes() == b"mine"


def test_a_move_takes_the_sidecar_along(run: Run, comfyui: Path, workflow: str) -> None:
    models = comfyui / "models"
    put(models / "checkpoints" / "sharp.safetensors.civitai.json", b"{}")
    run("fix", workflow, "--move", "--apply")
    assert sorted(os.listdir(models / "vae")) == ["sharp.safetensors", "sharp.safetensors.civitai.json"]
    assert not (models / "checkpoints" / "sharp.safetensors").exists()


def test_a_copy_is_a_file_of_its_own(run: Run, comfyui: Path, workflow: str) -> None:
    run("fix", workflow, "--copy", "--apply")
    one, two = (
        comfyui / "models" / "checkpoints" / "sharp.safetensors",
        comfyui / "models" / "vae" / "sharp.safetensors",
    )
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_ino != two.stat().st_ino


def test_of_several_files_of_one_name_none_is_taken(run: Run, comfyui: Path, workflow: str) -> None:
    put(comfyui / "models" / "loras" / "sharp.safetensors", holding(b"another"))
    code, out, err = run("fix", workflow)
    assert code == 1
    assert "sharp" not in out
    assert "2 files have that name" in err


@pytest.mark.parametrize("words", [("fix",), ("unused",), ("list", "--workflows")])
def test_a_workflow_that_cannot_be_read_stops_what_would_be_said_of_it(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    put(tmp_path / "bad.json", b"{")
    code, out, err = run(*words, str(tmp_path / "bad.json"))
    assert (code, out) == (2, "")
    assert err.startswith("error: ")


# ── list, unused, duplicates, verify


def test_list_tells_what_each_file_is_and_who_uses_it(run: Run, workflow: str) -> None:
    document = json.loads(run("list", "--json", "--workflows", workflow)[1])
    rows = {row["name"]: row for row in document["files"]}
    assert rows["idle.safetensors"]["model_type"] == "lora"
    assert rows["SDXL/detail.safetensors"]["used_by"] == [workflow]
    assert rows["idle.safetensors"]["used_by"] == []
    assert [row["folder"] for row in document["files"]] == ["checkpoints", "checkpoints", "loras", "loras"]


def test_list_can_be_narrowed_by_folder_or_by_type(run: Run) -> None:
    for wanted in ("loras", "lora"):
        assert "2 files" in run("list", "--model-type", wanted)[1]
    assert "0 files" in run("list", "--model-type", "vae")[1]


def test_unused_lists_what_no_workflow_names(run: Run, comfyui: Path, workflow: str) -> None:
    code, out, err = run("unused", workflow)
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()] == [
        str(comfyui / "models" / "loras" / "idle.safetensors")
    ]
    assert "1 of 4 files unused" in err


def test_duplicates_are_told_by_content_and_links_are_none(run: Run, comfyui: Path) -> None:
    loras = comfyui / "models" / "loras"
    os.link(loras / "idle.safetensors", loras / "linked.safetensors")
    document = json.loads(run("duplicates", "--json")[1])
    (group,) = document["groups"]
    assert group["sha256"] == hashlib.sha256(lora(1)).hexdigest()
    assert len(group["paths"]) == 2


def test_verify_compares_with_the_hash_beside_the_file(run: Run, comfyui: Path) -> None:
    path = comfyui / "models" / "loras" / "idle.safetensors"
    right = hashlib.sha256(lora(1)).hexdigest()
    sidecar = Path(f"{path}.civitai.json")
    sidecar.write_text(json.dumps({"schema": "wfdeps/sidecar/1", "hashes": {"sha256": right}}))
    code, out, err = run("verify", "--deep")
    assert (code, out) == (0, "")
    assert "1 proven" in err
    path.write_bytes(lora(2))
    code, out, _ = run("verify", "--deep")
    assert code == 1
    assert "its sidecar says" in out


def test_verify_finds_bytes_that_changed_while_the_times_did_not(run: Run, comfyui: Path) -> None:
    path = comfyui / "models" / "loras" / "idle.safetensors"
    path.write_bytes(lora(1)[:-1])
    code, out, _ = run("verify")
    assert code == 1
    assert "truncated" in out


def test_every_document_keeps_its_schema(run: Run, workflow: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    Store(folder).adopt(str(put(tmp_path / "staged", b"x")), hashlib.sha256(b"x").hexdigest())
    lines = {
        "paths-1": ("paths",),
        "library-1": ("list", "--workflows", workflow),
        "unused-1": ("unused", workflow),
        "duplicates-1": ("duplicates",),
        "verify-1": ("verify",),
        "store-1": ("store", "ls", "--store", folder),
    }
    for name, words in lines.items():
        assert problems(json.loads(run(*words, "--json")[1]), name) == (), name


def test_no_document_shows_a_terminal_what_would_not_show_and_each_reads_back(
    run: Run, workflow: str, comfyui: Path
) -> None:
    name = "a\u202egnp.safetensors"
    path = comfyui / "models" / "loras" / name
    path.write_bytes(lora(9))
    for words in (("list",), ("unused", workflow), ("verify",), ("paths", "loras", "--names")):
        text = run(*words, "--json")[1]
        assert "\u202e" not in text, words
        assert name in json.dumps(json.loads(text), ensure_ascii=False), words


# ── store


def test_gc_says_what_it_would_remove_and_removes_it_when_told(run: Run, tmp_path: Path) -> None:
    folder = str(tmp_path / "store")
    Store(folder).adopt(str(put(tmp_path / "staged", b"x")), hashlib.sha256(b"x").hexdigest())
    assert hashlib.sha256(b"x").hexdigest() in run("store", "ls", "--store", folder)[1]
    assert run("store", "verify", "--store", folder)[0] == 0
    code, out, err = run("store", "gc", "--store", folder)
    assert (code, len(out.splitlines())) == (0, 1)
    assert "--apply does it" in err
    run("store", "gc", "--store", folder, "--apply")
    assert run("store", "ls", "--store", folder)[1] == ""


def test_gc_keeps_everything_while_a_tree_of_another_volume_cannot_be_seen(run: Run, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    store.adopt(str(put(tmp_path / "staged", b"x")), hashlib.sha256(b"x").hexdigest())
    tree = str(tmp_path / "unmounted")
    store.trees.note(tree)
    note = Path(store.trees.note_of(tree))
    note.write_text(json.dumps({"path": tree, "elsewhere": True, "mount": tree}))
    code, _, err = run("store", "gc", "--store", store.folder, "--apply")
    assert code == 2
    assert "cannot be seen" in err
    assert len(tuple(store.files())) == 1
    assert str(note) in err
    note.unlink()
    assert run("store", "gc", "--store", store.folder, "--apply")[0] == 0
    assert tuple(store.files()) == ()


def test_verify_finds_a_flipped_bit_says_where_it_is_linked_and_what_to_do(run: Run, tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    stored = Path(store.adopt(str(put(tmp_path / "staged", b"x")), hashlib.sha256(b"x").hexdigest()))
    tree = tmp_path / "tree"
    store.link(str(stored), str(tree / "a.pt"), root=str(tree), kinds=("hardlink",))
    stored.chmod(0o644)
    stored.write_bytes(b"y")
    code, out, err = run("store", "verify", "--store", store.folder)
    assert code == 1
    assert str(stored) in out
    assert str(tree / "a.pt") in err
    assert "store verify --apply" in err
    assert stored.exists()
    code, _, err = run("store", "verify", "--store", store.folder, "--apply")
    assert (code, stored.exists()) == (1, False)
    assert "removed" in err
    assert run("store", "verify", "--store", store.folder)[0] == 0


def test_a_store_of_the_config_may_stand_in_the_home_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    Store(str(tmp_path / "st")).adopt(str(put(tmp_path / "staged", b"x")), hashlib.sha256(b"x").hexdigest())
    config = put(tmp_path / "st.toml", b'[library]\nstore = "~/st"\n')
    code, out, _ = run("store", "ls", "--config", str(config))
    assert (code, len(out.splitlines())) == (0, 1)
