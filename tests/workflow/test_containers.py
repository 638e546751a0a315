"""Every container a workflow comes in, written as its real writers do."""

from __future__ import annotations

import json

import pytest

from tests.workflow import writers
from tests.workflow.builders import (
    LINKS,
    api_node,
    checkpoint_to_image,
    node,
    read_one,
    told,
    ui,
    why_unreadable,
)
from wfdeps.domain.refs import UnreadableWorkflow, WorkflowRefs
from wfdeps.workflow.read import read_workflow

NAME = "日本語 {brace} sd15.safetensors"
WORKFLOW = ui(
    *checkpoint_to_image(node(1, "CheckpointLoaderSimple", (NAME,))),
    links=LINKS,
    extra={"filler": "x" * 3000},
)
PROMPT = {
    "1": api_node("CheckpointLoaderSimple", ckpt_name=NAME),
    "8": api_node("KSampler", model=["1", 0]),
    "9": api_node("SaveImage", images=["8", 0]),
}
PARAMETERS = "a cat\nNegative prompt: dog\nSteps: 20, Model hash: 6ce0161689, Model: sd15"


def written(name: str, **texts: object) -> bytes:
    return writers.WRITERS[name][1](
        {key: json.dumps(value, ensure_ascii=False) for key, value in texts.items()}
    )


@pytest.mark.parametrize("name", writers.WRITERS)
def test_a_workflow_is_found_in_every_container(name: str) -> None:
    reading = read_one(written(name, prompt=PROMPT, workflow=WORKFLOW))
    assert (reading.format, reading.container) == ("ui", writers.WRITERS[name][0])
    assert [ref.name for ref in reading.refs] == [NAME]
    assert reading.warnings == ()


def test_tags_behind_a_cluster_of_unknown_size_are_found() -> None:
    whole = written("webm", workflow=WORKFLOW)
    segment = whole.index(b"\x18\x53\x80\x67")
    block = writers.element(0xA3, b"\0" * 40)
    cluster = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + writers.element(0xE7, b"\0") + block * 3
    live = whole[: segment + 4] + b"\x01" + b"\xff" * 7 + cluster + whole[segment + 12 :]
    assert [ref.name for ref in read_one(live).refs] == [NAME]


@pytest.mark.parametrize("name", writers.WRITERS)
def test_a_prompt_alone_is_read_too(name: str) -> None:
    assert read_one(written(name, prompt=PROMPT)).format == "api"


@pytest.mark.parametrize("name", writers.WRITERS)
def test_a_container_without_a_workflow_says_so(name: str) -> None:
    assert (
        why_unreadable(writers.WRITERS[name][1]({})) == f"no workflow in this {writers.WRITERS[name][0]} file"
    )


@pytest.mark.parametrize("name", writers.WRITERS)
def test_a_container_that_is_cut_anywhere_never_raises(name: str) -> None:
    whole = written(name, prompt=PROMPT, workflow=WORKFLOW)
    for length in [*range(0, 200, 7), *range(200, len(whole), 331)]:
        for reading in read_workflow(whole[:length], "cut"):
            assert isinstance(reading, WorkflowRefs | UnreadableWorkflow)


def test_a_prompt_that_ran_something_else_is_a_warning() -> None:
    other = {**PROMPT, "1": api_node("CheckpointLoaderSimple", ckpt_name="other.safetensors")}
    reading = read_one(written("png tEXt", prompt=other, workflow=WORKFLOW))
    assert [ref.name for ref in reading.refs] == [NAME]
    assert {notice.code for notice in reading.warnings} == {"prompt_differs"}


def test_a_broken_workflow_falls_back_to_its_prompt() -> None:
    reading = read_one(writers.png_text({"workflow": "{broken", "prompt": json.dumps(PROMPT)}))
    assert (reading.format, [notice.code for notice in reading.warnings]) == ("api", ["unreadable_text"])


