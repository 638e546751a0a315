"""A model file renewed under its own name: what stands there is kept in a store before another takes the name."""

from __future__ import annotations

import errno
import os

from wfdeps.disk import writing
from wfdeps.disk.hashing import hash_file
from wfdeps.disk.sidecars import OURS
from wfdeps.disk.writing import as_library_error, copy_bytes, own_temporary, sync_folder
from wfdeps.domain.digests import Algorithm, find_digest
from wfdeps.domain.outcomes import Receipt
from wfdeps.domain.plans import Placement
from wfdeps.errors import LibraryError
from wfdeps.library.place import ModelRoots
from wfdeps.library.store import Store

KEPT = os.path.join(".wfdeps", "store")
"""Below the models root: where old versions are kept when no store is named."""


def renew(placement: Placement, roots: ModelRoots, store: Store) -> Receipt:
    """The staged file has the name, atomically; the bytes that had it before stand in the store under their hash.

    Raises LibraryError, having changed nothing, where the old bytes cannot be kept.
    """
    root, path = roots.open(placement.target)
    if not os.path.isfile(path):
        raise LibraryError(f"`{path}` is no file that could be renewed")
    keep(path, store)
    known = find_digest(placement.digests, Algorithm.SHA256)
    sha256 = known.value if known else _sha256(placement.staged)
    size = os.path.getsize(placement.staged)
    with as_library_error(path):
        _replace(placement.staged, path)
        sync_folder(os.path.dirname(path))
    store.trees.note(root)
    if placement.sidecar is not None:
        writing.atomic_write(path + OURS, placement.sidecar.encode())
    return Receipt(path, sha256, size, True)


def keep(path: str, store: Store) -> str:
    """The SHA-256 under which the store now has these bytes; read and compared, not assumed."""
    sha256 = _sha256(path)
    if store.find(sha256) is None:
        kept = store.path_of(sha256)
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        # A hard link costs nothing and survives the replacement of the other name.
        writing.make_link(
            os.path.realpath(path), kept, kinds=("reflink", "hardlink", "copy"), root=store.folder
        )
    if (found := store.find(sha256)) is None or found.size != os.path.getsize(path):
        raise LibraryError(f"`{path}` could not be kept in `{store.folder}`", hint="nothing was changed")
    return sha256


def stage_from(store: Store, sha256: str, staged: str) -> bool:
    """A copy of a kept file under a staging name, once its content was read and proven; False where it is not kept."""
    stored = store.find(sha256)
    if stored is None or not store.is_sound(stored):
        return False
    os.makedirs(os.path.dirname(staged), exist_ok=True)
    writing.remove_quietly(staged)
    writing.make_link(stored.path, staged, kinds=("reflink", "copy"))
    return True


def _replace(staged: str, path: str) -> None:
    try:
        os.replace(staged, path)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = own_temporary(os.path.dirname(path), os.path.basename(path))
        copy_bytes(staged, beside)
        os.replace(beside, path)
        writing.remove_quietly(staged)


def _sha256(path: str) -> str:
    return hash_file(path, (Algorithm.SHA256,))[0].value
