"""The content store: one file by its hash, many trees, and nothing removed that a tree still uses."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.fakes.weights import pickled
from wfdeps.disk.filesystem import device_of, filesystem_of
from wfdeps.disk.writing import LINK_KINDS, entered, make_link
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.plans import Link, Placement, Target
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.errors import LibraryError, UnsafePathError
from wfdeps.library import open_library
from wfdeps.library.install import Roots
from wfdeps.library.store import Store
from wfdeps.match.local import find_local

DATA = pickled(b"weights" * 100)
SHA = hashlib.sha256(DATA).hexdigest()


def put(path: Path, data: bytes = DATA) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return str(path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(str(tmp_path / "store"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the store's."""
    import tempfile

    shm = "/dev/shm"
    if not os.path.isdir(shm) or device_of(shm) == device_of(str(tmp_path)):
        pytest.skip("needs a second file system at /dev/shm")
    with tempfile.TemporaryDirectory(dir=shm) as folder:
        yield Path(folder)


def test_a_store_keeps_one_file_for_many_trees_and_knows_what_is_unused(tmp_path: Path) -> None:
    data = pickled(b"weights" * 100)
    sha256 = hashlib.sha256(data).hexdigest()
    for tree in ("one", "two"):
        library = open_library(
            Roots(models=str(tmp_path / tree)), index_path=None, store=str(tmp_path / "store")
        )
        staged = put(tmp_path / "staging", data)
        target = Target("loras", str(tmp_path / tree / "loras"), "a.pt")
        receipt = library.place(Placement(staged, target, None))
        assert (receipt.sha256, receipt.wrote) == (sha256, True)
        assert not os.path.exists(staged)
        library.close()
    store = Store(str(tmp_path / "store"))
    (stored,) = store.files()
    assert (stored.sha256, stored.size) == (sha256, len(data))
    assert store.is_sound(stored)
    assert store.unused() == ()
    for tree in ("one", "two"):
        assert (tmp_path / tree / "loras" / "a.pt").read_bytes() == data
        (tmp_path / tree / "loras" / "a.pt").unlink()
    assert store.unused() == (store.find(sha256),)
    store.remove(stored)
    assert tuple(store.files()) == ()


def test_a_symbolic_link_counts_as_use(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    path = store.adopt(put(tmp_path / "staged", b"x"), hashlib.sha256(b"x").hexdigest())
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.pt").symlink_to(path)
    assert len(store.unused()) == 1
    store.trees.note(str(tmp_path / "tree"))
    assert store.unused() == ()


def test_a_store_that_was_damaged_says_so(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"))
    path = store.adopt(put(tmp_path / "staged", b"x"), hashlib.sha256(b"x").hexdigest())
    os.chmod(path, 0o644)
    Path(path).write_bytes(b"y")
    (stored,) = store.files()
    assert not store.is_sound(stored)


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "ab" * 31, "AB" * 32, "zz" * 32])
def test_only_a_hash_is_a_name_in_the_store(tmp_path: Path, name: str) -> None:
    with pytest.raises(LibraryError):
        Store(str(tmp_path)).path_of(name)


def test_what_the_store_holds_is_found_by_hash(tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"x").hexdigest()
    Store(str(tmp_path / "store")).adopt(put(tmp_path / "staged", b"x"), sha256)
    library = open_library(Roots(models=str(tmp_path / "m")), index_path=None, store=str(tmp_path / "store"))
    ref = ModelRef(
        "a.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, (), (Digest(Algorithm.SHA256, sha256),)
    )
    finding = find_local(ref, library.inventory([ref]))
    assert finding.state is RefState.WRONG_FOLDER
    assert finding.files[0].path == Store(str(tmp_path / "store")).path_of(sha256)
    library.close()


def ref() -> ModelRef:
    return ModelRef(
        "a.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, (), (Digest(Algorithm.SHA256, SHA),)
    )


def kept(store: Store, tmp_path: Path) -> str:
    return store.adopt(put(tmp_path / "staging" / "one.part"), SHA)


def test_a_store_is_laid_out_as_a_mirror_is(store: Store, tmp_path: Path) -> None:
    assert kept(store, tmp_path) == str(tmp_path / "store" / "sha256" / SHA)


