"""How a ref stands against the library: present exactly when those who name it would load a file for that very string.

Everything else that was found is another state, with the files best first. Sources: ComfyUI `execution.py` (a value
must be a member of the loader's list), `folder_paths.get_full_path` (the first directory wins, a broken link is passed
over), `sd1_clip.load_embed` (three endings are tried), `nodes.VAELoader` (the small VAEs of vae_approx), DiffusersLoader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from wfdeps import TYPE_CHECKING
from wfdeps.domain.digests import agreement
from wfdeps.domain.files import Inventory, LocalFile, base_name, fold, folded_stem, split_ending
from wfdeps.domain.findings import Finding, RefState
from wfdeps.domain.folders import (
    APPROXIMATE_VIDEO_VAES,
    BUILT_IN_VAES,
    MODEL_ENDINGS,
    PREFIXES,
    approximate_vae_parts,
    canonical_key,
    name_within,
)
from wfdeps.domain.refs import STAND_IN, Lookup
from wfdeps.match.lookups import EMBEDDING_ENDINGS, ONLY_ONE, SEARCHED, UNORDERED, rank_of, without_ending

if TYPE_CHECKING:
    from wfdeps.domain.refs import ModelRef

_DANGLING = "a link to nowhere"
_GGUF_KEYS = frozenset({"diffusion_models", "text_encoders"})
_WITHOUT_GGUF = frozenset(
    {
        "UNETLoader",
        "CLIPLoader",
        "DualCLIPLoader",
        "TripleCLIPLoader",
        "QuadrupleCLIPLoader",
        "LTXAVTextEncoderLoader",
    }
)
"""Core loaders of those folders; every pack that loads from them lists `.gguf` too."""


def stems_for(ref: ModelRef) -> set[str]:
    """The folded stems of every file name that may answer this ref, or be what a download left of it."""
    if ref.is_nameless:
        return set()
    names = (ref.name, *approximate_vae_parts(ref.name))
    # A Linux file may carry a backslash in its own name, and a tag without ending is a stem already.
    paths = (*(name.replace("\\", "/") for name in names), ref.name)
    bases = [path.rstrip("/").rpartition("/")[2] for path in paths]
    stems = {stem for base in bases for stem in (folded_stem(base), fold(base)) if stem}
    return stems | {f"{folded_stem(base)} (1)" for base in bases if folded_stem(base)}


def find_local(ref: ModelRef, inventory: Inventory) -> Finding:
    """How one ref stands against what the library holds."""
    if ref.name in BUILT_IN_VAES and _wants(ref, "vae"):
        return Finding(ref, RefState.PRESENT, (), "built into ComfyUI, no file")
    alike = inventory.like(stems_for(ref), ref.digests)
    inventory = Inventory(inventory.separator, (*alike, *_searched(ref, inventory, alike)))
    offered = _offered(ref, inventory) or _of_that_name(ref, inventory)
    if offered:
        return _of_offered(ref, offered)
    if ref.is_nameless and not ref.digests:
        return Finding(
            ref, RefState.UNDECIDED, (), "known by its id alone: --online compares it with the files here"
        )
    return _of_others(ref, inventory)


def is_searched(ref: ModelRef) -> bool:
    """Whether a file of another stem than the ref's may answer it, so that every name of its folders counts."""
    return bool(ref.accepts) or not SEARCHED.isdisjoint(ref.lookups)


def may_answer(ref: ModelRef, file: LocalFile, separator: str) -> bool:
    """Whether a file answers by its name alone: by a preset's pattern, or by the rules of those who name the ref."""
    if file.folder_key not in _keys(ref) or file.is_directory:
        return False
    if ref.accepts:
        return re.search(ref.accepts, file.name, re.IGNORECASE) is not None
    return _rank(ref, file, separator) is not None


def _searched(ref: ModelRef, inventory: Inventory, alike: tuple[LocalFile, ...]) -> Iterable[LocalFile]:
    """The files that answer by a search, besides those that are like the ref's name."""
    files = inventory.files if is_searched(ref) else ()
    known = {id(file) for file in alike}
    return (file for file in files if id(file) not in known and may_answer(ref, file, inventory.separator))


