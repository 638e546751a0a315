"""A lock reads back as it was written, says where it is damaged, and carries no secret."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.locks import Lock, LockEntry, LockSource
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import LockError
from wfdeps.lock.document import parse, to_text
from wfdeps.schema import problems

plain = st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=12)
sha256 = st.text("0123456789abcdef", min_size=64, max_size=64)
sizes = st.integers(0, 2**45)
entries = st.builds(
    lambda told, **fields: LockEntry(size=told[0], about=told[1], **fields),
    told=st.tuples(sizes, st.none()) | st.tuples(st.none(), st.none() | sizes),
    name=plain,
    folder=st.sampled_from(["loras", "vae"]),
    path=st.from_regex(r"(loras|vae)/[a-z]{1,8}\.safetensors", fullmatch=True),
    sha256=st.none() | sha256,
    air=st.none() | st.just("urn:air:sd1:lora:civitai:1@2"),
    sources=st.lists(
        st.builds(
            LockSource,
            source=st.just("civitai"),
            url=st.just("https://civitai.com/x?fileId=1"),
            page=st.none(),
        ),
        max_size=2,
    ).map(tuple),
    used_by=st.lists(st.just("w.json#1:lora_name"), max_size=1).map(tuple),
    chosen_by=st.sampled_from(list(ChosenBy)),
    evidence=st.lists(plain, max_size=2).map(tuple),
)
locks = st.builds(
    Lock,
    workflows=st.lists(
        st.tuples(st.from_regex(r"[a-z]{1,8}\.json", fullmatch=True), sha256), max_size=2, unique=True
    )
    .map(sorted)
    .map(tuple),
    entries=st.lists(entries, max_size=4, unique_by=lambda entry: (entry.folder, entry.name))
    .map(lambda found: sorted(found, key=lambda entry: (entry.folder, entry.name)))
    .map(tuple),
    unresolved=st.lists(st.just("vae/x"), max_size=1).map(tuple),
)


@given(locks)
def test_what_is_written_reads_back(lock: Lock) -> None:
    assert parse(to_text(lock)) == lock


@given(locks)
def test_what_is_written_keeps_its_schema(lock: Lock) -> None:
    assert problems(json.loads(to_text(lock)), "lock-1") == ()


@given(locks)
def test_order_of_entries_does_not_change_the_bytes(lock: Lock) -> None:
    turned = Lock(lock.workflows[::-1], lock.entries[::-1], lock.unresolved[::-1])
    assert to_text(turned) == to_text(lock)


def damaged(**changes: object) -> str:
    entry = {
        "name": "a", "folder": "loras", "path": "loras/a", "sha256": None, "size": 1, "air": None,
        "sources": [], "used_by": [], "chosen_by": "hash", "evidence": [], **changes,
    }  # fmt: skip
    return json.dumps({"schema": "wfdeps/lock/1", "workflows": [], "files": [entry], "unresolved": []})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"schema": "wfdeps/lock/1"}',
        '{"schema": "wfdeps/lock/2", "files": []}',
        damaged(sha256="xyz"),
        damaged(size=-1),
        damaged(size=True),
        damaged(size="1"),
        damaged(chosen_by="magic"),
        damaged(name=None),
        damaged(sources=[{"source": "x"}]),
        damaged(sources=[{"source": "x", "url": "https://a/b?token=s3cr3t"}]),
        damaged(sources=["x"]),
        "[" * 100_000,
    ],
)
def test_a_damaged_lock_is_a_lock_error_with_a_hint(text: str) -> None:
    with pytest.raises(LockError) as caught:
        parse(text)
    assert caught.value.hint
    assert "s3cr3t" not in str(caught.value)


def test_a_damaged_entry_is_named_with_what_it_lacks() -> None:
    entry = {"name": "a.safetensors", "folder": "loras", "chosen_by": "hash"}
    with pytest.raises(LockError, match=r"entry 1 \(`a.safetensors`\): it has no 'path'"):
        parse(json.dumps({"schema": "wfdeps/lock/1", "workflows": [], "files": [entry]}))
