"""Other tools' files as a lock: what they say is taken, what they do not say stays unknown, nothing in them is run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import UnsafePathError, UsageError
from wfdeps.exports.importing import folder_and_name
from wfdeps.exports.registry import READERS, import_text, recognised
from wfdeps.exports.values import Imported

SHA = "31e35c80fc4829d14f90153f4c74cd59c90b779f6afe05a74cd6120b893f7e5b"
BASE = "https://huggingface.co/a/b/resolve/main"


def of(text: str, form: str = "script") -> Imported:
    return import_text(text, form, "the file")


def paths(imported: Imported) -> dict[str, tuple[str, ...]]:
    return {entry.path: tuple(source.url for source in entry.sources) for entry in imported.lock.entries}


def left_out(imported: Imported) -> dict[str, str]:
    return {one.what: one.reason for one in imported.left_out}


# ── scripts and Dockerfiles ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "path", "url"),
    [
        (f"wget -O models/vae/x.safetensors {BASE}/ae.safetensors", "vae/x.safetensors", "ae.safetensors"),
        (f"wget -q --show-progress -nc -P /ComfyUI/models/loras/ {BASE}/a.pt", "loras/a.pt", "a.pt"),
        (
            f"wget {BASE}/a.safetensors -qO /comfyui/models/unet/b.safetensors",
            "diffusion_models/b.safetensors",
            "a.safetensors",
        ),
        (
            f"wget --output-document=models/clip/c.gguf '{BASE}/a.gguf?download=true'",
            "text_encoders/c.gguf",
            "a.gguf",
        ),
        (f"wget -O- {BASE}/a.pt > models/sams/a.pt", "sams/a.pt", "a.pt"),
        (f"cd /ComfyUI/models/loras && wget {BASE}/a.pt", "loras/a.pt", "a.pt"),
        (
            f'curl -fsSL --retry 3 -o "models/loras/my style/a b.pt" {BASE}/a.pt',
            "loras/my style/a b.pt",
            "a.pt",
        ),
        (f"curl -L {BASE}/a.pt --output models/loras/a.pt --create-dirs", "loras/a.pt", "a.pt"),
        (f"curl -LO --output-dir models/loras {BASE}/a.pt", "loras/a.pt", "a.pt"),
        (f"curl -L {BASE}/a.pt > models/ultralytics/bbox/a.pt", "ultralytics_bbox/a.pt", "a.pt"),
        (f"aria2c -x16 -s 16 -k1M -c {BASE}/a.pt -d models/loras -o b.pt", "loras/b.pt", "a.pt"),
        (f"aria2c --console-log-level=error {BASE}/a.pt --dir=models/loras", "loras/a.pt", "a.pt"),
        (
            f"comfy model download --url {BASE}/a.pt --relative-path models/loras/x --filename y.pt",
            "loras/x/y.pt",
            "a.pt",
        ),
        ("hf download a/b split/a.pt --local-dir models/loras", "loras/split/a.pt", "split/a.pt"),
        ("huggingface-cli download a/b a.pt --revision main --local-dir=models/loras", "loras/a.pt", "a.pt"),
        (f"ADD {BASE}/a.pt /comfyui/models/loras/", "loras/a.pt", "a.pt"),
        (f'ADD --chmod=644 ["{BASE}/a.pt", "/comfyui/models/loras/a b.pt"]', "loras/a b.pt", "a.pt"),
        (f"RUN --mount=type=cache,target=/x sudo wget -P models/loras {BASE}/a.pt", "loras/a.pt", "a.pt"),
        (f'RUN ["wget", "-O", "models/loras/a.pt", "{BASE}/a.pt"]', "loras/a.pt", "a.pt"),
        (f"if [ ! -f x ]; then wget -P models/loras {BASE}/a.pt; fi", "loras/a.pt", "a.pt"),
        ("wget -P models/loras https://huggingface.co/a/b/blob/main/a.pt", "loras/a.pt", "a.pt"),
    ],
)
def test_each_way_to_download_is_understood(line: str, path: str, url: str) -> None:
    found = of(line)
    assert (paths(found), found.left_out) == ({path: (f"{BASE}/{url}",)}, ())
    (entry,) = found.lock.entries
    assert (entry.sha256, entry.size, entry.chosen_by) == (None, None, ChosenBy.URL)
    assert entry.evidence == ("named by the file",)


WORKER = f"""\
# syntax=docker/dockerfile:1
FROM runpod/worker-comfyui:5.5.0-base
ARG HF={BASE}
ENV COMFY /comfyui
WORKDIR /comfyui
RUN comfy-node-install comfyui-impact-pack && apt-get install -y aria2
RUN comfy model download --url ${{HF}}/one.safetensors --relative-path models/checkpoints --filename one.safetensors
# RUN wget -P models/loras {BASE}/commented-out.safetensors
RUN wget -q -O $COMFY/models/vae/two.safetensors "$HF/two.safetensors" && \\
    # the text encoder
    cd models/clip && wget -q {BASE}/three.safetensors && \\
    echo "{SHA}  three.safetensors" | sha256sum -c -