# ── what would be loaded ────────────────────────────────────────────────────────────────────────────


def _offered(ref: ModelRef, inventory: Inventory) -> tuple[LocalFile, ...]:
    """What would be loaded for that very string: for each key the first file that answers best."""
    if parts := _small_vae(ref, inventory):
        return parts
    by_key: dict[str, list[tuple[int, LocalFile]]] = {}
    for file in inventory.files:
        if (rank := _offer(ref, file, inventory.separator)) is not None:
            by_key.setdefault(file.folder_key, []).append((rank, file))
    keys = _keys(ref)
    ranks = {key: rank for rank, key in enumerate(keys)}
    loaded = [file for offers in by_key.values() for file in _loaded(ref, offers)]
    return tuple(sorted(loaded, key=lambda file: ranks.get(file.folder_key, len(keys))))


def _of_that_name(ref: ModelRef, inventory: Inventory) -> tuple[LocalFile, ...]:
    """For a ref whose folder is a guess every file of its name: a pack may have a folder of its own."""
    if not ref.is_folder_guessed:
        return ()
    name = ref.name.replace("\\", "/")
    same = [
        file
        for file in inventory.files
        if not file.is_directory and (file.name == name or file.name.endswith(f"/{name}"))
    ]
    return tuple(sorted(same, key=lambda file: (not file.visible, file.order, file.path)))


def _loaded(ref: ModelRef, offers: list[tuple[int, LocalFile]]) -> list[LocalFile]:
    """The file of one key that is loaded, and behind it others that its reader may take as well."""
    best = min(rank for rank, _ in offers)
    files = [file for rank, file in offers if rank == best]
    if best == ONLY_ONE and len({file.name for file in files}) > 1:
        return []
    files.sort(key=lambda file: (not file.visible, file.name, file.order))
    names: dict[str, LocalFile] = {}
    for file in files:
        first = names.get(file.name)
        if first is None or (first.trouble == _DANGLING and file.trouble != _DANGLING):
            names[file.name] = file
    first, *others = names.values()
    return [first, *others] if UNORDERED.intersection(ref.lookups) else [first]


def _offer(ref: ModelRef, file: LocalFile, separator: str) -> int | None:
    """How well a file answers, among those that the ref's readers can see; None where it does not."""
    if ref.folders and not _is_in_folder(ref, file):
        return None
    if not _is_listed_for(ref, file):
        return None
    if ref.accepts:
        return 0 if may_answer(ref, file, separator) else None
    return _rank(ref, file, separator)


def _rank(ref: ModelRef, file: LocalFile, separator: str) -> int | None:
    """The worst rank by the rules of all who name the ref; None where one of them does not find the file."""
    if ref.is_nameless:
        return 0 if agreement(ref.digests, (*file.digests, *file.claimed)) else None
    name, key = ref.name, file.folder_key
    if key in PREFIXES or key == "ultralytics":  # the pack writes `bbox/` with a slash on every system
        return 0 if name_within(key, name) == file.name else None
    if separator == "\\" and Lookup.EMBEDDING in ref.lookups:
        name = name.replace("/", separator)  # joined to a path: on Windows either separator does
    ranks = [rank_of(lookup, name, file, separator) for lookup in ref.lookups]
    return None if None in ranks else max(rank for rank in ranks if rank is not None)


def _is_listed_for(ref: ModelRef, file: LocalFile) -> bool:
    """Whether the loader's list has files of this ending: the GGUF packs filter the same folders anew."""
    if file.folder_key in _GGUF_KEYS and split_ending(file.name)[1].lower() == ".gguf":
        return not ref.sites or any(site.node_class not in _WITHOUT_GGUF for site in ref.sites)
    if (
        Lookup.EMBEDDING in ref.lookups
    ):  # load_embed opens whatever has the name, `.sft` as a pickle, which fails
        return not file.is_directory and split_ending(file.name)[1].lower() != ".sft"
    if file.is_directory and Lookup.FOLDER in ref.lookups:
        return True
    return file.listed


