"""`wfdeps inspect`: files here by path, elsewhere by their front, and what fails is said of that file alone."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.detect import files
from tests.fakes.hub import run_hub
from wfdeps.cli.main import main
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Header, Tensor
from wfdeps.domain.identity import Inspection
from wfdeps.hub.server import HubServer
from wfdeps.report import inspect_text
from wfdeps.schema import problems

LORA = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k"
SD1_LORA = files.safetensors(
    {f"{LORA}.lora_down.weight": (8, 768), f"{LORA}.lora_up.weight": (320, 8)},
    metadata={"modelspec.trigger_phrase": "ohwx", "ss_output_name": "dress \x1b[31m"},
)


def run(*words: str, **environ: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["inspect", *words], stdout=out, stderr=err, environ={"HOME": "/nonexistent", **environ})
    return code, out.getvalue(), err.getvalue()


def told(*words: str, **environ: str) -> tuple[int, list[dict[str, Any]]]:
    """The files of the JSON answer, which keeps its schema."""
    code, out, _ = run(*words, "--json", **environ)
    document = json.loads(out)
    assert problems(document, "inspect-1") == ()
    return code, document["files"]


@pytest.fixture
def lora(tmp_path: Path) -> Path:
    path = tmp_path / "dress.safetensors"
    path.write_bytes(SD1_LORA)
    return path


class Requests(list[str]):
    """The Range headers that came."""

    sent = 0


@contextmanager
def served(
    body: bytes, *, ranges: bool = True, status: int = 200, kind: str = "application/octet-stream"
) -> Iterator[tuple[str, Requests]]:
    """A server of one file on this machine; it counts the bytes it managed to send."""
    seen = Requests()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("range", "")
            seen.append(asked)
            if status != 200:
                self.send_error(status)
                return
            start, _, last = asked.removeprefix("bytes=").partition("-")
            part = body[int(start) : int(last) + 1] if ranges and asked else body
            self.send_response(206 if ranges and asked else 200)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(part)))
            if ranges and asked:
                self.send_header("content-range", f"bytes {start}-{int(start) + len(part) - 1}/{len(body)}")
            self.end_headers()
            try:
                for at in range(0, len(part), 65_536):
                    seen.sent += self.wfile.write(part[at : at + 65_536])
            except OSError:
                pass  # cut off, as it should be

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/dress.safetensors?token=secret", seen
    finally:
        server.shutdown()
        server.server_close()


def test_a_file_is_told_whole(lora: Path) -> None:
    code, (file,) = told(str(lora))
    digests = file.pop("digests")
    assert code == 0
    assert file == {
        "path": str(lora),
        "model_type": "lora",
        "architectures": ["sd1"],
        "adapter": "lora",
        "folder": "loras",
        "certainty": "certain",
        "reasons": file["reasons"],
        "precision": "fp16",
        "dtypes": {"fp16": 2 * (8 * 768 + 320 * 8)},
        "parameters": 8 * 768 + 320 * 8,
        "size": len(SD1_LORA),
        "trained_words": ["ohwx"],
        "safety": "safe",
        "format": "safetensors",
        "tensors": 2,
        "rank": 8,
        "metadata": {"modelspec.trigger_phrase": "ohwx", "ss_output_name": "dress \x1b[31m"},
        "error": None,
    }
    header = 8 + int.from_bytes(SD1_LORA[:8], "little")
    assert digests["sha256"] == hashlib.sha256(SD1_LORA).hexdigest()
    assert digests["autov2"] == digests["sha256"][:10]
    assert digests["autov3"] == hashlib.sha256(SD1_LORA[header:]).hexdigest()[:12]
    assert "autov1" not in digests, "Civitai computes none below 2 MiB"


def test_a_large_file_has_all_six_digests(tmp_path: Path) -> None:
    pytest.importorskip("blake3")
    data = files.safetensors({"decoder.conv_in.weight": (512, 512, 3, 3)})
    (tmp_path / "x.safetensors").write_bytes(data)
    _, (file,) = told(str(tmp_path / "x.safetensors"))
    assert sorted(file["digests"]) == ["autov1", "autov2", "autov3", "blake3", "crc32", "sha256"]
    assert file["digests"]["autov1"] == hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8]


def test_a_file_that_is_known_is_opened_no_second_time(lora: Path, tmp_path: Path) -> None:
    cache, opened, listening = str(tmp_path / "cache"), [], True
    os.utime(lora, (1_000, 1_000))  # old enough that a later change would show
    sys.addaudithook(lambda event, what: opened.append(what[0]) if listening and event == "open" else None)
    first = told(str(lora), WFDEPS_CACHE_DIR=cache)
    assert str(lora) in opened
    opened.clear()
    again = told(str(lora), WFDEPS_CACHE_DIR=cache)
    listening = False
    assert again == first
    assert str(lora) not in opened


def test_a_file_that_changed_is_read_again(lora: Path, tmp_path: Path) -> None:
    cache = str(tmp_path / "cache")
    _, before = told(str(lora), WFDEPS_CACHE_DIR=cache)
    lora.write_bytes(SD1_LORA[:-1])
    _, after = told(str(lora), WFDEPS_CACHE_DIR=cache)
    assert before[0]["error"] in ("", None)
    assert after[0]["error"].startswith("corrupt: truncated")
    assert before[0]["digests"] != after[0]["digests"]


@pytest.mark.parametrize(
    "target", ["air:", "urn:air:", "http://", "https:///x", "http://[bad/x", "http://h:99999/x", "http://a b/x", "http://.../x"]
)  # fmt: skip
def test_what_is_no_address_is_said_and_the_others_go_on(target: str, lora: Path) -> None:
    _, answers = told(target, str(lora), "--no-hash")
    assert answers[0]["error"]
    assert answers[1]["model_type"] == "lora"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_has_no_end_is_not_read(tmp_path: Path, lora: Path) -> None:
    os.mkfifo(tmp_path / "pipe.safetensors")
    code, answers = told(str(tmp_path / "pipe.safetensors"), str(tmp_path), str(lora), "--no-hash")
    assert code == 2
    assert [answer["error"] for answer in answers] == [
        f"cannot read `{tmp_path / 'pipe.safetensors'}`: it is no file: a device or a pipe",
        f"cannot read `{tmp_path}`: it is a folder",
        None,
    ]


def test_no_hash_leaves_digests_out(lora: Path) -> None:
    assert "digests" not in told(str(lora), "--no-hash")[1][0]


def test_what_fails_is_said_of_that_file_and_the_others_go_on(lora: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.safetensors"
    page.write_bytes(b"<!DOCTYPE html><html>")
    cut = tmp_path / "cut.safetensors"
    cut.write_bytes(SD1_LORA[:-100])
    code, answers = told(str(page), str(tmp_path / "absent"), str(cut), str(lora), "--no-hash")
    assert code == 2
    assert [answer["error"] for answer in answers] == [
        "corrupt: html page",
        f"cannot read `{tmp_path / 'absent'}`: No such file or directory",
        f"corrupt: truncated: {len(SD1_LORA)} bytes promised, {len(SD1_LORA) - 100} there",
        None,
    ]
    assert answers[2]["model_type"] == "lora", "a cut file still says what it was to be"
    assert told(str(page), "--no-hash")[0] == 1


def test_a_pickle_that_would_run_code_is_told_and_not_run(tmp_path: Path) -> None:
    evil = tmp_path / "model.safetensors"
    evil.write_bytes(
        files.torch_zip(files.global_("os", "system") + b"(" + files.text("touch hacked") + b"tR")
    )
    _, (file,) = told(str(evil), "--no-hash")
    assert (file["format"], file["safety"]) == ("pickle", "unsafe or unknown: it imports `os.system`")


def test_a_sharded_model_takes_its_shapes_from_the_files_beside_it(tmp_path: Path) -> None:
    unet = {
        "conv_in.weight": (320, 4, 3, 3),
        "down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.weight": (320, 768),
    }
    (tmp_path / "m-1.safetensors").write_bytes(files.safetensors(unet))
    index = {"metadata": {}, "weight_map": dict.fromkeys(unet, "m-1.safetensors")}
    path = tmp_path / "m.safetensors.index.json"
    path.write_text(json.dumps(index))
    _, (file,) = told(str(path), "--no-hash")
    assert (file["model_type"], file["architectures"], file["precision"]) == (
        "diffusion_model",
        ["sd1"],
        "fp16",
    )


def test_of_a_sharded_model_it_is_told_which_parts_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "m.safetensors.index.json"
    path.write_text(json.dumps({"weight_map": {"a": "m-1.safetensors", "b": "../m-2.safetensors"}}))
    (tmp_path / "m-1.safetensors").write_bytes(files.safetensors({"a": (320, 4)}))
    _, (file,) = told(str(path), "--no-hash")
    assert (file["reasons"][-1], file["error"]) == ("not beside it: `m-2.safetensors`", None)


def test_a_person_gets_a_block_without_control_characters(lora: Path) -> None:
    code, out, _ = run(str(lora), "--no-hash", "--color", "never")
    assert code == 0
    assert "  type        lora, rank 8\n  fits        sd1\n  folder      loras\n" in out
    assert "\x1b" not in out


def test_a_person_is_told_the_mix_of_dtypes() -> None:
    tensors = {"a": Tensor("F8_E4M3", (3, 100), 300), "b": Tensor("BF16", (50,), 100)}
    told_of = Inspection("x", identify(Header("safetensors", tensors)))
    assert "safetensors, fp8_e4m3fn (fp8_e4m3fn 75%, bf16 25%), 350 parameters" in inspect_text.render(
        [told_of]
    )


def test_a_remote_file_costs_one_request_and_shows_no_token() -> None:
    with served(SD1_LORA) as (url, seen):
        code, (file,) = told(url)
    assert code == 0
    assert (file["model_type"], file["architectures"], file["size"]) == ("lora", ["sd1"], len(SD1_LORA))
    assert seen == ["bytes=0-99999"]
    assert "secret" not in file["path"] and "digests" not in file


def long_file() -> bytes:
    shapes = {
        f"diffusion_model.blocks.{n}.self_attn.q.lora_{side}.weight": (16, 64)
        for n in range(900)
        for side in "AB"
    }
    return files.safetensors(shapes)


def test_a_long_header_costs_a_second_request_for_exactly_the_rest() -> None:
    body = long_file()
    header = 8 + int.from_bytes(body[:8], "little")
    with served(body) as (url, seen):
        _, (file,) = told(url)
    assert file["architectures"] == ["wan"]
    assert seen == ["bytes=0-99999", f"bytes=100000-{header - 1}"]
    assert seen.sent <= header + 100_000


def test_a_server_that_ignores_range_is_cut_off() -> None:
    body = long_file() + bytes(40_000_000)  # more than every buffer between the two of us
    with served(body, ranges=False) as (url, seen):
        _, (file,) = told(url)
    assert file["error"] == "corrupt: 40000000 bytes too many after its last tensor"
    assert len(seen) == 1
    assert seen.sent < 20_000_000


def test_a_remote_file_that_is_shorter_than_it_says_is_corrupt() -> None:
    with served(SD1_LORA[:-1]) as (url, _):
        assert told(url)[1][0]["error"].startswith("corrupt: truncated")


def test_a_page_in_place_of_a_model_is_named() -> None:
    with served(b"<!DOCTYPE html><html>login</html>", kind="text/html") as (url, _):
        assert told(url)[1][0]["error"] == "corrupt: html page"


def test_a_refusal_is_that_files_error_and_its_exit_code() -> None:
    with served(b"", status=404) as (url, _):
        code, (file,) = told(url)
    assert code == 3
    assert "does not have it" in file["error"]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubServer]:
    """A Civitai that has the dress: model 7, version 70."""
    (tmp_path / "loras").mkdir()
    (tmp_path / "loras" / "dress.safetensors").write_bytes(SD1_LORA)
    row = {"model_id": 7, "model_name": "Dress", "model_type": "LORA", "version_id": 70, "version_name": "v1", "base_model": "SD 1.5",
           "file_id": 700, "file_name": "dress.safetensors", "file_format": "SafeTensor", "path": "loras/dress.safetensors"}  # fmt: skip
    with run_hub([row], tmp_path) as running:
        yield running


def test_an_air_is_asked_of_civitais_download_route(hub: HubServer) -> None:
    air = "urn:air:sd1:lora:civitai:7@70"
    code, (file,) = told(air, WFDEPS_CIVITAI_URL=hub.url)
    assert (code, file["path"], file["architectures"]) == (0, air, ["sd1"])


def test_a_models_page_is_as_good_as_its_file(hub: HubServer) -> None:
    pages = (f"{hub.url}/models/7/dress?modelVersionId=70", f"{hub.url}/models/7")
    code, answers = told(*pages, WFDEPS_CIVITAI_URL=hub.url)
    assert code == 0
    assert [(file["path"], file["architectures"]) for file in answers] == [(page, ["sd1"]) for page in pages]