def a_clone(stored: str, tree: Path) -> None:
    make_link(stored, str(tree / "a.pt"), kinds=("reflink", "copy"))


def a_hard_link(stored: str, tree: Path) -> None:
    make_link(stored, str(tree / "a.pt"), kinds=("hardlink",))


def a_symbolic_link(stored: str, tree: Path) -> None:
    make_link(stored, str(tree / "a.pt"), kinds=("symlink",))


def a_link_in_a_linked_subfolder(stored: str, tree: Path) -> None:
    moved = tree.parent / "moved"
    moved.mkdir()
    (tree / "sub").symlink_to(moved)
    (moved / "a.pt").symlink_to(stored)


@pytest.mark.parametrize(
    "use", [a_clone, a_hard_link, a_symbolic_link, a_link_in_a_linked_subfolder], ids=lambda use: use.__name__
)
def test_what_a_tree_uses_is_never_removed(
    store: Store, tmp_path: Path, use: Callable[[str, Path], None]
) -> None:
    stored = kept(store, tmp_path)
    tree = tmp_path / "tree"
    tree.mkdir()
    store.trees.note(str(tree))
    use(stored, tree)
    assert store.collect() == ()
    next(tree.rglob("a.pt"), tree.parent / "moved" / "a.pt").unlink()
    assert [one.sha256 for one in store.collect()] == [SHA]
    assert not os.path.exists(stored)


def test_another_file_of_the_same_length_is_no_use(store: Store, tmp_path: Path) -> None:
    kept(store, tmp_path)
    put(tmp_path / "tree" / "other.pt", bytes(len(DATA)))
    store.trees.note(str(tmp_path / "tree"))
    assert len(store.unused()) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs links that anybody may make")
@pytest.mark.parametrize("unreadable", ["a note", "all notes"])
def test_a_note_that_cannot_be_read_stops_the_collector(
    store: Store, tmp_path: Path, unreadable: str
) -> None:
    """Another user's, in a store that several share: what their tree links to looks unused."""
    stored = kept(store, tmp_path)
    store.trees.note(str(tmp_path / "tree"))
    note = Path(store.trees.note_of(str(tmp_path / "tree")))
    broken = note if unreadable == "a note" else note.parent
    broken.rename(tmp_path / "aside")
    broken.symlink_to(broken)  # nobody can read that, whatever their rights
    with pytest.raises(LibraryError, match="cannot read"):
        store.collect()
    assert os.path.exists(stored)