def _has_no_ending(name: str) -> bool:
    return split_ending(name)[1].lower() not in MODEL_ENDINGS


def _small_vae(ref: ModelRef, inventory: Inventory) -> tuple[LocalFile, ...]:
    parts = approximate_vae_parts(ref.name) if _wants(ref, "vae") else ()
    parts_here = [
        file
        for part in parts
        for file in inventory.files
        if file.folder_key == "vae_approx" and file.listed and file.name.startswith(part + ".")
    ]
    return (
        tuple(parts_here)
        if parts and {file.name.partition(".")[0] for file in parts_here} == set(parts)
        else ()
    )


def _is_video_tae(ref: ModelRef, file: LocalFile) -> bool:
    return (
        _wants(ref, "vae")
        and file.folder_key == "vae_approx"
        and file.listed
        and split_ending(file.name)[0] in APPROXIMATE_VIDEO_VAES
    )


def _of_offered(ref: ModelRef, offered: tuple[LocalFile, ...]) -> Finding:
    """The best of what the loader offers, told apart by what each file is worth."""
    ranked = sorted(offered, key=lambda file: _RANK[_state_of(ref, file)])
    best = ranked[0]
    state = _state_of(ref, best)
    detail = _DETAIL[state](ref, best)
    if state is RefState.PRESENT and (rivals := _rivals(ref, best, offered)):
        detail = f"as `{best.name}` or {rivals}: which of them is loaded cannot be told"
    return Finding(ref, state, tuple(ranked), detail)


def _rivals(ref: ModelRef, best: LocalFile, offered: tuple[LocalFile, ...]) -> str:
    """Other files of the same folder that the reader may take as well, in words; equal bytes are no other file."""
    return ", ".join(
        f"`{file.name}`"
        for file in offered
        if file.folder_key == best.folder_key
        and file.name != best.name
        and agreement(best.digests, file.digests) is not True
        and UNORDERED.intersection(ref.lookups)
    )


def _state_of(ref: ModelRef, file: LocalFile) -> RefState:
    if file.trouble:
        return RefState.CORRUPT
    if not file.visible:
        return RefState.INVISIBLE
    if agreement(ref.digests, file.digests) is False:
        return RefState.WRONG_HASH
    return RefState.PRESENT


_RANK = {
    RefState.PRESENT: 0,
    RefState.WRONG_HASH: 1,
    RefState.CORRUPT: 2,
    RefState.INVISIBLE: 3,
}


def _present_detail(ref: ModelRef, file: LocalFile) -> str:
    if not file.digests and agreement(ref.digests, file.claimed) is False:
        return "its sidecar claims another hash; `wfdeps verify` reads the file"
    if ref.is_folder_guessed and file.folder_key not in _keys(ref):
        return f"as `{file.folder_key}/{file.name}`: which folder its node reads is not known"
    if without_ending(file.name) != without_ending(ref.name) and not _is_plain(ref):
        return f"as `{file.name}`"
    return ""


def _is_plain(ref: ModelRef) -> bool:
    """Whether the very string is looked for."""
    return not ref.accepts and ref.lookups in ((Lookup.LIST,), (Lookup.PART,))


def _hash_detail(ref: ModelRef, file: LocalFile) -> str:
    wanted = min(ref.digests, key=lambda digest: digest.strength)
    own = next((digest for digest in file.digests if wanted.agrees(digest) is False), file.digests[0])
    return f"the workflow asks for {wanted}, this file is {own}"


_DETAIL: dict[RefState, Callable[[ModelRef, LocalFile], str]] = {
    RefState.PRESENT: _present_detail,
    RefState.WRONG_HASH: _hash_detail,
    RefState.CORRUPT: lambda ref, file: file.trouble,
    RefState.INVISIBLE: lambda ref, file: file.fix or "the target's ComfyUI does not look into this folder",
}


# ── what lies elsewhere ─────────────────────────────────────────────────────────────────────────────


