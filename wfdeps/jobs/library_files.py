"""The files of the library: all of them with what each is, those that no workflow uses, those that are there twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from wfdeps.disk.filesystem import inode_of
from wfdeps.disk.sidecars import read_sidecar
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.folders import canonical_key
from wfdeps.domain.identity import Identity
from wfdeps.domain.listings import DuplicateGroup, Duplicates, ListedFile, Unused
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.type_words import folder_key_of, model_types_of
from wfdeps.errors import LibraryError, UsageError
from wfdeps.jobs.users import users_of_files
from wfdeps.library import LocalLibrary, as_local
from wfdeps.wiring.doors import Doors
from wfdeps.workflow.read import Reading


def list_files(
    doors: Doors,
    readings: Sequence[Reading] = (),
    *,
    model_type: str | None = None,
    with_headers: bool = True,
) -> tuple[ListedFile, ...]:
    """The files of that folder key or model type, else all of them, sorted by folder and name.

    Raises UsageError for a type nobody knows, WorkflowError for a workflow that cannot be read.
    """
    library = as_local(doors.library())
    types = model_types_of(model_type) if model_type else ()
    key = _folder_key(model_type, library, or_none=bool(types)) if model_type else ""
    users = users_of_files(readings, library) if readings else {}
    rows: list[ListedFile] = []
    for file in library.files():
        is_in_folder = model_type is None or file.folder_key == key
        if not is_in_folder and not with_headers:
            continue
        identity = _identity_of(file, library) if with_headers else None
        if is_in_folder or (identity is not None and identity.model_type in types):
            rows.append(ListedFile(file, identity, read_sidecar(file.path), users.get(file.path, ())))
    return tuple(rows)


def _folder_key(word: str, library: LocalLibrary, *, or_none: bool = False) -> str:
    """The folder key for a person's word, one that only this library has included; `or_none`: empty for an unknown one.

    Raises UsageError.
    """
    key = canonical_key(word)
    if any(file.folder_key == key for file in library.files()):
        return key
    try:
        return folder_key_of(word)
    except UsageError:
        if or_none:
            return ""
        raise


def _identity_of(file: LocalFile, library: LocalLibrary) -> Identity:
    try:
        return Identity(ModelType.UNKNOWN) if file.trouble else library.identity(file)
    except LibraryError:
        return Identity(ModelType.UNKNOWN)


def unused_files(doors: Doors, readings: Sequence[Reading], *, folder: str | None = None) -> Unused:
    """What none of the workflows uses; `folder`: in that folder alone, as a folder key or a model type.

    Raises UsageError for a folder nobody knows, WorkflowError for a workflow that cannot be read.
    """
    library = as_local(doors.library())
    users = users_of_files(readings, library)
    key = _folder_key(folder, library) if folder else None
    unused = [file for file in library.files() if file.path not in users and key in (None, file.folder_key)]
    return Unused(tuple(sorted(unused, key=lambda file: (-file.size, file.path))), len(users))


def find_duplicates(doors: Doors) -> Duplicates:
    """Files with equal bytes. Only files of equal size are read; links to the same bytes are no duplicates."""
    library = as_local(doors.library())
    by_size: dict[int, list[LocalFile]] = {}
    for file in library.files():
        if file.size and not file.trouble:
            by_size.setdefault(file.size, []).append(file)
    groups: list[DuplicateGroup] = []
    unread: list[str] = []
    for files in by_size.values():
        apart = list(_one_per_inode(files))
        if len(apart) < 2:
            continue
        by_hash: dict[str, list[LocalFile]] = {}
        for read in library.digests_of_all(apart, (Algorithm.SHA256,)):
            if isinstance(read, LibraryError):
                unread.append(read.message)
            elif digest := find_digest(read.digests, Algorithm.SHA256):
                by_hash.setdefault(digest.value, []).append(read)
        groups += (DuplicateGroup(sha256, tuple(same)) for sha256, same in by_hash.items() if len(same) > 1)
    groups.sort(key=lambda group: (-group.wasted, group.sha256))
    return Duplicates(tuple(groups), tuple(unread))


def size_on_disk(files: Iterable[LocalFile]) -> int:
    """Bytes of these files, those with several names counted once."""
    return sum(file.size for file in _one_per_inode(files))


def _one_per_inode(files: Iterable[LocalFile]) -> Iterator[LocalFile]:
    """One file of each place on disk: hard and symbolic links to the same bytes take no room."""
    seen: set[tuple[int, int]] = set()
    for file in files:
        inode = inode_of(file.path)
        if inode is not None and inode not in seen:
            seen.add(inode)
            yield file
