"""Outside: the one gate to the file system. Atomic, never overwriting, never following a planted link.

Every path that is written goes through `atomic_write` (our own small files), `place_no_clobber` (staged bytes
under their final name) or `make_link` (the same bytes under a second name). OSErrors become LibraryErrors here.
"""

from __future__ import annotations

from wfdeps.disk.asking import (
    FileSystem,
    device_of,
    existing_ancestor,
    file_on_the_way,
    files_below,
    filesystem_of,
    free_bytes,
    inode_of,
    inside,
    is_network_fs,
    is_over_quota,
    is_regular,
    is_tmpfs,
    is_writable,
    same_filesystem,
)
from wfdeps.disk.faults import as_library_error
from wfdeps.disk.folders import opened_folder, sync_folder
from wfdeps.disk.links import LINK_KINDS, LinkKind, make_link
from wfdeps.disk.locks import entered
from wfdeps.disk.naming import copy_bytes, remove_quietly
from wfdeps.disk.reading import reader
from wfdeps.disk.writing import atomic_write, place_no_clobber, sync_file, write_new

__all__ = [
    "LINK_KINDS",
    "FileSystem",
    "LinkKind",
    "as_library_error",
    "atomic_write",
    "copy_bytes",
    "device_of",
    "entered",
    "existing_ancestor",
    "file_on_the_way",
    "files_below",
    "filesystem_of",
    "free_bytes",
    "inode_of",
    "inside",
    "is_network_fs",
    "is_over_quota",
    "is_regular",
    "is_tmpfs",
    "is_writable",
    "make_link",
    "opened_folder",
    "place_no_clobber",
    "reader",
    "remove_quietly",
    "same_filesystem",
    "sync_file",
    "sync_folder",
    "write_new",
]