RUN wget -P models/loras {BASE}/four.safetensors
ADD --checksum=sha256:{SHA} {BASE}/five.safetensors models/loras/five.safetensors
RUN curl -fsSL https://example.org/install.sh | bash
COPY input/ /comfyui/input/
"""


def test_a_dockerfile_is_read_with_its_folders_variables_and_hashes() -> None:
    found = of(WORKER)
    assert found.left_out == ()
    assert {entry.path: entry.sha256 for entry in found.lock.entries} == {
        "checkpoints/one.safetensors": None,
        "vae/two.safetensors": None,
        "text_encoders/three.safetensors": SHA,
        "loras/four.safetensors": None,
        "loras/five.safetensors": SHA,
    }
    assert paths(found)["vae/two.safetensors"] == (f"{BASE}/two.safetensors",)


@pytest.mark.parametrize(
    ("line", "what", "reason"),
    [
        ("wget -P models/loras --content-disposition https://civitai.com/api/download/models/1",
         "https://civitai.com/api/download/models/1", "only the server knows its file name"),
        (f"wget -O models/loras/$NAME {BASE}/a.pt", "/models/loras/$NAME", "a variable whose value"),
        ("wget -O models/loras/a.pt https://$HOST/a.pt", "models/loras/a.pt", "a variable whose value"),
        (f"wget -O elsewhere/a.pt {BASE}/a.pt", "elsewhere/a.pt", "no model folder"),
        (f"wget -O custom_nodes/pack/models/a/b.pt {BASE}/a.pt", "custom_nodes/pack/models/a/b.pt", "custom node's own"),
        (f"wget -O models/loras/../../../etc/x.pt {BASE}/a.pt", "models/loras/../../../etc/x.pt", "leaves its folder"),
        (f"wget -O 'models/loras/a.pt {BASE}/a.pt", f"wget -O 'models/loras/a.pt {BASE}/a.pt", "never closed"),
        ("hf download a/b --local-dir models/loras", "a/b", "whole repository"),
        ("hf download a/b a.pt", "a/b/a.pt", "into the cache"),
        (f"comfy model download --url {BASE}/a.pt", f"{BASE}/a.pt", "only when it runs"),
        ("wget -O models/loras/a.pt http://example.org/a.pt", "models/loras/a.pt", "not https"),
        ("wget -O models/loras/a.pt https://192.168.1.4/a.pt", "models/loras/a.pt", "not for everybody"),
    ],
)  # fmt: skip
def test_what_a_line_does_not_say_is_said_and_not_guessed(line: str, what: str, reason: str) -> None:
    found = of(line)
    assert found.lock.entries == ()
    ((said, why),) = left_out(found).items()
    assert said.lstrip("/") == what.lstrip("/")
    assert reason in why


def test_a_token_in_a_script_never_reaches_the_lock() -> None:
    found = of(
        "wget -O models/loras/a.pt 'https://civitai.com/api/download/models/1?type=Model&token=hush'\n"
        "wget --header='Authorization: Bearer hush' -O models/loras/b.pt https://hush:hush@example.org/b.pt\n"
        "curl -H 'Authorization: Bearer hush' -o models/loras/c.pt https://civitai.com/api/download/models/3?token=$T\n"
    )
    assert paths(found) == {
        "loras/a.pt": ("https://civitai.com/api/download/models/1?type=Model",),
        "loras/b.pt": ("https://example.org/b.pt",),
        "loras/c.pt": ("https://civitai.com/api/download/models/3",),
    }
    assert "hush" not in repr(found)


def test_nothing_in_a_hostile_dockerfile_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = of(
        f"RUN touch gone && $(touch gone) && `touch gone`\nONBUILD RUN touch gone\nRUN <<EOF\ntouch gone\nEOF\n"
        f"RUN wget -O models/loras/$(touch gone).pt {BASE}/a.pt\nRUN eval 'touch gone' ; wget -P models/loras {BASE}/b.pt\n"
    )
    assert list(tmp_path.iterdir()) == []
    assert "loras/b.pt" in paths(found)


def test_variables_made_of_variables_do_not_grow_without_bound() -> None:
    doubling = "A0=aaaaaaaaaaaaaaaa\n" + "".join(f"A{n + 1}=$A{n}$A{n}\n" for n in range(60))
    found = of(f"{doubling}wget -O models/loras/$A60.pt {BASE}/a.pt\n")
    assert found.lock.entries == ()
    assert len(repr(found)) < 100_000


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.text(st.sampled_from("wgetcurl -OoPdADRUN#\\'\"$`|&;(){}[]<>=/.\n\t models/loras/https://x.y/a.pt"))
)
def test_any_text_is_read_without_an_error(text: str) -> None:
    found = of(text)
    assert all(entry.path.startswith(f"{entry.folder}/") for entry in found.lock.entries)
    assert not any(".." in entry.path.split("/") for entry in found.lock.entries)


# ── documents ────────────────────────────────────────────────────────────────────────────────────────

COMFYGIT = f"""
[project]
name = "env"
[tool.comfygit]
comfyui_version = "v0.3.20"
[tool.comfygit.models]
0b222b1d568748dc = {{ filename = "h.safetensors", size = 1264, relative_path = "clip_vision/h.safetensors", category = "clip_vision" }}
[tool.comfygit.models.abc123]
filename = "sd.safetensors"
size = 4000000000
category = "checkpoints"
sources = ["{BASE}/sd.safetensors"]
[[tool.comfygit.workflows."w".models]]
filename = "l.safetensors"
category = "loras"
status = "unresolved"
criticality = "required"
nodes = []
"""


def test_comfygit_its_short_hashes_are_not_taken_for_sha256() -> None:
    found = of(COMFYGIT, "comfygit")
    assert [(entry.path, entry.sha256, entry.size) for entry in found.lock.entries] == [
        ("checkpoints/sd.safetensors", None, 4_000_000_000)
    ]
    assert found.lock.unresolved == ("clip_vision/h.safetensors", "loras/l.safetensors")


def test_cog_names_are_open_ends() -> None:
    found = of(
        json.dumps({"CHECKPOINTS": ["a.safetensors"], "LORAS": ["b.safetensors", 3], "X": 1}), "cog-weights"
    )
    assert found.lock.unresolved == ("checkpoints/a.safetensors", "loras/b.safetensors")
    assert len(found.left_out) == 2


def test_comfy_pack_takes_what_its_source_says() -> None:
    rows = [
        {
            "filename": "models/vae/a.pt",
            "sha256": SHA.upper(),
            "size": 5,
            "source": {"download_url": f"{BASE}/a.pt"},
        },
        {"filename": "models/vae/b.pt", "sha256": SHA},
        {"filename": "models/vae/c.pt", "sha256": "short", "source": {"download_url": f"{BASE}/c.pt"}},
        {"sha256": SHA},
    ]
    found = of(json.dumps({"models": rows, "custom_nodes": []}), "comfy-pack")
    assert [(entry.path, entry.sha256, entry.size, len(entry.sources)) for entry in found.lock.entries] == [
        ("vae/a.pt", SHA, 5, 1),
        ("vae/b.pt", SHA, None, 0),
    ]
    assert left_out(found) == {
        "models/vae/c.pt": "not a sha256 hash: `short`",
        "models[4]": "it has no `filename`",
    }


def test_a_model_list_leaves_out_what_the_manager_decides() -> None:
    rows = [
        {"filename": "a.pt", "save_path": "loras/x", "url": f"{BASE}/a.pt", "size": "4.71MB"},
        {"filename": "b.pt", "save_path": "default", "url": f"{BASE}/b.pt"},
        {"filename": "<huggingface>", "save_path": "LLM", "url": "a/b"},
        {"filename": "c.pt"},
    ]
    found = of(json.dumps({"models": rows}), "model-list")
    assert [(entry.path, entry.size) for entry in found.lock.entries] == [("loras/x/a.pt", None)]
    assert [*left_out(found)] == ["b.pt", "<huggingface>", "models[4]"]


def test_aria2_takes_mirrors_and_hashes() -> None:
    text = f"# list\n{BASE}/a.pt\thttps://example.org/a.pt\n  dir=/ComfyUI/models/loras\n\tout=b.pt\n  checksum=sha-256={SHA}\n"
    text += f"{BASE}/c.pt\n dir=models/vae\n checksum=md5=123\nhttps://example.org/readme\n  dir=models/vae\n"
    found = of(text, "aria2")
    assert paths(found) == {
        "loras/b.pt": (f"{BASE}/a.pt", "https://example.org/a.pt"),
        "vae/c.pt": (f"{BASE}/c.pt",),
    }
    assert [entry.sha256 for entry in found.lock.entries] == [SHA, None]
    assert [*left_out(found)] == ["https://example.org/readme"]


def test_two_entries_for_one_path_that_differ_are_neither_taken() -> None:
    lines = f"wget -O models/vae/a.pt {BASE}/a.pt\nwget -O models/vae/a.pt {BASE}/b.pt\nwget -O models/vae/c.pt {BASE}/c.pt\n"
    found = of(lines + f"wget -O models/vae/c.pt {BASE}/c.pt\n")
    assert [*paths(found)] == ["vae/c.pt"]
    assert left_out(found) == {"vae/a.pt": "it is named more than once, and differently"}


@pytest.mark.parametrize("form", sorted({*READERS} - {"script", "aria2"}))
@pytest.mark.parametrize(
    "text", ["", "[1, 2]", "{", "{}", "\x00", "[" * 100_000, '{"models": 3}', "a: &a [*a]"]
)
def test_a_damaged_document_is_a_sentence(form: str, text: str) -> None:
    try:
        found = of(text, form)
    except UsageError as error:
        assert error.message
    else:
        assert found.lock.entries == ()


@pytest.mark.parametrize(
    "row", [None, 3, "x", [], {}, {"type": 3}, {"filename": 3}, {"url": None, "local_path": []}]
)
@pytest.mark.parametrize("form", ["comfy-build", "comfy-pack", "model-list", "salad"])
def test_a_row_that_is_none_is_left_out_by_its_number(form: str, row: object) -> None:
    documents = {
        "comfy-build": {"definition": {"models": [row]}}, "salad": {"models": {"before_start": [row]}},
    }  # fmt: skip
    found = of(json.dumps(documents.get(form, {"models": [row]})), form)
    assert found.lock.entries == ()
    assert [one.what.partition("[")[2] for one in found.left_out] == ["1]"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/comfyui/models/unet/wan/x.pt", ("diffusion_models", "wan/x.pt")),
        ("C:\\x\\models\\loras\\x.pt", None),
        ("models/ultralytics/segm/x.pt", ("ultralytics_segm", "x.pt")),
        ("models/mypack/x.pt", ("mypack", "x.pt")),
        ("loras/x.pt", ("loras", "x.pt")),
        ("models/x.pt", None),
        ("mypack/x.pt", None),
        ("models/loras/models/x.pt", ("loras", "models/x.pt")),
    ],
)
def test_the_folder_of_a_path(path: str, expected: tuple[str, str] | None) -> None:
    if expected:
        assert folder_and_name(path) == expected
    else:
        with pytest.raises((ValueError, UnsafePathError)):
            folder_and_name(path)


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("Dockerfile", WORKER, "script"),
        ("pyproject.toml", COMFYGIT, "comfygit"),
        ("weights.json", '{"CHECKPOINTS": []}', "cog-weights"),
        ("start.sh", "wget x", "script"),
        ("notes.txt", "hello", None),
    ],
)
def test_a_format_is_told_by_name_and_text(name: str, text: str, form: str | None) -> None:
    assert recognised(name, text) == form