def test_a_tree_that_cannot_be_read_stops_the_collector(store: Store, tmp_path: Path) -> None:
    stored = kept(store, tmp_path)
    put(tmp_path / "tree" / "a.pt")
    store.trees.note(str(tmp_path / "tree"))
    (tmp_path / "tree" / "a.pt").chmod(0)
    if os.access(tmp_path / "tree" / "a.pt", os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(LibraryError, match="cannot read"):
        store.collect()
    assert os.path.exists(stored)


def test_a_tree_linked_from_what_the_store_already_had_is_remembered_too(
    tmp_path: Path, store: Store
) -> None:
    stored = kept(store, tmp_path)
    library = open_library(Roots(models=str(tmp_path / "tree")), index_path=None, store=store.folder)
    (file,) = library.inventory([ref()]).files
    library.link(Link(ref(), file, Target("loras", str(tmp_path / "tree" / "loras"), "a.pt")), ("symlink",))
    library.close()
    assert os.readlink(tmp_path / "tree" / "loras" / "a.pt").endswith(SHA)
    assert store.trees.paths() == (str(tmp_path / "tree" / "loras"),)
    assert store.collect() == ()
    assert os.path.exists(stored)


def test_a_tree_on_another_volume_is_linked_by_name_and_missed_while_it_is_not_mounted(
    tmp_path: Path, store: Store, elsewhere: Path
) -> None:
    library = open_library(Roots(models=str(elsewhere / "m")), index_path=None, store=store.folder)
    staged = put(elsewhere / "m" / "loras" / ".wfdeps-part" / "one.part")
    library.place(Placement(staged, Target("loras", str(elsewhere / "m" / "loras"), "a.pt"), None))
    library.close()
    assert os.path.islink(elsewhere / "m" / "loras" / "a.pt")
    assert (elsewhere / "m" / "loras" / "a.pt").read_bytes() == DATA
    assert store.trees.unseen() == ()
    note = Path(store.trees.note_of(str(elsewhere / "m" / "loras")))
    told = json.loads(note.read_text())
    assert told["mount"] == filesystem_of(str(elsewhere)).mount
    note.write_text(
        json.dumps({**told, "mount": str(elsewhere / "m")})
    )  # as if that volume were not mounted now
    assert store.trees.unseen() == (str(elsewhere / "m" / "loras"),)
    note.write_text(json.dumps({**told, "mount": ""}))  # a system that tells of no mounts
    assert store.trees.unseen() == ()
    (elsewhere / "m").rename(elsewhere / "unmounted")
    assert store.trees.unseen() == (str(elsewhere / "m" / "loras"),)


def test_a_tree_of_the_same_volume_that_is_gone_keeps_nobody_waiting(store: Store, tmp_path: Path) -> None:
    kept(store, tmp_path)
    store.trees.note(str(tmp_path / "gone"))
    assert store.trees.unseen() == ()
    assert len(store.collect()) == 1


def test_of_many_trees_noted_at_once_none_is_forgotten(store: Store, tmp_path: Path) -> None:
    trees = [str(tmp_path / f"tree{number}") for number in range(16)]
    threads = [threading.Thread(target=store.trees.note, args=(tree,)) for tree in trees]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.trees.paths() == tuple(sorted(trees))


def test_the_collector_waits_for_those_who_are_placing(store: Store, tmp_path: Path) -> None:
    stored = kept(store, tmp_path)
    collected: list[int] = []
    with entered(str(tmp_path / "store" / ".lock"), alone=False):  # as who places does
        collector = threading.Thread(target=lambda: collected.append(len(store.collect())))
        collector.start()
        collector.join(0.2)
        assert os.path.exists(stored)
        (tmp_path / "tree").mkdir()
        os.link(stored, tmp_path / "tree" / "a.pt")
    collector.join()
    assert collected == [0]


def test_a_damaged_file_of_the_store_gives_way_to_the_right_one(store: Store, tmp_path: Path) -> None:
    stored = kept(store, tmp_path)
    os.chmod(stored, 0o644)
    put(Path(stored), b"x" * len(DATA))
    assert store.adopt(put(tmp_path / "again.part"), SHA) == stored
    assert Path(stored).read_bytes() == DATA
    assert not os.path.exists(tmp_path / "again.part")


def test_a_damaged_file_of_the_store_is_not_linked_into_a_tree(store: Store, tmp_path: Path) -> None:
    stored = kept(store, tmp_path)
    os.chmod(stored, 0o644)
    put(Path(stored), b"x" * len(DATA))
    library = open_library(Roots(models=str(tmp_path / "tree")), index_path=None, store=store.folder)
    (file,) = library.inventory([ref()]).files
    step = Link(ref(), file, Target("loras", str(tmp_path / "tree" / "loras"), "a.pt"))
    with pytest.raises(LibraryError, match="its content is another"):
        library.link(step)
    library.close()
    assert not os.path.exists(tmp_path / "tree" / "loras" / "a.pt")


def test_where_the_store_cannot_remember_a_tree_no_link_depends_on_it(store: Store, tmp_path: Path) -> None:
    stored = kept(store, tmp_path)
    put(Path(store.folder) / "trees", b"in the way of the notes")
    kind = store.link(stored, str(tmp_path / "tree" / "a.pt"), root=str(tmp_path / "tree"), kinds=LINK_KINDS)
    assert kind != "symlink"
    with pytest.raises(LibraryError, match="could not be linked"):
        store.link(stored, str(tmp_path / "tree" / "b.pt"), root=str(tmp_path / "tree"), kinds=("symlink",))


def test_no_note_is_written_through_a_planted_link(store: Store, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    os.makedirs(store.folder)
    os.symlink(tmp_path / "outside", os.path.join(store.folder, "trees"))
    with pytest.raises(UnsafePathError):
        store.trees.note(str(tmp_path / "tree"))
    assert os.listdir(tmp_path / "outside") == []
