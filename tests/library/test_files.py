"""Single files: their digests as Civitai computes them, their health, what sidecars claim."""

from __future__ import annotations

import hashlib
import json
import zlib
from pathlib import Path

import pytest

from wfdeps.disk.hashing import hash_file
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.errors import LibraryError
from wfdeps.library.health import judgement_of
from wfdeps.library.sidecars import claimed_digests


def safetensors(weights: bytes = b"\x01\x02\x03\x04", *, claim: int | None = None) -> bytes:
    end = len(weights) if claim is None else claim
    header = json.dumps({"w": {"dtype": "U8", "shape": [end], "data_offsets": [0, end]}}).encode()
    return len(header).to_bytes(8, "little") + header + weights


def put(path: Path, data: bytes | str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return str(path)


# ── digests


def test_every_digest_from_one_reading_is_what_the_definition_says(tmp_path: Path) -> None:
    weights = bytes(range(256)) * 9000
    data = safetensors(weights)
    path = put(tmp_path / "a.safetensors", data)
    found = {digest.algorithm: digest.value for digest in hash_file(path, Algorithm)}
    assert found[Algorithm.SHA256] == hashlib.sha256(data).hexdigest()
    assert found[Algorithm.AUTOV2] == hashlib.sha256(data).hexdigest()[:10]
    assert found[Algorithm.AUTOV3] == hashlib.sha256(weights).hexdigest()[:12]
    assert found[Algorithm.AUTOV1] == hashlib.sha256(data[0x100000:0x110000]).hexdigest()[:8]
    assert bytes.fromhex(found[Algorithm.CRC32])[::-1] == zlib.crc32(data).to_bytes(4, "big")
    blake3 = pytest.importorskip("blake3")
    assert found[Algorithm.BLAKE3] == blake3.blake3(data).hexdigest()


def test_the_known_crc_of_the_check_string_is_reversed_bytewise(tmp_path: Path) -> None:
    path = put(tmp_path / "check", b"123456789")
    assert hash_file(path, (Algorithm.CRC32,)) == (Digest(Algorithm.CRC32, "2639f4cb"),)


def test_what_is_no_safetensors_file_has_no_autov3(tmp_path: Path) -> None:
    for data in (b"", b"short", b"\xff" * 20, b"\xff\xff\xff\xff\xff\xff\xff\x7f{" + b"x" * 50):
        found = hash_file(put(tmp_path / "a.ckpt", data), (Algorithm.SHA256, Algorithm.AUTOV3))
        assert [digest.algorithm for digest in found] == [Algorithm.SHA256]


def test_digests_come_strongest_first_and_only_those_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path / "a", b"x")
    assert [
        digest.algorithm for digest in hash_file(path, (Algorithm.CRC32, Algorithm.AUTOV2, Algorithm.SHA256))
    ] == [
        Algorithm.SHA256,
        Algorithm.AUTOV2,
        Algorithm.CRC32,
    ]
    assert hash_file(path, (Algorithm.AUTOV2,))[0].value == hashlib.sha256(b"x").hexdigest()[:10]


def test_a_file_that_cannot_be_read_is_a_library_error(tmp_path: Path) -> None:
    with pytest.raises(LibraryError):
        hash_file(str(tmp_path / "none"), (Algorithm.SHA256,))
    with pytest.raises(LibraryError):
        hash_file(str(tmp_path), (Algorithm.SHA256,))


# ── health


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n", "lfs pointer"),
        (b"<!DOCTYPE html><html>log in</html>", "html page"),
        (b'{"error":"Unauthorized"}', "error message"),
        (safetensors(b"1234", claim=4000), "truncated"),
        (safetensors()[:30], "truncated"),
        (safetensors(b"12345678", claim=4), "too many after its last tensor"),
        (safetensors(claim=4) + b"x", "too many after its last tensor"),
        ((1 << 62).to_bytes(8, "little") + safetensors()[8:], "says its header is 4611686018427387904 bytes"),
        ((40).to_bytes(8, "little") + safetensors()[8:], "its header is no JSON"),
        (b"\x02" + b"\0" * 7 + b"{}surplus", "too many after its last tensor"),
        (b"\0" * 4096, "zero bytes"),
    ],
)
def test_what_cannot_be_a_model_is_told_by_its_bytes(tmp_path: Path, data: bytes, word: str) -> None:
    path = put(tmp_path / "a.safetensors", data)
    assert word in judgement_of(path, len(data)).trouble


def test_a_sound_file_is_left_in_peace(tmp_path: Path) -> None:
    data = safetensors()
    assert judgement_of(put(tmp_path / "a.safetensors", data), len(data)).trouble == ""


# ── sidecars


SHA = "ab" * 32


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("a.safetensors.civitai.json", {"schema": "wfdeps/sidecar/1", "hashes": {"sha256": SHA}}),
        (
            "a.civitai.info",
            {
                "files": [
                    {"name": "other", "hashes": {"SHA256": "cd" * 32}},
                    {"name": "a.safetensors", "hashes": {"SHA256": SHA.upper()}},
                ]
            },
        ),
        ("a.civitai.info", {"files": [{"name": "renamed since", "hashes": {"SHA256": SHA}}]}),
        ("a.metadata.json", {"sha256": SHA, "file_name": "a"}),
    ],
)
def test_the_sidecars_in_use_are_understood(tmp_path: Path, name: str, document: object) -> None:
    put(tmp_path / name, json.dumps(document))
    assert claimed_digests(str(tmp_path / "a.safetensors")) == (Digest(Algorithm.SHA256, SHA),)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"hashes": 3}', '{"hashes": {"SHA256": "xyz"}}', '{"files": [1, null]}', "[" * 100_000],
)
def test_a_sidecar_that_makes_no_sense_claims_nothing(tmp_path: Path, text: str) -> None:
    put(tmp_path / "a.safetensors.civitai.json", text)
    assert claimed_digests(str(tmp_path / "a.safetensors")) == ()