def test_parameters_beside_a_workflow_give_it_hashes() -> None:
    workflow = ui(*checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("sd15.safetensors",))), links=LINKS)
    reading = read_one(writers.png_text({"workflow": json.dumps(workflow), "parameters": PARAMETERS}))
    assert [[str(digest) for digest in ref.digests] for ref in reading.refs] == [["autov2:6ce0161689"]]


def test_parameters_alone_are_read_from_png_and_from_a_jpegs_comment() -> None:
    for data in (
        writers.png_text({"parameters": PARAMETERS}),
        writers.jpeg_segments(b"Exif\0\0" + writers.user_comment_block(PARAMETERS)),
    ):
        reading = read_one(data)
        assert (reading.format, [ref.name for ref in reading.refs]) == ("a1111", ["sd15"])


def test_civitais_jpeg_carries_its_prompt_in_the_user_comment() -> None:
    text = json.dumps(
        {**PROMPT, "extraMetadata": json.dumps({"resources": [{"modelVersionId": 7, "type": "lora"}]})}
    )
    reading = read_one(writers.jpeg_segments(b"Exif\0\0" + writers.user_comment_block(text)))
    assert [(ref.name, ref.version_id) for ref in reading.refs] == [(NAME, None), ("civitai version 7", 7)]


def test_a_zip_gives_one_reading_a_member() -> None:
    files = {
        "a.json": json.dumps(WORKFLOW).encode(),
        "b/c.png": written("png tEXt", workflow=WORKFLOW),
        "readme.txt": b"x",
        "d.json": b"[]",
    }
    readings = read_workflow(writers.zipped(files), "all.zip")
    assert [reading.path for reading in readings] == ["all.zip!a.json", "all.zip!b/c.png"]


def test_a_zip_without_workflows_says_so() -> None:
    assert why_unreadable(writers.zipped({"a.txt": b"x"})) == "no workflow in this zip archive"


def test_a_member_that_unpacks_past_the_limit_is_refused_by_name() -> None:
    (reading,) = read_workflow(writers.zipped({"bomb.json": b" " * (40 * 2**20)}), "bomb.zip")
    assert isinstance(reading, UnreadableWorkflow)
    assert reading.path == "bomb.zip!bomb.json" and "unpacks to more than" in reading.message


@pytest.mark.parametrize("write", [writers.png_ztxt, writers.png_itxt_packed])
def test_a_text_that_unpacks_past_the_limit_is_refused(write: object) -> None:
    assert callable(write)
    assert "unpacks to more than" in why_unreadable(write({"workflow": " " * (40 * 2**20)}))


def test_lengths_that_lie_do_no_harm() -> None:
    overrun = b"\x89PNG\r\n\x1a\n" + b"\xff\xff\xff\xfftEXtworkflow\0" + json.dumps(WORKFLOW).encode()
    assert told(overrun)[0][0] == NAME
    loop = b"II*\0\x08\0\0\0" + b"\x01\0" + b"\x69\x87\x04\0\x01\0\0\0\x08\0\0\0" + b"\x08\0\0\0"
    assert why_unreadable(writers.png(writers.chunk(b"eXIf", loop))) == "no workflow in this png file"
    huge = (
        b"\x1aE\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff" + b"\x18S\x80g\x01\xff\xff\xff\xff\xff\xff\xfe" * 50
    )
    assert why_unreadable(huge) == "no workflow in this mkv file"
    assert why_unreadable(b"\0\0\0\1ftyp" + b"\xff" * 8) == "no workflow in this mp4 file"
    assert (
        why_unreadable(b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0moov" * 1000)
        == "no workflow in this mp4 file"
    )


def test_real_files_of_every_container_are_read(shared: object) -> None:
    corpus = shared / "data" / "workflows" / "corpus"  # type: ignore[operator]
    files = [path for path in corpus.iterdir() if path.suffix in (".png", ".webp", ".mp4")]
    assert files
    for path in files:
        for reading in read_workflow(path.read_bytes(), path.name):
            assert isinstance(reading, WorkflowRefs), reading
