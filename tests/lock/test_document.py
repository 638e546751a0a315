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


WRITTEN = """{
  "schema": "wfdeps/lock/1",
  "workflows": [
    {
      "path": "w.json",
      "sha256": "cc"
    }
  ],
  "files": [
    {
      "name": "ä.safetensors",
      "folder": "loras",
      "path": "loras/ä.safetensors",
      "sha256": null,
      "size": null,
      "size_about": 9,
      "air": "urn:air:sd1:lora:civitai:1@2",
      "sources": [
        {
          "source": "civitai",
          "url": "https://civitai.com/x",
          "page": "https://civitai.com/models/1"
        }
      ],
      "used_by": [
        "w.json#1:lora_name"
      ],
      "chosen_by": "name",
      "evidence": [
        "its name"
      ]
    }
  ],
  "unresolved": [
    "vae/x"
  ],
  "optional": [
    "vae/y"
  ]
}
"""


def test_the_text_of_a_lock_is_this_and_no_other() -> None:
    entry = LockEntry(
        name="ä.safetensors",
        folder="loras",
        path="loras/ä.safetensors",
        sha256=None,
        size=None,
        about=9,
        air="urn:air:sd1:lora:civitai:1@2",
        sources=(LockSource("civitai", "https://civitai.com/x", "https://civitai.com/models/1"),),
        used_by=("w.json#1:lora_name",),
        chosen_by=ChosenBy.NAME,
        evidence=("its name",),
    )
    lock = Lock((("w.json", "cc"),), (entry,), ("vae/x",), ("vae/y",))
    assert to_text(lock) == WRITTEN
    assert parse(WRITTEN) == lock


def test_what_an_older_lock_left_out_is_empty() -> None:
    entry = {"name": "a", "folder": "loras", "path": "loras/a", "chosen_by": "hash"}
    lock = parse(json.dumps({"schema": "wfdeps/lock/1", "files": [entry]}))
    assert lock == Lock(
        (), (LockEntry("a", "loras", "loras/a", None, None, None, (), (), ChosenBy.HASH, ()),)
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (damaged(size=-1), "`-1` is no size"),
        (damaged(size_about="1"), "`1` is no size"),
        (damaged(size=1.5), "`1.5` is no size"),
        (damaged(sha256="a" * 63), f"`{'a' * 63}` is no SHA-256"),
        (damaged(sha256="g" * 64), f"`{'g' * 64}` is no SHA-256"),
        (damaged(sources=[{"source": "x"}]), "entry 1 (`a`): it has no 'url'"),
        (damaged(sources=[{"source": 1, "url": "https://a/b"}]), "`source` is no text"),
        (damaged(folder=1), "`folder` is no text"),
        ('{"schema": "wfdeps/lock/1", "files": ["x"]}', "entry 1: "),
        ('{"schema": "wfdeps/lock/1", "files": [], "workflows": [{"path": "w"}]}', "it has no 'sha256'"),
        ('{"schema": "wfdeps/lock/2", "files": []}', "`wfdeps/lock/2`"),
        ("{", "no JSON"),
        ("[]", "no wfdeps lock"),
    ],
)
def test_a_lock_error_says_what_is_wrong(text: str, words: str) -> None:
    with pytest.raises(LockError) as caught:
        parse(text)
    assert words in caught.value.message


@pytest.mark.parametrize("size", [0, 1, 2**45])
def test_an_empty_file_has_a_size(size: int) -> None:
    assert parse(damaged(size=size)).entries[0].size == size
