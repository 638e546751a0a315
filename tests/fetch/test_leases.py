"""One process at a time works on a part: on a local disk by the kernel's word, on a shared volume by a heartbeat."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from wfdeps.errors import LibraryError, UnsafePathError
from wfdeps.fetch.leases import Lease, _claim_at, _taken_away

HELD_ELSEWHERE = (
    "filelock/2\npid={pid}\nhost={host}\nmode=lease\n"
    "token=e17d54a11b7c4547fc4adda15bb3ee3e\nduration=0.6\nstart=385626871109\n"
)
shared = pytest.mark.parametrize("shared", [False, True], ids=["local", "shared"])


def never() -> bool:
    return False


@shared
def test_a_lease_is_held_by_one_at_a_time(shared: bool, tmp_path: Path) -> None:
    path = str(tmp_path / "staging" / "a.lock")
    one, two = Lease(path, shared=shared), Lease(path, shared=shared)
    assert one.take_now()
    assert not two.take_now()
    one.give_back()
    assert two.take(never)
    two.give_back()


def test_a_holder_on_another_machine_that_falls_silent_loses_it(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.write_text(HELD_ELSEWHERE.format(pid=1, host="another-machine"))
    lease = Lease(str(path), shared=True, silent_for=0.6)
    assert not lease.take_now()
    assert lease.take(never)  # looked at in slices shorter than the silence it takes
    lease.give_back()


def test_a_holder_on_this_machine_whose_process_is_gone_loses_it_at_once(tmp_path: Path) -> None:
    child = os.fork() if hasattr(os, "fork") else pytest.skip("needs fork")
    if child == 0:
        lease = Lease(str(tmp_path / "a.lock"), shared=True)
        lease.take_now()
        os._exit(0)  # as a SIGKILL: nothing is given back
    os.waitpid(child, 0)
    lease = Lease(str(tmp_path / "a.lock"), shared=True)
    assert lease.take(never)
    lease.give_back()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_planted_link_is_no_lock(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "a.lock").symlink_to(victim)
    with pytest.raises(LibraryError):
        Lease(str(tmp_path / "a.lock"), shared=False).take_now()
    assert victim.read_text() == "precious"


def test_a_lease_where_no_folder_can_be_made_is_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LibraryError, match="cannot write"):
        Lease(str(tmp_path / "file" / "staging" / "a.lock")).take_now()


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_in_a_staging_folder_that_is_a_planted_link_nothing_is_made(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "staging").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePathError):
        Lease(str(tmp_path / "staging" / "a.lock")).take_now()
    assert os.listdir(tmp_path / "outside") == []


def test_of_a_claim_only_the_one_that_was_seen_is_taken_away(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    path.write_text(HELD_ELSEWHERE.format(pid=1, host="another-machine"))
    seen = _claim_at(str(path))
    assert seen is not None
    os.utime(path, ns=(1, 1))  # its holder gave a sign
    assert not _taken_away(str(path), seen)
    assert path.exists()
    now = _claim_at(str(path))
    assert now is not None
    assert _taken_away(str(path), now)
    assert os.listdir(tmp_path) == []


@pytest.fixture
def without_exchange(tmp_path: Path) -> Iterator[Path]:
    """A mount on which two names cannot be exchanged, as most network mounts are."""
    source, mount = tmp_path / "source", tmp_path / "mount"
    source.mkdir()
    mount.mkdir()
    if (
        not shutil.which("bindfs")
        or subprocess.run(["bindfs", source, mount], capture_output=True).returncode
    ):
        pytest.skip("needs bindfs and the right to mount")
    try:
        yield mount
    finally:
        subprocess.run(["umount", "-l", mount], check=True)


def test_a_killed_holder_loses_it_also_where_names_cannot_be_exchanged(without_exchange: Path) -> None:
    path = str(without_exchange / "a.lock")
    child = os.fork()
    if child == 0:
        Lease(path, shared=True, silent_for=0.6).take_now()
        os._exit(0)  # as a SIGKILL: nothing is given back
    os.waitpid(child, 0)
    lease = Lease(path, shared=True, silent_for=0.6)
    assert lease.take(never)
    lease.give_back()
    (without_exchange / "b.lock").write_text(HELD_ELSEWHERE.format(pid=1, host="another-machine"))
    lease = Lease(str(without_exchange / "b.lock"), shared=True, silent_for=0.6)
    assert not lease.take_now()
    assert lease.take(never)
    lease.give_back()
