"""What a small file can cost: a gigabyte of address space and some seconds of processor are enough for any of them."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.workflow import writers
from tests.workflow.builders import LINKS, checkpoint_to_image, node, ui
from wfdeps.domain.refs import WorkflowRefs
from wfdeps.workflow.limits import MAX_JSON_BYTES, MAX_UNPACKED_BYTES
from wfdeps.workflow.read import read_workflow

GIB = 1 << 30
SECONDS = 40
"""Of processor time; what is linear takes a few, what was not took minutes."""
WORKFLOW = json.dumps(
    ui(*checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("sd15.safetensors",))), links=LINKS)
)
EMPTY_LISTS = "[" + "[]," * 1_300_000 + "[]]"
"""4 MB of JSON that takes a hundred in memory."""

READ = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, ({GIB}, {GIB}))
resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
from wfdeps.workflow.read import read_workflow
with open(sys.argv[1], "rb") as file:
    data = file.read()
for reading in read_workflow(data, "hostile"):
    for notice in getattr(reading, "warnings", ()):
        print(notice.message)
    if hasattr(reading, "message"):
        print(reading.message)
used = resource.getrusage(resource.RUSAGE_SELF)
with open("/proc/self/status") as file:
    peak = next(line.split()[1] for line in file if line.startswith("VmHWM"))
print(int(peak) // 1024, "MiB", round(used.ru_utime + used.ru_stime, 1), "s", file=sys.stderr)
"""


def exif_tags_on_one_text() -> bytes:
    text = b"prompt:" + EMPTY_LISTS.encode() + b"\0"
    count = 20_000
    at = 8 + 2 + 12 * count + 4
    entry = struct.pack("<HHII", 0x010E, 2, len(text), at)
    block = b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", count) + entry * count + b"\0\0\0\0" + text
    return writers.riff(b"EXIF", block)


def packed_texts() -> bytes:
    packed = zlib.compress(("[" + "[]," * 5_300_000 + "[]]").encode(), 9)
    return writers.png(*(writers.chunk(b"zTXt", b"t%d\0\0" % number + packed) for number in range(500)))


def packed_words() -> bytes:
    packed = zlib.compress(b"Steps: 1, " * 1_600_000, 9)
    body = b"parameters\0\0" + packed
    return writers.png(*(writers.chunk(b"zTXt", body) for _ in range(400)))


def many_small_texts() -> bytes:
    return writers.png(*(writers.chunk(b"tEXt", b"k%d\0[[]]" % number) for number in range(19_000)))


def one_huge_text() -> bytes:
    return writers.png(writers.chunk(b"tEXt", b"workflow\0{" + b"\xe4" * (120 << 20)))


def unfinished_objects() -> bytes:
    return writers.riff(b"XMP ", b'{"a":[' * 2_500_000)


def unfinished_lists() -> bytes:
    return writers.riff(b"XMP ", b'{"a":1, ' + b'"b":[{},{},{},{},{},{},{},{}' * 500_000)


def svg_of_braces() -> bytes:
    return b'<?xml version="1.0"?><svg><metadata>' + b"{" * 15_000_000 + b"</metadata></svg>"


def items_on_one_place() -> bytes:
    text = exif_tags_on_one_text()[30:]
    count = 5_000
    infe = b"".join(
        writers.box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + b"Exif\0")
        for number in range(1, count + 1)
    )
    iinf = writers.box(b"iinf", b"\0\0\0\0" + struct.pack(">H", count) + infe)
    iloc = b"".join(struct.pack(">HHHII", number, 0, 1, 0, 4_000_000) for number in range(1, count + 1))
    iloc = writers.box(b"iloc", b"\0\0\0\0\x44\0" + struct.pack(">H", count) + iloc)
    ftyp = writers.box(b"ftyp", b"avif\0\0\0\0avif")
    return ftyp + writers.box(b"meta", b"\0\0\0\0", iinf, iloc) + text


def boxes_in_boxes() -> bytes:
    inner = writers.box(b"free") * 2_000
    for _ in range(7):
        inner = writers.box(b"moov", inner)
    return writers.box(b"ftyp", b"isom\0\0\0\0") + inner * 300


