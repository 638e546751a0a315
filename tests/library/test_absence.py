"""A configured folder that is not there: said, and nothing is made in its stead."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.weights import sound
from wfdeps.domain.plans import Placement, Target
from wfdeps.errors import UnsafePathError
from wfdeps.library import Roots, open_library
from wfdeps.library.absence import absence_of, unmounted_points
from wfdeps.library.search import search_paths
from wfdeps.planning.layout import target_for


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    path = tmp_path / "ComfyUI"
    (path / "models" / "loras").mkdir(parents=True)
    (path / "mnt" / "nas").mkdir(parents=True)
    text = f"nas:\n  base_path: {path}/mnt/nas/Share\n  is_default: true\n  loras: loras\n  vae: vae\n"
    (path / "extra_model_paths.yaml").write_text(text)
    return path


def codes(roots: Roots) -> list[str]:
    return [notice.code for notice in search_paths(roots).notices]


def test_a_base_path_that_is_not_there_is_said_once_and_nothing_goes_below_it(comfyui: Path) -> None:
    found = search_paths(Roots(comfyui=str(comfyui)))
    (notice,) = found.notices
    assert notice.code == "extra_paths_base_missing"
    assert f"{comfyui}/mnt/nas/Share" in notice.message
    assert "not mounted" in notice.message
    with pytest.raises(UnsafePathError, match="Share") as caught:
        target_for("loras", "x.safetensors", found.folders, "/")
    assert "--make-folders" in str(caught.value.hint)
    assert target_for("checkpoints", "x.safetensors", found.folders, "/").root.startswith(
        str(comfyui / "models")
    )


def test_what_a_person_allows_is_made_and_still_said(comfyui: Path) -> None:
    roots = Roots(comfyui=str(comfyui), make_folders=True)
    assert codes(roots) == ["extra_paths_base_missing"]
    target = target_for("loras", "x.safetensors", search_paths(roots).folders, "/")
    assert target.root == f"{comfyui}/mnt/nas/Share/loras"


def test_a_folder_that_is_only_not_yet_made_below_its_base_is_nothing_to_speak_of(comfyui: Path) -> None:
    (comfyui / "mnt" / "nas" / "Share").mkdir()
    assert codes(Roots(comfyui=str(comfyui))) == []
    folders = search_paths(Roots(comfyui=str(comfyui))).folders
    assert target_for("vae", "x.safetensors", folders, "/").root == f"{comfyui}/mnt/nas/Share/vae"


def test_a_share_that_comes_back_is_seen_though_the_yaml_stayed_as_it_was(
    comfyui: Path, tmp_path: Path
) -> None:
    os.utime(comfyui / "extra_model_paths.yaml", ns=(10**18, 10**18))
    for is_mounted in (False, True, False):
        share = comfyui / "mnt" / "nas" / "Share"
        share.mkdir() if is_mounted else share.exists() and share.rmdir()
        library = open_library(Roots(comfyui=str(comfyui)), index_path=str(tmp_path / "index.sqlite"))
        assert bool(library.notices) is not is_mounted
        library.close()


def test_a_path_without_a_base_is_missing_where_its_parent_is(comfyui: Path) -> None:
    yaml = comfyui / "extra_model_paths.yaml"
    yaml.write_text(f"a:\n  loras: {comfyui}/gone/loras\n  vae: {comfyui}/models/new\n  clip: beside/clip\n")
    (notice,) = search_paths(Roots(comfyui=str(comfyui))).notices
    assert f"{comfyui}/gone" in notice.message


def test_a_linked_folder_that_leads_nowhere_is_said_and_never_made(comfyui: Path) -> None:
    (comfyui / "extra_model_paths.yaml").unlink()
    (comfyui / "models" / "vae").symlink_to(comfyui / "mnt" / "gone" / "vae")
    for may_make in (False, True):
        roots = Roots(comfyui=str(comfyui), make_folders=may_make)
        assert codes(roots) == ["folder_link_to_nowhere"]
        with pytest.raises(UnsafePathError, match="link to nowhere") as caught:
            target_for("vae", "x.safetensors", search_paths(roots).folders, "/")
        assert "--make-folders" not in str(caught.value.hint)


def test_the_writer_itself_puts_nothing_into_a_folder_whose_share_is_missing(
    comfyui: Path, tmp_path: Path
) -> None:
    library = open_library(Roots(comfyui=str(comfyui)), index_path=None)
    (tmp_path / "staged").write_bytes(sound("x.safetensors"))
    target = Target("loras", f"{comfyui}/mnt/nas/Share/loras", "x.safetensors")
    with pytest.raises(UnsafePathError, match="Share"):
        library.place(Placement(str(tmp_path / "staged"), target, None))
    assert (tmp_path / "staged").exists()
    assert os.listdir(comfyui / "mnt" / "nas") == []
    library.close()


# ── mount points


@pytest.fixture
def mount_point(tmp_path: Path) -> Path:
    path = tmp_path / "my nas"
    path.mkdir()
    lines = (
        "# a comment",
        "",
        f"server:/share {str(path).replace(' ', chr(92) + '040')} nfs noauto 0 0",
        "UUID=1 none swap sw 0 0",
    )
    (tmp_path / "fstab").write_text("\n".join((*lines, "/dev/sda1 / ext4 defaults 0 1")))
    return path


@pytest.fixture
def mounted(mount_point: Path) -> Iterator[Path]:
    if os.name != "posix" or os.getuid() != 0:
        pytest.skip("only root mounts")
    done = subprocess.run(["mount", "-t", "tmpfs", "tmpfs", mount_point], capture_output=True)
    if done.returncode:
        pytest.skip("nothing can be mounted here")
    yield mount_point
    subprocess.run(["umount", mount_point], check=True)


def test_a_mount_point_of_fstab_without_its_share_takes_nothing(tmp_path: Path, mount_point: Path) -> None:
    points = unmounted_points(str(tmp_path / "fstab"))
    assert points == (str(mount_point),)
    for path in (mount_point, mount_point / "loras"):
        absence = absence_of(str(path), "", points)
        assert absence is not None
        assert absence.code == "folder_not_mounted"
    assert absence_of(f"{mount_point}2", "", points) is None


def test_a_share_that_is_mounted_takes_files(tmp_path: Path, mounted: Path) -> None:
    assert unmounted_points(str(tmp_path / "fstab")) == ()
    shares = (str(tmp_path),)
    assert absence_of(str(mounted / "loras"), str(mounted), (), shares) is None


def test_no_fstab_names_no_mount_points(tmp_path: Path) -> None:
    assert unmounted_points(str(tmp_path / "none")) == ()


def test_an_empty_folder_where_shares_are_mounted_is_a_bare_mount_point(tmp_path: Path) -> None:
    share, shares = tmp_path / "mnt" / "nas", (str(tmp_path / "mnt"),)
    share.mkdir(parents=True)
    absence = absence_of(str(share / "loras"), str(share), (), shares)
    assert absence is not None
    assert absence.code == "extra_paths_base_empty"
    assert absence_of(str(share / "loras"), str(share), (), (str(tmp_path / "other"),)) is None
    (share / "loras").mkdir()
    assert absence_of(str(share / "loras"), str(share), (), shares) is None
