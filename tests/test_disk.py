"""The gate to the file system: atomic, never overwriting, never following a planted link."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from wfdeps.disk import filesystem, writing
from wfdeps.disk.writing import patiently
from wfdeps.errors import LibraryError, TargetExistsError, UnsafePathError

DATA = b"weights" * 1000


def staged(folder: Path, data: bytes = DATA) -> str:
    path = folder / "staged.part"
    path.write_bytes(data)
    return str(path)


def test_a_written_file_holds_exactly_what_was_given_and_nothing_lies_beside_it(tmp_path: Path) -> None:
    target = tmp_path / "state.json"
    writing.atomic_write(str(target), b"one")
    writing.atomic_write(str(target), b"two")
    assert target.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["state.json"]


def test_a_staged_file_takes_its_final_name_and_leaves_the_old_one(tmp_path: Path) -> None:
    source = staged(tmp_path)
    target = tmp_path / "models" / "loras" / "sdxl" / "a.safetensors"
    writing.place_no_clobber(source, str(target), root=str(tmp_path / "models"))
    assert target.read_bytes() == DATA
    assert not os.path.exists(source)


def test_a_taken_name_is_never_replaced_and_the_staged_file_stays(tmp_path: Path) -> None:
    source = staged(tmp_path)
    target = tmp_path / "a.safetensors"
    target.write_bytes(b"theirs")
    with pytest.raises(TargetExistsError):
        writing.place_no_clobber(source, str(target))
    assert target.read_bytes() == b"theirs"
    assert os.path.exists(source)


def test_a_dangling_link_under_the_final_name_counts_as_taken(tmp_path: Path) -> None:
    source = staged(tmp_path)
    target = tmp_path / "a.safetensors"
    target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(TargetExistsError):
        writing.place_no_clobber(source, str(target))
    assert not (tmp_path / "nowhere").exists()


def test_of_many_that_place_at_once_one_wins_and_the_file_is_whole(tmp_path: Path) -> None:
    target = str(tmp_path / "out" / "a.safetensors")
    sources = []
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        sources.append(staged(folder, bytes([number]) * 5000))
    wins: list[str] = []

    def place(source: str) -> None:
        try:
            writing.place_no_clobber(source, target)
            wins.append(source)
        except TargetExistsError:
            pass

    threads = [threading.Thread(target=place, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == 1
    assert len(set(Path(target).read_bytes())) == 1


def test_a_link_below_the_root_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "models", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "loras").symlink_to(outside)
    with pytest.raises(UnsafePathError):
        writing.place_no_clobber(staged(tmp_path), str(root / "loras" / "a.safetensors"), root=str(root))
    assert os.listdir(outside) == []


def test_a_root_that_is_a_link_itself_is_its_owners_wish(tmp_path: Path) -> None:
    real = tmp_path / "big-disk"
    real.mkdir()
    (tmp_path / "loras").symlink_to(real)
    writing.place_no_clobber(
        staged(tmp_path), str(tmp_path / "loras" / "a.safetensors"), root=str(tmp_path / "loras")
    )
    assert (real / "a.safetensors").read_bytes() == DATA


def test_nothing_is_placed_above_the_root(tmp_path: Path) -> None:
    root = tmp_path / "models"
    with pytest.raises(UnsafePathError):
        writing.place_no_clobber(staged(tmp_path), str(tmp_path / "x" / "a.safetensors"), root=str(root))


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="needs a second file system")
def test_bytes_from_another_file_system_are_copied_and_then_named(tmp_path: Path) -> None:
    folder = f"/dev/shm/wfdeps-test-{os.getpid()}"
    os.mkdir(folder)
    try:
        source = staged(Path(folder))
        target = tmp_path / "a.safetensors"
        writing.place_no_clobber(source, str(target))
        assert target.read_bytes() == DATA
        assert os.listdir(tmp_path) == ["a.safetensors"]
        assert os.listdir(folder) == []
    finally:
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


@pytest.mark.parametrize("kind", ["hardlink", "symlink", "copy"])
def test_every_kind_of_link_shows_the_same_bytes(tmp_path: Path, kind: writing.LinkKind) -> None:
    source = tmp_path / "a.safetensors"
    source.write_bytes(DATA)
    target = tmp_path / "sub" / "b.safetensors"
    assert writing.make_link(str(source), str(target), kinds=(kind,)) == kind
    assert target.read_bytes() == DATA
    assert sorted(os.listdir(target.parent)) == ["b.safetensors"]


def test_a_symbolic_link_on_one_volume_is_relative_so_that_the_volume_may_move(tmp_path: Path) -> None:
    source = tmp_path / "volume" / "a.safetensors"
    source.parent.mkdir()
    source.write_bytes(DATA)
    writing.make_link(str(source), str(tmp_path / "volume" / "sub" / "b.safetensors"), kinds=("symlink",))
    (tmp_path / "volume").rename(tmp_path / "elsewhere")
    assert (tmp_path / "elsewhere" / "sub" / "b.safetensors").read_bytes() == DATA


def test_where_the_first_kinds_do_not_work_the_next_one_is_taken(tmp_path: Path) -> None:
    source = tmp_path / "a.safetensors"
    source.write_bytes(DATA)
    kind = writing.make_link(str(source), str(tmp_path / "b.safetensors"))
    assert kind in ("reflink", "hardlink")
    assert (tmp_path / "b.safetensors").read_bytes() == DATA


def test_a_link_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    (tmp_path / "b").write_bytes(b"theirs")
    with pytest.raises(TargetExistsError):
        writing.make_link(str(tmp_path / "a"), str(tmp_path / "b"))
    assert (tmp_path / "b").read_bytes() == b"theirs"


def test_containment_is_judged_after_links_are_resolved(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "out").symlink_to(tmp_path)
    assert filesystem.inside(str(tmp_path / "models"), str(tmp_path / "models" / "loras" / "a"))
    assert not filesystem.inside(str(tmp_path / "models"), str(tmp_path / "models" / "out" / "a"))
    assert not filesystem.inside(str(tmp_path / "models"), str(tmp_path / "models-of-others" / "a"))
    assert not filesystem.inside(str(tmp_path / "models"), "bad\0name")


def test_free_space_and_file_system_are_told_for_folders_that_do_not_exist_yet(tmp_path: Path) -> None:
    path = str(tmp_path / "not" / "yet")
    assert (filesystem.free_bytes(path) or 0) > 0
    assert filesystem.same_filesystem(path, str(tmp_path))
    assert filesystem.is_writable(path)


def test_memory_is_told_from_a_disk() -> None:
    if not os.path.isdir("/dev/shm") or not os.path.exists("/proc/self/mounts"):
        pytest.skip("needs /dev/shm and /proc")
    assert filesystem.filesystem_of("/dev/shm").is_memory
    assert not filesystem.is_network_fs("/dev/shm")


@pytest.mark.skipif(sys.platform == "win32", reason="nobody is kept waiting there")
def test_a_lock_is_held_by_many_together_or_by_one_alone(tmp_path: Path) -> None:
    path, came = str(tmp_path / "locks" / "one.lock"), threading.Event()

    def alone() -> None:
        with writing.entered(path, alone=True):
            came.set()

    with writing.entered(path, alone=False), writing.entered(path, alone=False):
        thread = threading.Thread(target=alone)
        thread.start()
        assert not came.wait(0.1)
    thread.join()
    assert came.is_set()


def test_a_lock_that_cannot_be_kept_or_is_a_planted_link_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "planted").symlink_to(tmp_path / "victim")
    with writing.entered(str(tmp_path / "planted"), alone=True):
        assert not (tmp_path / "victim").exists()


@pytest.mark.skipif(os.geteuid() == 0 if hasattr(os, "geteuid") else True, reason="root may write everywhere")
def test_no_permission_is_a_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    assert not filesystem.is_writable(str(folder))
    with pytest.raises(LibraryError, match="no permission"):
        writing.place_no_clobber(staged(tmp_path), str(folder / "a.safetensors"))


def test_a_limit_on_file_size_is_named_and_nothing_is_left_behind(tmp_path: Path) -> None:
    code = (
        "import resource, sys\nfrom wfdeps.disk import writing\nfrom wfdeps.errors import DiskFullError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "try:\n    writing.atomic_write(sys.argv[1] + '/big', b'x' * 5000)\n"
        "except DiskFullError as error:\n    print(error.message)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True)
    assert "larger than its file system or a limit allows" in done.stdout, done.stderr
    assert os.listdir(tmp_path) == []


def test_the_reason_a_name_cannot_be_stored_is_said(tmp_path: Path) -> None:
    with pytest.raises(UnsafePathError, match="longer than"):
        writing.place_no_clobber(staged(tmp_path), str(tmp_path / ("x" * 300)))


def test_without_hard_links_a_rename_still_refuses_to_replace(tmp_path: Path) -> None:
    source, target = staged(tmp_path), tmp_path / "a.safetensors"
    target.write_bytes(b"theirs")
    with pytest.raises(FileExistsError):
        writing._rename_no_replace(source, str(target))
    assert target.read_bytes() == b"theirs"
    target.unlink()
    writing._rename_no_replace(source, str(target))
    assert target.read_bytes() == DATA
    assert os.listdir(tmp_path) == ["a.safetensors"]


@pytest.mark.parametrize("code", ["ESTALE", "ERROR_SHARING_VIOLATION"])
def test_what_is_busy_for_a_moment_is_tried_again(code: str) -> None:
    """A network mount that lost its handle, a virus scanner that looks at the file: over in a moment, or an error."""
    tries = []

    def busy(until: int) -> None:
        tries.append(1)
        if len(tries) <= until:
            error = OSError(errno.ESTALE if code == "ESTALE" else errno.EACCES, "busy")
            if code != "ESTALE":
                error.winerror = 32  # type: ignore[attr-defined]
            raise error

    patiently(lambda: busy(2))
    assert len(tries) == 3
    tries.clear()
    with pytest.raises(OSError, match="busy"):
        patiently(lambda: busy(99))
    assert len(tries) == 5
