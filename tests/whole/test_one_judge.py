"""A file that cannot be loaded under its name is said to be broken by every command, in the same words, and never placed."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.detect.files import gguf, safetensors, state_dict_pickle, torch_zip
from tests.fakes.weights import pickled
from tests.whole.conftest import Person
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.outcomes import Failed, FailureKind, Fetched
from wfdeps.domain.plans import Download, Placement, Target
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.library import Roots, open_library
from wfdeps.pipeline.staged import put_in_place

MODEL = safetensors({"a": (4,)})


def zipped(name: str = "model.safetensors") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as file:
        file.writestr(name, MODEL)
    return held.getvalue()


def tarred() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as file:
        info = tarfile.TarInfo("model.safetensors")
        info.size = len(MODEL)
        file.addfile(info, io.BytesIO(MODEL))
    return held.getvalue()


def headed(entries: object, body: int) -> bytes:
    text = json.dumps(entries).encode()
    return struct.pack("<Q", len(text)) + text + bytes(body)


def f32(start: int, end: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 1\n"
EVERYWHERE = {
    "hugging face: entry not found": b"Entry not found",
    "hugging face: login": b"Invalid username or password.",
    "text": b"hello, this is no model\n",
    "long text": b"once upon a time " * 200,
    "one byte": b"a",
    "empty": b"",
    "400 x 0xFF": b"\xff" * 400,
    "random bytes": random.Random(7).randbytes(5_000),
    "gzip": gzip.compress(MODEL),
    "tar": tarred(),
    "zip": zipped(),
    "rar": b"Rar!\x1a\x07\x01\0" + bytes(200),
    "7z": b"7z\xbc\xaf'\x1c" + bytes(200),
    "png": b"\x89PNG\r\n\x1a\n" + bytes(99),
    "pdf": b"%PDF-1.7\n" + bytes(99),
    "html": b"<!DOCTYPE html><html><body>log in</body></html>",
    "json error": b'{"error":"Unauthorized"}',
    "git lfs pointer": LFS,
    "xet pointer": b"# xet version 0\nfilesize = 1\nhash = 'a'\n",
    "zeros": bytes(4096),
}
BROKEN: dict[str, tuple[str, bytes]] = {
    **{f"{kind} as safetensors": ("bad.safetensors", data) for kind, data in EVERYWHERE.items()},
    **{f"{kind} as ckpt": ("bad.ckpt", data) for kind, data in EVERYWHERE.items()},
    "six bytes as ckpt": ("bad.ckpt", b"\x80\x02}q\x00X"),
    "a whole pickle torch did not write": ("bad.ckpt", b"\x80\x02N."),
    "a pickle and two bytes": ("bad.ckpt", b"\x80\x02N.ab"),
    "gguf as safetensors": ("bad.safetensors", gguf({"a": (32,)})),
    "gguf as ckpt": ("bad.ckpt", gguf({"a": (32,)})),
    "pickle as safetensors": ("bad.safetensors", pickled()),
    "torch's zip as safetensors": ("bad.safetensors", torch_zip(state_dict_pickle({"a": (1,)}))),
    "safetensors as ckpt": ("bad.ckpt", MODEL),
    "safetensors as pt": ("bad.pt", MODEL),
    "safetensors as bin": ("bad.bin", MODEL),
    "overlapping tensors": ("bad.safetensors", headed({"a": f32(0, 8), "b": f32(4, 12)}, 12)),
    "a hole between tensors": ("bad.safetensors", headed({"a": f32(0, 4), "b": f32(8, 12)}, 12)),
    "a damaged header": ("bad.safetensors", MODEL[:20] + b"\x00" + MODEL[21:]),
    "cut off": ("bad.safetensors", MODEL[:-1]),
    "cut off in its header": ("bad.safetensors", MODEL[:30]),
    "too long": ("bad.safetensors", MODEL + b"x"),
    "cut off zip of torch": ("bad.pt", torch_zip(state_dict_pickle({"a": (1,)}))[:-40]),
    "numbers of no known type": (
        "bad.safetensors",
        headed({"a": {"dtype": "X99", "shape": [1], "data_offsets": [0, 4]}}, 4),
    ),
    "metadata that is no text": ("bad.safetensors", headed({"__metadata__": {"a": 1}}, 0)),
}
"""Each kind of garbage: the name it has, and its bytes."""


def workflow(
    person: Person, name: str, kind: str = "CheckpointLoaderSimple", slot: str = "ckpt_name"
) -> Path:
    nodes = {
        "1": {"class_type": kind, "inputs": {slot: name}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 2], "filename_prefix": "x"}},
    }
    return person.save("wf.json", nodes)


def put(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", BROKEN)
def test_check_list_verify_and_inspect_say_the_same_of_garbage(kind: str, person: Person) -> None:
    name, data = BROKEN[kind]
    path = put(person.models / "checkpoints" / name, data)
    tree = ("--models", str(person.models))
    inspected = person.wfdeps("inspect", str(path), "--json", "--no-hash")
    words = inspected.json["files"][0]["error"].removeprefix("corrupt: ")
    assert (inspected.code, bool(words)) == (1, True)

    checked = person.wfdeps("check", str(workflow(person, name)), "--json", *tree)
    (ref,) = checked.json["refs"]
    assert (checked.code, ref["state"], ref["detail"]) == (1, "corrupt", words)

    verified = person.wfdeps("verify", "--json", *tree)
    (row,) = verified.json["files"]
    assert (verified.code, row["verdict"], row["detail"]) == (1, "bad", words)

    listed = person.wfdeps("list", "--json", *tree)
    assert (listed.code, listed.json["files"][0]["trouble"]) == (1, words)


@pytest.mark.parametrize("kind", BROKEN)
def test_garbage_is_not_placed_though_its_hash_is_right(kind: str, tmp_path: Path) -> None:
    name, data = BROKEN[kind]
    models = tmp_path / "models"
    library = open_library(Roots(models=str(models)), index_path=None)
    staged = put(tmp_path / "staged", data)
    target = Target("checkpoints", str(models / "checkpoints"), name)
    sha256 = Digest(Algorithm.SHA256, hashlib.sha256(data).hexdigest())
    candidate = Candidate("url", name, "https://example.org/x")
    download = Download((), candidate, target, (candidate.url,), len(data), (sha256,), ChosenBy.URL)
    fetched = Fetched(download, str(staged), len(data), (sha256,), "sha256")
    outcome = put_in_place(fetched, Placement(str(staged), target, None, (sha256,)), library.place)
    library.close()
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.MISFIT
    assert "no file that can be loaded" in outcome.reason
    assert not (models / "checkpoints").exists()


SOUND: dict[str, tuple[str, str, bytes]] = {
    "no tensors": ("checkpoints", "a.safetensors", headed({}, 0)),
    "metadata only": ("checkpoints", "a.safetensors", headed({"__metadata__": {"a": "b"}}, 0)),
    "a tensor of no numbers": ("checkpoints", "a.safetensors", headed({"z": f32(0, 0), "a": f32(0, 4)}, 4)),
    "a padded header": (
        "checkpoints",
        "a.safetensors",
        struct.pack("<Q", 70) + json.dumps({"a": f32(0, 4)}).encode().ljust(70) + bytes(4),
    ),
    "half bytes": (
        "checkpoints",
        "a.safetensors",
        headed({"a": {"dtype": "F4", "shape": [2], "data_offsets": [0, 1]}}, 1),
    ),
    "upper-case ending": ("checkpoints", "a.SAFETENSORS", MODEL),
    "torch's zip": ("checkpoints", "a.ckpt", torch_zip(state_dict_pickle({"a": (1,)}))),
    "a plain pickle": ("checkpoints", "a.pt", pickled()),
    "another program's file": ("tensorrt", "a.engine", b"\x00ptrt" + bytes(99)),
    "a pack's own weights": ("ncnn", "a.bin", random.Random(7).randbytes(5_000)),
    "a pack's words": ("words", "a.bin", b"cat\ndog\n"),
    "onnx": ("onnx", "a.onnx", b"\x08\x07\x12\x07pytorch" + bytes(99)),
    "gguf": ("LLM", "a.gguf", gguf({"a": (32,)})),
}  # fmt: skip


@pytest.mark.parametrize("kind", SOUND)
def test_nothing_is_said_against_a_file_that_loads_or_that_nobody_here_knows(
    kind: str, person: Person
) -> None:
    key, name, data = SOUND[kind]
    put(person.models / key / name, data)
    listed = person.wfdeps("verify", "--json", "--models", str(person.models))
    assert [row["verdict"] for row in listed.json["files"]] in ([], ["sound"])
    assert listed.code == 0


def test_a_link_to_nowhere_is_not_ready(person: Person) -> None:
    (person.models / "checkpoints").mkdir()
    (person.models / "checkpoints" / "a.safetensors").symlink_to(person.home / "gone.safetensors")
    checked = person.wfdeps(
        "check", str(workflow(person, "a.safetensors")), "--json", "--models", str(person.models)
    )
    assert (checked.code, checked.json["refs"][0]["state"]) == (1, "corrupt")
    assert checked.json["refs"][0]["detail"] == "a link to nowhere"
    assert person.wfdeps("list", "--models", str(person.models)).code == 1


def test_one_part_of_two_is_not_ready_until_the_other_lies_beside_it(person: Person) -> None:
    first, second = (f"model-0000{number}-of-00002.safetensors" for number in (1, 2))
    put(person.models / "checkpoints" / first, MODEL)
    line = ("check", str(workflow(person, first)), "--json", "--models", str(person.models))
    checked = person.wfdeps(*line)
    assert (checked.code, checked.json["refs"][0]["detail"]) == (
        1,
        f"part 1 of 2: `{second}` is not beside it",
    )
    put(person.models / "checkpoints" / second, MODEL)
    assert person.wfdeps(*line).code == 0


def test_a_file_that_aria2_still_writes_is_not_ready(person: Person) -> None:
    put(person.models / "checkpoints" / "a.safetensors", MODEL)
    control = put(person.models / "checkpoints" / "a.safetensors.aria2", b"\0\1")
    line = ("check", str(workflow(person, "a.safetensors")), "--json", "--models", str(person.models))
    checked = person.wfdeps(*line)
    assert (checked.code, checked.json["refs"][0]["state"]) == (1, "corrupt")
    assert "unfinished download" in checked.json["refs"][0]["detail"]
    control.unlink()
    assert person.wfdeps(*line).code == 0


@pytest.mark.parametrize("ending", [".part", ".crdownload", ".incomplete", ".downloading", ".aria2"])
def test_an_unfinished_download_of_the_wanted_name_is_said(ending: str, person: Person) -> None:
    path = put(person.models / "checkpoints" / f"a.safetensors{ending}", MODEL[:20])
    line = ("check", str(workflow(person, "a.safetensors")), "--json", "--models", str(person.models))
    (ref,) = person.wfdeps(*line).json["refs"]
    assert ref["state"] == "missing"
    assert f"`{path}` is its unfinished download" in ref["detail"]


@pytest.mark.parametrize("name", ["a (1).safetensors", "a.safetensors.1"])
def test_a_second_download_under_a_number_is_said(name: str, person: Person) -> None:
    path = put(person.models / "checkpoints" / name, MODEL)
    line = ("check", str(workflow(person, "a.safetensors")), "--json", "--models", str(person.models))
    (ref,) = person.wfdeps(*line).json["refs"]
    assert ref["state"] == "missing"
    assert f"`{path}` may be it" in ref["detail"]


def test_a_warm_look_opens_no_model(person: Person) -> None:
    path = put(person.models / "checkpoints" / "bad.safetensors", b"Entry not found")
    os.utime(path, (1_000, 1_000))  # old enough that a later change would show
    opened: list[str] = []
    listening = True
    sys.addaudithook(
        lambda event, what: opened.append(str(what[0])) if listening and event == "open" else None
    )
    for expected in (1, 0):
        library = open_library(Roots(models=str(person.models)), index_path=str(person.home / "index.sqlite"))
        assert [file.trouble for file in library.files()] == ["error message"]
        library.close()
        assert opened.count(str(path)) == expected
        opened.clear()
    listening = False
