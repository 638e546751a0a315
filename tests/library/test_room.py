"""What a plan needs on each file system, before its first byte."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.local import mounted_disk
from wfdeps.disk.filesystem import free_bytes, is_over_quota
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.plans import Download, Link, Plan, Target
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.fetch.staging import StagingFolders, slot_for
from wfdeps.library.file_systems import Ways, needs_of
from wfdeps.library.room import room_for

SHA = "ab" * 32
WAYS = Ways(StagingFolders())
REF = ModelRef("a.pt", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())


def download(root: Path, size: int | None, *, name: str = "a.pt", sha256: str = SHA) -> Download:
    candidate = Candidate("url", name, "https://example.com/a.pt")
    digests = (Digest(Algorithm.SHA256, sha256),)
    return Download(
        (), candidate, Target("loras", str(root), name), (candidate.url,), size, digests, ChosenBy.URL
    )


def free(path: Path) -> int:
    found = free_bytes(str(path))
    assert found is not None
    return found


def link(file: Path, root: Path) -> Link:
    local = LocalFile(str(file), "checkpoints", file.name, file.stat().st_size)
    return Link(REF, local, Target("loras", str(root), "a.pt"))


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    with mounted_disk(tmp_path, "size=8m") as disk:
        if disk is None:
            pytest.skip("needs the right to mount")
        yield disk


def test_what_is_half_done_already_is_not_needed_again(tmp_path: Path) -> None:
    item = download(tmp_path, free(tmp_path))
    assert room_for(Plan((item,)), WAYS) != ()
    part = Path(slot_for(item).part)
    part.parent.mkdir()
    part.write_bytes(bytes(4 << 20))
    (need,) = needs_of(Plan((item,)), WAYS)
    assert need.size == (item.size or 0) - (4 << 20)


def test_what_another_process_brought_since_the_plan_is_not_needed_any_more(tmp_path: Path) -> None:
    plan = Plan((download(tmp_path / "loras", 1000),))
    in_store = Ways(StagingFolders(), store=str(tmp_path / "store"))
    assert [need.size for need in needs_of(plan, WAYS)] == [1000]
    assert [need.size for need in needs_of(plan, in_store)] == [1000]
    for path in (tmp_path / "loras" / "a.pt", tmp_path / "store" / "sha256" / SHA):
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(1000))
    assert [need.size for need in needs_of(plan, WAYS)] == [0]
    assert [need.size for need in needs_of(plan, in_store)] == [0]


def test_a_file_that_is_to_be_renewed_is_needed(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"the version before")
    assert [need.size for need in needs_of(Plan((download(tmp_path, 5000),)), WAYS)] == [5000]


def test_the_same_bytes_in_two_places_of_one_file_system_come_once(tmp_path: Path) -> None:
    plan = Plan((download(tmp_path / "loras", 1000), download(tmp_path / "vae", 1000, name="b.pt")))
    (need,) = needs_of(plan, WAYS)
    assert (need.size, need.files) == (1000, 1)


def test_each_file_system_is_judged_by_itself(tmp_path: Path, elsewhere: Path) -> None:
    plan = Plan((download(tmp_path / "loras", 1000), download(elsewhere / "x", 9 << 20, sha256="cd" * 32)))
    (problem,) = room_for(plan, WAYS)
    assert problem.startswith(f"`{elsewhere}`: 9.44 MB wanted for 1 file")


def test_a_small_file_fits_on_a_small_disk(elsewhere: Path) -> None:
    assert room_for(Plan((download(elsewhere, 4 << 20),)), WAYS) == ()
    (problem,) = room_for(Plan((download(elsewhere, free(elsewhere)),)), WAYS)
    assert "are to be left" in problem


def test_links_need_no_room_even_on_a_full_disk(tmp_path: Path, elsewhere: Path) -> None:
    file = elsewhere / "b.pt"
    file.write_bytes(bytes(free(elsewhere)))
    pointing = Ways(StagingFolders(), lambda file: True)
    assert room_for(Plan((link(file, elsewhere / "loras"),)), WAYS) == ()
    assert room_for(Plan((link(file, tmp_path / "loras"),)), pointing) == ()
    (need,) = needs_of(Plan((link(file, tmp_path / "loras"),)), WAYS)
    assert need.size == file.stat().st_size  # where no symbolic link may lead there, it is a copy


def test_a_store_is_where_the_bytes_go(tmp_path: Path, elsewhere: Path) -> None:
    plan = Plan((download(tmp_path / "loras", 9 << 20),))
    assert room_for(plan, WAYS) == ()
    (problem,) = room_for(plan, Ways(StagingFolders(str(elsewhere / "p")), store=str(elsewhere / "store")))
    assert str(elsewhere) in problem


def test_sizes_nobody_knows_speak_against_nothing(elsewhere: Path) -> None:
    assert room_for(Plan((download(elsewhere, None),)), WAYS) == ()


def test_a_half_done_file_of_another_user_is_found_at_plan_time(tmp_path: Path) -> None:
    item = download(tmp_path, 1000)
    part = Path(slot_for(item).part)
    part.parent.mkdir()
    part.write_bytes(b"x")
    part.chmod(0o400)
    if os.access(part, os.W_OK):
        pytest.skip("this user may write everything")
    (problem,) = room_for(Plan((item,)), WAYS)
    assert str(part) in problem


def test_a_quota_is_found_where_the_file_system_has_one(tmp_path: Path) -> None:
    image, disk = tmp_path / "image", tmp_path / "disk"
    disk.mkdir()
    with image.open("wb") as file:
        file.truncate(256 << 20)
    try:
        for words in (
            ["mkfs.btrfs", "-q", image],
            ["mount", "-o", "loop", image, disk],
            ["btrfs", "quota", "enable", disk],
            ["btrfs", "subvolume", "create", disk / "mine"],
            ["btrfs", "qgroup", "limit", "10M", disk / "mine"],
        ):
            subprocess.run(list(map(str, words)), check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        subprocess.run(["umount", "-l", disk], capture_output=True, check=False)
        pytest.skip("needs the right to mount, and btrfs")
    try:
        assert is_over_quota(str(disk / "mine" / "not" / "yet"), 20 << 20)
        assert not is_over_quota(str(disk / "mine"), 5 << 20)
        assert not is_over_quota(str(disk), 20 << 20)
        assert os.listdir(disk / "mine") == []
        (problem,) = room_for(Plan((download(disk / "mine", 20 << 20),)), WAYS)
        assert problem.endswith("a quota leaves less")
    finally:
        subprocess.run(["umount", "-l", disk], check=True)
