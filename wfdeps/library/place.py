"""The only writer in the model folders: a target must lie below a known root, then one atomic step."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable

from wfdeps.disk import filesystem, writing
from wfdeps.disk.hashing import hash_file
from wfdeps.disk.sidecars import OURS, is_ours
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import Folder
from wfdeps.domain.outcomes import Receipt
from wfdeps.domain.plans import Link, Placement, Target
from wfdeps.errors import TargetExistsError, UnsafePathError
from wfdeps.library.health import refuse_garbage
from wfdeps.library.store import Store
from wfdeps.planning.layout import refuse_absent, safe_relative

SIDECAR_ENDINGS = (OURS,)
"""What goes with a file when it is moved."""


class ModelRoots:
    """Knows which directories are model folders, and lets nothing be written anywhere else."""

    def __init__(self, folders: Iterable[Folder]) -> None:
        by_path = {os.path.normpath(folder.path): folder for folder in folders}
        self.paths = tuple(by_path)
        self._absent = {path: folder for path, folder in by_path.items() if folder.absent}

    def open(self, target: Target) -> tuple[str, str]:
        """(root, full path) for a target: what `disk` needs to make the last step. Raises UnsafePathError.

        The root is a model folder or below one. A linked subfolder is followed only where it leads into another
        model folder, which then becomes the root.
        """
        root = os.path.normpath(target.root)
        if not any(root == own or root.startswith(own.rstrip(os.sep) + os.sep) for own in self.paths):
            raise UnsafePathError(f"`{root}` is no model folder", hint="`wfdeps paths` lists them")
        for path, folder in self._absent.items():
            if root == path or root.startswith(path.rstrip(os.sep) + os.sep):
                refuse_absent(folder)
        name = safe_relative(target.name)
        if str(name) != target.name:
            raise UnsafePathError(f"`{target.name}` is no plain relative name")
        return self._without_links(self._listed_root(root), os.path.join(root, *name.parts))

    def _listed_root(self, root: str) -> str:
        """The deepest listed folder at or above `root`: links above it are the owner's wish, below it nobody's."""
        return max(
            (own for own in self.paths if root == own or root.startswith(own.rstrip(os.sep) + os.sep)),
            key=len,
        )

    def _without_links(self, root: str, path: str) -> tuple[str, str]:
        below = os.path.dirname(os.path.relpath(path, root))
        folder = root
        for part in [part for part in below.split(os.sep) if part]:
            folder = os.path.join(folder, part)
            if os.path.islink(folder):
                return self._through_link(folder, path)
        return root, path

    def _through_link(self, link: str, path: str) -> tuple[str, str]:
        real = os.path.realpath(link)
        if not any(filesystem.inside(own, real) for own in self.paths):
            raise UnsafePathError(
                f"`{link}` leads out of the model folders, to `{real}`",
                hint="list that folder in extra_model_paths.yaml to have files placed there",
            )
        return real, os.path.join(real, os.path.relpath(path, link))


def place(
    placement: Placement,
    roots: ModelRoots,
    *,
    store: Store | None = None,
    kinds: tuple[writing.LinkKind, ...] = (),
) -> Receipt:
    """The staged file stands under its final name, its sidecar beside it. Raises as `Library.place` does.

    With a store it becomes part of that, and is linked to its place by the first of `kinds` that works.
    """
    root, path = roots.open(placement.target)
    sha256 = _staged_sha256(placement)
    size = os.path.getsize(placement.staged)
    if store is None or os.path.lexists(path):
        wrote = _put(placement.staged, path, root, sha256)
    else:
        store.place(placement.staged, sha256, path, root=root, kinds=kinds or writing.LINK_KINDS)
        wrote = True
    if placement.sidecar is not None:
        _write_sidecar(path + OURS, placement.sidecar.encode(), root)
    return Receipt(path, sha256, size, wrote)


def move(step: Link, roots: ModelRoots) -> Receipt:
    """A file of the library under another name instead of its old one, its sidecars with it. Raises as `place` does."""
    root, path = roots.open(step.target)
    if not any(filesystem.inside(own, step.file.path) for own in roots.paths):
        raise UnsafePathError(
            f"`{step.file.path}` is not in the model folders", hint="link or copy it instead"
        )
    refuse_garbage(step.file.path, step.target)
    writing.place_no_clobber(step.file.path, path, root=root)
    for ending in SIDECAR_ENDINGS:
        old, new = step.file.path + ending, path + ending
        if filesystem.is_regular(old) and not os.path.lexists(new):
            writing.place_no_clobber(old, new, root=root)
    digest = find_digest(step.file.digests, Algorithm.SHA256)
    return Receipt(path, digest.value if digest else "", step.file.size, True)


def _put(staged: str, path: str, root: str, sha256: str) -> bool:
    """Whether the file was written; False where the same bytes stand there already. The staged one is gone."""
    if not os.path.lexists(path):
        try:
            writing.place_no_clobber(staged, path, root=root)
            return True
        except TargetExistsError:
            pass  # somebody was quicker; perhaps with the same bytes
    if not os.path.isfile(path) or _sha256(path) != sha256:
        raise TargetExistsError(
            f"`{path}` exists with other content",
            hint="move it away, or choose another name; nothing was overwritten",
        )
    writing.remove_quietly(staged)
    return False


def link(
    step: Link, roots: ModelRoots, kinds: tuple[writing.LinkKind, ...] = (), *, store: Store | None = None
) -> Receipt:
    """A file of the library, or of its store, under a second name. Raises as `Library.link` does."""
    root, path = roots.open(step.target)
    digest = find_digest(step.file.digests, Algorithm.SHA256)
    if os.path.lexists(path):
        same = os.path.isfile(path) and (
            os.path.samefile(path, step.file.path) or _sha256(path) == _sha256(step.file.path)
        )
        if not same:
            raise TargetExistsError(f"`{path}` exists with other content", hint="nothing was overwritten")
        return Receipt(path, digest.value if digest else "", step.file.size, False)
    if not step.file.is_directory:
        refuse_garbage(step.file.path, step.target)
    kinds = kinds or writing.LINK_KINDS
    if store is not None and filesystem.inside(store.folder, step.file.path):
        store.link(step.file.path, path, root=root, kinds=kinds)
    else:
        writing.make_link(step.file.path, path, kinds=kinds, root=root)
    if step.sidecar is not None:
        _write_sidecar(path + OURS, step.sidecar.encode(), root)
    return Receipt(path, digest.value if digest else "", step.file.size, True)


def _staged_sha256(placement: Placement) -> str:
    """As the fetch computed it while writing; read again only if nobody handed it on."""
    digests: tuple[Digest, ...] = placement.digests
    known = find_digest(digests, Algorithm.SHA256)
    return known.value if known else _sha256(placement.staged)


def _sha256(path: str) -> str:
    return hash_file(path, (Algorithm.SHA256,))[0].value


def _write_sidecar(path: str, data: bytes, root: str) -> None:
    """Our own sidecar is renewed; one of another tool stays as it is."""
    if filesystem.is_regular(path) and is_ours(path):
        writing.atomic_write(path, data)
        return
    with contextlib.suppress(TargetExistsError):
        writing.write_new(path, data, root=root)
