"""Where a target stands: one path, with the separators of the system its root is of."""

from __future__ import annotations

import ntpath
import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.plans import Target

SEGMENTS = st.lists(st.text("abc .é", min_size=1), min_size=1, max_size=4)


@given(SEGMENTS, SEGMENTS, st.booleans())
def test_a_unix_path_is_what_os_path_join_makes_of_its_parts(
    root: list[str], name: list[str], ends: bool
) -> None:
    folder = "/" + "/".join(root) + "/" * ends
    assert Target("loras", folder, "/".join(name)).path == posixpath.join(folder, *name)


@given(SEGMENTS, SEGMENTS, st.booleans())
def test_a_windows_path_is_what_os_path_join_makes_of_its_parts(
    root: list[str], name: list[str], ends: bool
) -> None:
    folder = "C:\\" + "\\".join(root) + "\\" * ends
    assert Target("loras", folder, "/".join(name)).path == ntpath.join(folder, *name)


@pytest.mark.parametrize(
    ("root", "path"),
    [
        ("/", "/a/b.pt"),
        ("C:\\", "C:\\a\\b.pt"),
        ("\\\\server\\models", "\\\\server\\models\\a\\b.pt"),
        ("/odd\\", "/odd\\/a/b.pt"),
    ],
)
def test_the_root_of_a_drive_a_share_and_a_folder_that_ends_in_a_backslash(root: str, path: str) -> None:
    assert Target("loras", root, "a/b.pt").path == path