def comments_of_lists() -> bytes:
    comment = b"note=" + EMPTY_LISTS.encode()
    body = struct.pack("<I", 0) + struct.pack("<I", 4) + (struct.pack("<I", len(comment)) + comment) * 4
    block = b"\4" + len(body).to_bytes(3, "big") + body
    return b"fLaC" + block * 8


def tags_of_zeros() -> bytes:
    frame = b"\1" + b"a\0" * 8_000_000
    head = b"TXXX" + struct.pack(">I", len(frame)) + b"\0\0"
    size = len(head + frame) * 4
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\3\0\0" + synchsafe + (head + frame) * 4


def archive_of_images() -> bytes:
    import io
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(400):
            archive.writestr(f"{number}.png", packed_image())
    return out.getvalue()


def packed_image() -> bytes:
    packed = zlib.compress(b"[" + b" " * (15 << 20) + b"]", 9)
    return writers.png(*(writers.chunk(b"zTXt", b"t%d\0\0" % number + packed) for number in range(4)))


def notes_and_loaders() -> bytes:
    """200,000 addresses in notes, and 20,000 loaders that they might belong to."""
    note = " ".join(f"https://example.com/{number}/m{number}.safetensors" for number in range(200_000))
    loaders = [node(number, "LoraLoader", (f"n{number}.safetensors", 1, 1)) for number in range(2, 20_002)]
    return json.dumps(ui(*loaders, node(1, "MarkdownNote", (note,)))).encode()


def lists_of_nothing() -> bytes:
    return ('{"nodes": ' + "[" + "[]," * 5_500_000 + "[]]}").encode()


HOSTILE = (
    exif_tags_on_one_text, packed_texts, packed_words, many_small_texts, one_huge_text, unfinished_objects,
    unfinished_lists, svg_of_braces, items_on_one_place, boxes_in_boxes, comments_of_lists, tags_of_zeros,
    archive_of_images, notes_and_loaders, lists_of_nothing,
)  # fmt: skip
SAID = {
    exif_tags_on_one_text: "it holds more than 16 MiB of JSON",
    packed_texts: "it holds more than 16 MiB of JSON",
    many_small_texts: "it holds more than 500 texts that begin as JSON does",
    one_huge_text: "it holds more than 16 MiB of JSON",
    archive_of_images: "the files before it hold more text than is read of one archive",
    items_on_one_place: "its items hold more than 64 MiB of text",
    svg_of_braces: "it holds more than 500 texts that begin as JSON does",
}


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_AS bounds memory on Linux")
@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_no_file_takes_more_than_a_gigabyte_or_runs_away(make: Callable[[], bytes], tmp_path: Path) -> None:
    path = tmp_path / "hostile"
    path.write_bytes(make())
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2_000:]
    assert SAID.get(make, "") in done.stdout


def test_what_was_found_before_the_limit_counts_and_the_limit_is_said() -> None:
    filler = zlib.compress(b"x" * (MAX_JSON_BYTES - 1))
    chunks = [writers.chunk(b"zTXt", b"note\0\0" + filler) for _ in range(5)]
    chunks.insert(0, writers.chunk(b"tEXt", b"workflow\0" + WORKFLOW.encode()))
    (reading,) = read_workflow(writers.png(*chunks), "a.png")
    assert isinstance(reading, WorkflowRefs)
    assert [ref.name for ref in reading.refs] == ["sd15.safetensors"]
    assert [notice.code for notice in reading.warnings] == ["partly_read"]
    assert f"more than {MAX_UNPACKED_BYTES >> 20} MiB of text" in reading.warnings[0].message


def test_all_members_of_an_archive_share_one_budget() -> None:
    import io
    import zipfile

    packed = zlib.compress(b"y" * (15 << 20), 9)
    image = writers.png(*(writers.chunk(b"zTXt", b"note\0\0" + packed) for _ in range(4)))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("first.png", image)
        archive.writestr("second.png", image)
        archive.writestr("third.png", writers.png_text({"workflow": WORKFLOW}))
    (reading,) = read_workflow(out.getvalue(), "a.zip")
    assert "not looked at: the files before it" in getattr(reading, "message", "")