def _of_others(ref: ModelRef, inventory: Inventory) -> Finding:
    """Files that may be the one, elsewhere or under another name; MISSING where there is none."""
    near = [
        (rank, file)
        for file in inventory.files
        if (rank := _nearness(ref, file, inventory.separator)) is not None
    ]
    near.sort(key=lambda pair: (pair[0], pair[1].path))
    alive = [(rank, file) for rank, file in near if not file.trouble]
    if not alive:
        return _missing(ref, inventory, [file for _, file in near])
    in_folder = [(rank, file) for rank, file in alive if rank[0] == 0]
    chosen = in_folder or alive
    state = RefState.PRESENT_ELSEWHERE if in_folder else RefState.WRONG_FOLDER
    files = _distinct(_best(chosen))
    foreign = "\\" if inventory.separator == "/" else "/"
    respell = state is RefState.PRESENT_ELSEWHERE and foreign in ref.name
    where = _where(ref, files, chosen[0][0][1], inventory.separator)
    return Finding(
        ref, state, files, where, respell, state is RefState.PRESENT_ELSEWHERE and _is_unlisted(ref, files[0])
    )


def _is_unlisted(ref: ModelRef, file: LocalFile) -> bool:
    """Whether no name with the ref's ending would be in the loader's list."""
    ending = split_ending(ref.name)[1].lower()
    return ending == split_ending(file.name)[1].lower() and not _is_listed_for(ref, file)


def _best(chosen: list[tuple[Nearness, LocalFile]]) -> Iterable[LocalFile]:
    """All that may be meant: of one path, but for its spelling, in one folder only the file ComfyUI would load."""
    likeness = chosen[0][0][1]
    if likeness not in (_SEPARATOR, _SPELLING):
        return (file for _, file in chosen)
    loaded: dict[tuple[str, str], LocalFile] = {}
    same = (file for rank, file in chosen if rank[1] == likeness)
    for file in sorted(same, key=lambda file: (not file.visible, file.order)):
        loaded.setdefault((file.folder_key, file.name), file)
    return loaded.values()


Nearness = tuple[int, int]
"""(0 in the ref's own folder, 1 elsewhere; which likeness, the closest first)."""
_HASH, _SEPARATOR, _SPELLING, _SUBFOLDER, _SUBFOLDER_FOLDED = range(5)


def _nearness(ref: ModelRef, file: LocalFile, separator: str) -> Nearness | None:
    """How close a file comes to the ref; None where it does not, or where its hash says it is another."""
    if file.is_directory != _is_for_directory(ref, file):
        return None
    known = agreement(ref.digests, file.digests)
    if known is False:
        return None
    folder = 0 if not ref.folders or ref.is_folder_guessed or _is_in_folder(ref, file) else 1
    if known or (known is None and agreement(ref.digests, file.claimed)):
        return folder, _HASH
    likeness = None if ref.is_nameless else _likeness(name_within(file.folder_key, ref.name), file)
    return None if likeness is None else (folder, likeness)


def _is_in_folder(ref: ModelRef, file: LocalFile) -> bool:
    """Whether the loader looks in the file's folder; of `vae_approx`, VAELoader lists a few names only."""
    if file.folder_key == "vae_approx" and _wants(ref, "vae"):
        return _is_video_tae(ref, file)
    return file.folder_key in _keys(ref)


def _likeness(name: str, file: LocalFile) -> int | None:
    wanted = name.replace("\\", "/")
    endings = (
        (*EMBEDDING_ENDINGS, ".sft")
        if file.folder_key == "embeddings"
        else tuple(MODEL_ENDINGS)
        if _has_no_ending(name)
        else ()
    )
    spellings = (wanted, *(wanted + ending for ending in endings))
    if file.name in spellings:
        return _SEPARATOR
    if fold(file.name) in map(fold, spellings):
        return _SPELLING
    bases = [spelling.rpartition("/")[2] for spelling in spellings]
    if file.basename in bases:
        return _SUBFOLDER
    return _SUBFOLDER_FOLDED if fold(file.basename) in map(fold, bases) else None


