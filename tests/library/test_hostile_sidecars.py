"""What lies beside a model file may be anything: it says nothing then, and is never waited for."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wfdeps.disk.sidecars import LARGEST, is_ours, read_sidecar
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.library.sidecars import claimed_digests

SHA256 = hashlib.sha256(b"x").hexdigest()
NAMES = ("x.safetensors.civitai.json", "x.civitai.info", "x.metadata.json")
HOSTILE = {
    "deep": b"[" * 1_000_000,
    "deep-object": b'{"hashes":' * 100_000,
    "not-utf8": b"\xff\xfe{}",
    "truncated": b'{"sha256": "',
    "long-number": b'{"sha256": ' + b"9" * 10_000 + b"}",
    "nan": b'{"sha256": NaN, "hashes": {"SHA256": Infinity}}',
    "surrogate": b'{"sha256": "\\ud800", "hashes": {"\\ud800": "\\udfff"}, "schema": "\\ud800"}',
    "no-object": b"[1, 2]",
    "null": b"null",
    "nul": b"\0" * 4096,
    "types": b'{"hashes": [1], "sha256": {"a": 1}, "files": {"name": "x"}, "schema": []}',
    "rows": b'{"files": [null, 1, [], {"name": 5, "hashes": 7}, {"name": "x.safetensors", "hashes": {"SHA256": []}}]}',
    "too-large": b'{"sha256": "' + SHA256.encode() + b'", "pad": "' + b" " * LARGEST + b'"}',
}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_a_sidecar_that_is_not_one_claims_nothing(tmp_path: Path, name: str, body: bytes) -> None:
    (tmp_path / name).write_bytes(body)
    model = str(tmp_path / "x.safetensors")
    assert claimed_digests(model) == ()
    assert read_sidecar(model) == {}
    assert not is_ours(str(tmp_path / name))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", NAMES)
def test_a_pipe_beside_a_model_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    script = (
        "import sys; from wfdeps.library.sidecars import claimed_digests; print(claimed_digests(sys.argv[1]))"
    )
    arguments = [sys.executable, "-c", script, str(tmp_path / "x.safetensors")]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "()\n"


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="no devices here")
def test_a_link_to_a_device_or_to_itself_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).symlink_to("/dev/zero")
    (tmp_path / NAMES[1]).symlink_to(tmp_path / NAMES[1])
    (tmp_path / NAMES[2]).mkdir()
    assert claimed_digests(str(tmp_path / "x.safetensors")) == ()


def test_a_hash_among_nonsense_is_still_read(tmp_path: Path) -> None:
    rows = [None, {"name": "x.safetensors", "hashes": {"SHA256": SHA256, "\ud800": 1, "AutoV2": "no"}}]
    (tmp_path / NAMES[1]).write_text(json.dumps({"files": rows, "hashes": 3}), encoding="ascii")
    assert claimed_digests(str(tmp_path / "x.safetensors")) == (Digest(Algorithm.SHA256, SHA256),)


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(SHA256),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["hashes", "sha256", "SHA256", "files", "name", "schema", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(document=_ANY)
def test_any_json_gives_hashes_or_none(tmp_path_factory: pytest.TempPathFactory, document: object) -> None:
    folder = tmp_path_factory.mktemp("sidecar")
    for name in NAMES:
        (folder / name).write_text(json.dumps(document), encoding="ascii")
    model = str(folder / "x.safetensors")
    assert {digest.value for digest in claimed_digests(model)} <= {SHA256}
    read_sidecar(model)


OURS = {
    "schema": "wfdeps/sidecar/1",
    "source": "civitai",
    "model_id": 7,
    "version_id": 9,
    "version": "v1",
    "licence": ["credit required"],
    "hashes": {"sha256": SHA256},
    "previous": [{"model_id": 7, "version_id": 8, "hashes": {"sha256": SHA256}}],
}


def test_what_we_wrote_comes_back_as_we_wrote_it(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).write_text(json.dumps(OURS | {"later": [1], "page": None}), encoding="utf-8")
    assert read_sidecar(str(tmp_path / "x.safetensors")) == OURS | {"later": [1], "page": None}


@settings(max_examples=300, deadline=None)
@given(changes=st.dictionaries(st.sampled_from(sorted({*OURS, "air", "file_name"} - {"schema"})), _ANY))
def test_our_own_sidecar_holds_values_of_our_types_whatever_was_written_into_it(
    tmp_path_factory: pytest.TempPathFactory, changes: dict[str, object]
) -> None:
    folder = tmp_path_factory.mktemp("ours")
    earlier = [changes, None, OURS["previous"][0]]  # type: ignore[index]
    for document in (OURS | changes, OURS | {"previous": earlier}):
        (folder / NAMES[0]).write_text(json.dumps(document), encoding="ascii")
        sidecar = read_sidecar(str(folder / "x.safetensors"))
        for row in (sidecar, *(sidecar.get("previous") or ())):
            assert all(type(word) is str for word in row["hashes"].values())
            assert all(type(word) is str for word in row.get("licence") or ())
            for key in ("model_id", "version_id"):
                assert type(row.get(key)) in (int, type(None))
            for key in ("source", "version", "air", "file_name"):
                assert type(row.get(key)) in (str, type(None))
