"""Lock → format → lock: what the format carries comes back as it was, and nothing else does."""

from __future__ import annotations

import string

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports.making import CIVITAI, OPEN, entry, lock, mixed_lock
from tests.exports.test_every_format import OPTIONS
from wfdeps.domain.folders import FOLDER_KEYS
from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.exports.checked import checked_files
from wfdeps.exports.registry import built_in, export, import_text, recognised
from wfdeps.lock.document import to_text

READ_BY = {
    "aria2": "aria2",
    "comfy-build": "comfy-build",
    "comfy-cli": "script",
    "comfy-pack": "comfy-pack",
    "dockerfile": "script",
    "model-list": "model-list",
    "salad": "salad",
    "shell": "script",
}
WITHOUT_HASHES = ("model-list", "salad")
WITH_SIZES = ("comfy-pack", "shell")

names = st.text(string.ascii_letters + string.digits + " ._-()[]{}'$&!#@+=~^%,;é", min_size=1, max_size=20)
hosts = st.sampled_from(
    ["https://models.example.org/", "https://huggingface.co/a/b/resolve/main/", CIVITAI + "?fileId="]
)
entries = st.builds(
    lambda folder, name, sha256, size, urls: LockEntry(
        name=name, folder=folder, path=f"{folder}/{name}", sha256=sha256, size=size, air=None,
        sources=tuple(LockSource("url", url) for url in urls), used_by=(), chosen_by="hash", evidence=(),
    ),
    folder=st.sampled_from(sorted({*FOLDER_KEYS} - {"configs", "diffusers"})),
    name=names.map(lambda name: name + ".safetensors") | names.map(lambda name: f"style/{name}.ckpt"),
    sha256=st.none() | st.text("0123456789abcdef", min_size=64, max_size=64),
    size=st.none() | st.integers(0, 1 << 44),
    urls=st.lists(st.builds(str.__add__, hosts, st.text("abc123", min_size=1, max_size=8)), max_size=2, unique=True),
)  # fmt: skip
locks = st.lists(entries, max_size=5, unique_by=lambda one: (one.folder, one.name)).map(
    lambda found: Lock(workflows=(), entries=tuple(found))
)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(READ_BY)), of=locks)
def test_what_a_format_carries_comes_back(name: str, of: Lock) -> None:
    made = export(of, built_in(name), OPTIONS.get(name, {}))
    refused = {one.what for one in made.left_out}
    carried = {file.path: file for file in checked_files(of)[0] if file.path not in refused}
    back = import_text(made.files[0].text, READ_BY[name], "test")
    assert back.left_out == ()
    files = {file.path: file for file in checked_files(back.lock)[0]}
    assert files.keys() == carried.keys()
    for path, file in files.items():
        assert file.sha256 == (None if name in WITHOUT_HASHES else carried[path].sha256)
        assert file.size == (carried[path].size if name in WITH_SIZES else None)
        if name == "shell":
            assert set(file.urls) == set(carried[path].urls)
        elif name == "aria2":
            assert file.urls == carried[path].open_urls
        else:
            assert file.urls == (carried[path].url,)


@pytest.mark.parametrize("name", READ_BY)
def test_an_export_is_recognised_by_its_name_and_text(name: str) -> None:
    form = built_in(name)
    text = export(mixed_lock(), form, {}).files[0].text
    assert recognised(form.file_name, text) == READ_BY[name]


def test_our_own_lock_is_read_as_it_is() -> None:
    text = to_text(mixed_lock())
    assert recognised("anything.json", text) == "wfdeps"
    assert import_text(text, "wfdeps", "x").lock == mixed_lock()


def test_two_urls_of_which_one_needs_a_token_keep_their_order_but_for_that() -> None:
    of = lock(entry("loras/a.safetensors", CIVITAI, f"{OPEN}/a.safetensors"))
    text = export(of, built_in("shell"), {}).files[0].text
    (back,) = import_text(text, "script", "x").lock.entries
    assert [source.url for source in back.sources] == [f"{OPEN}/a.safetensors", CIVITAI]