def _is_for_directory(ref: ModelRef, file: LocalFile) -> bool:
    """Only a name without an ending can mean a directory, and only where directories are models."""
    return file.is_directory and file.listed and _has_no_ending(ref.name)


def _where(ref: ModelRef, files: tuple[LocalFile, ...], likeness: int, separator: str) -> str:
    """One clause: what is there, and how its name differs."""
    first = files[0]
    there = f"`{first.folder_key}/{first.name}`" if first.folder_key else f"`{first.path}`"
    others = f" (and {len(files) - 1} more of that name)" if len(files) > 1 and likeness >= _SUBFOLDER else ""
    if likeness == _HASH:
        return f"the same file by its hash is {there}"
    if ref.folders and not ref.is_folder_guessed and not _is_in_folder(ref, first):
        return f"found in {there}, the workflow loads from `{ref.folder}`{others}"
    if not ref.is_folder_guessed and not _is_listed_for(ref, first):
        return f"{there} is there, but this loader does not list `{split_ending(first.name)[1]}` files"
    if likeness == _SEPARATOR and ("/" if separator == "\\" else "\\") in ref.name:
        return f"{there} is there: the workflow spells it for the other system, this one writes `{separator}`"
    if likeness == _SEPARATOR:
        return f"{there} is there: the workflow leaves out its ending, and the loader wants the whole name"
    if likeness == _SPELLING:
        return f"{there} is there: only letter case or Unicode form differs, which ComfyUI compares"
    return f"found as {there}{others}"


def _missing(ref: ModelRef, inventory: Inventory, ruined: list[LocalFile]) -> Finding:
    if ruined:
        first = ruined[0]
        return Finding(
            ref, RefState.MISSING, (), f"`{first.path}` has the name, but is useless: {first.trouble}"
        )
    wanted = base_name(ref.name)
    rival = next(
        (file for file in inventory.files if file.basename == wanted and not file.is_directory), None
    )
    if rival is not None:
        return Finding(ref, RefState.MISSING, (), f"`{rival.path}` has the name, but another hash")
    if leftover := next((words for file in inventory.files if (words := _leftover(wanted, file))), ""):
        return Finding(ref, RefState.MISSING, (), leftover)
    stem = split_ending(wanted)[0]
    other = next(
        (file for file in inventory.files if split_ending(file.basename)[0] == stem and file.listed), None
    )
    if other is None and ref.accepts:
        return Finding(ref, RefState.MISSING, (), f"nor is there another file whose name has `{ref.accepts}`")
    if other is None and ref.why == STAND_IN:
        return Finding(ref, RefState.MISSING, (), STAND_IN)
    return Finding(ref, RefState.MISSING, (), f"`{other.path}` differs in its ending" if other else "")


UNFINISHED = (
    ".aria2",
    ".part",
    ".crdownload",
    ".incomplete",
    ".downloading",
    ".download",
    ".partial",
    ".tmp",
)
"""What aria2, Firefox, Chrome, huggingface_hub, ComfyUI-Manager, Safari and others add while they download."""


def _leftover(wanted: str, file: LocalFile) -> str:
    """What a download left of the wanted name (`X.part`, `X.1`, `X (1)`), in words; empty for any other file."""
    stem, ending = split_ending(wanted)
    added = fold(file.basename).removeprefix(fold(wanted))
    if fold(file.basename) != added and added in UNFINISHED:
        return f"`{file.path}` is its unfinished download: finish it, or fetch the file anew"
    if added == ".1" or fold(file.basename) == fold(f"{stem} (1){ending}"):
        return f"`{file.path}` may be it: a browser or wget numbers a second download; rename it if it is"
    return ""


# ── small words ─────────────────────────────────────────────────────────────────────────────────────


def _keys(ref: ModelRef) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(canonical_key, ref.folders)))


def _wants(ref: ModelRef, key: str) -> bool:
    return key in _keys(ref)


def _distinct(files: Iterable[LocalFile]) -> tuple[LocalFile, ...]:
    """Each path once, in the same order."""
    return tuple({file.path: file for file in reversed(tuple(files))}.values())[::-1]
