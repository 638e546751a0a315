"""How a ref stands against the library: present exactly when ComfyUI would offer that very string in that loader.

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

if TYPE_CHECKING:
    from wfdeps.domain.refs import ModelRef

EMBEDDING_ENDINGS = (".safetensors", ".pt", ".bin")
"""What `load_embed` tries behind a name, in its order."""
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
    inventory = Inventory(inventory.separator, (*alike, *_accepted(ref, inventory, alike)))
    offered = _offered(ref, inventory) or _of_that_name(ref, inventory)
    if offered:
        return _of_offered(ref, offered)
    return _of_others(ref, inventory)


def accepts(ref: ModelRef, folder_key: str, name: str) -> bool:
    """Whether a file that a preset's pattern finds: the node takes the first of its list that has it."""
    if not ref.accepts or folder_key not in _keys(ref):
        return False
    return re.search(ref.accepts, name, re.IGNORECASE) is not None


def _accepted(ref: ModelRef, inventory: Inventory, alike: tuple[LocalFile, ...]) -> Iterable[LocalFile]:
    """The files that answer by pattern, besides those that are like the ref's name."""
    files = inventory.files if ref.accepts else ()
    return (
        file
        for file in files
        if file not in alike and not file.is_directory and accepts(ref, file.folder_key, file.name)
    )


# ── what the loader's list holds ────────────────────────────────────────────────────────────────────


def _offered(ref: ModelRef, inventory: Inventory) -> tuple[LocalFile, ...]:
    """What ComfyUI would load for that very string: for each key the first directory that has it."""
    if parts := _small_vae(ref, inventory):
        return parts
    loaded: dict[str, LocalFile] = {}
    for file in sorted(inventory.files, key=lambda file: (not file.visible, file.order)):
        key = file.folder_key
        if not _is_offered(ref, file, inventory.separator):
            continue
        first = loaded.get(key)
        if first is None or (first.trouble == _DANGLING and file.trouble != _DANGLING):
            loaded[key] = file
    keys = _keys(ref)
    ranks = {key: rank for rank, key in enumerate(keys)}
    return tuple(sorted(loaded.values(), key=lambda file: ranks.get(file.folder_key, len(keys))))


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


def _is_offered(ref: ModelRef, file: LocalFile, separator: str) -> bool:
    keys = _keys(ref)
    key = file.folder_key
    if keys and key not in keys and not _is_video_tae(ref, file):
        return False
    if not _is_listed_for(ref, file):
        return False
    shown = file.name if separator == "/" else file.name.replace("/", separator)
    if ref.accepts:
        return accepts(ref, key, file.name)
    if key == "embeddings":
        return _is_embedding(ref.name, file.name, separator)
    if key in PREFIXES:
        return name_within(key, ref.name) == file.name
    if key == "ultralytics":
        return ref.name == file.name  # the pack writes `bbox/` with a slash on every system
    if key == "loras" and _is_tag(ref):
        return ref.name in (shown, split_ending(shown)[0], split_ending(file.basename)[0])
    return ref.name == shown


def _is_listed_for(ref: ModelRef, file: LocalFile) -> bool:
    """Whether the loader's list has files of this ending: the GGUF packs filter the same folders anew."""
    if file.folder_key in _GGUF_KEYS and split_ending(file.name)[1].lower() == ".gguf":
        return not ref.sites or any(site.node_class not in _WITHOUT_GGUF for site in ref.sites)
    if file.folder_key == "embeddings":
        return not file.is_directory  # load_embed opens whatever has the name
    return file.listed


def _is_embedding(name: str, file_name: str, separator: str) -> bool:
    """Joined to a path, not looked up in a list: on Windows either separator does."""
    name = name.replace("\\", "/") if separator == "\\" else name
    return file_name in (name, *(name + ending for ending in EMBEDDING_ENDINGS))


def _is_tag(ref: ModelRef) -> bool:
    """A `<lora:name:1>` without an ending: packs look for the stem, in any subfolder. A list wants the whole name."""
    from_list = ref.sites and all("lora" in site.input.lower() for site in ref.sites)
    return not from_list and _has_no_ending(ref.name)


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
        and file.name.startswith(APPROXIMATE_VIDEO_VAES)
    )


def _of_offered(ref: ModelRef, offered: tuple[LocalFile, ...]) -> Finding:
    """The best of what the loader offers, told apart by what each file is worth."""
    ranked = sorted(offered, key=lambda file: _RANK[_state_of(ref, file)])
    best = ranked[0]
    state = _state_of(ref, best)
    return Finding(ref, state, tuple(ranked), _DETAIL[state](ref, best))


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
    if (ref.accepts and file.name != ref.name) or (_is_tag(ref) and file.folder_key == "loras"):
        return f"as `{file.name}`"
    return ""


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
    folder = 0 if not ref.folders or ref.is_folder_guessed or file.folder_key in _keys(ref) else 1
    if known or (known is None and agreement(ref.digests, file.claimed)):
        return folder, _HASH
    likeness = _likeness(name_within(file.folder_key, ref.name), file, separator)
    return None if likeness is None else (folder, likeness)


def _likeness(name: str, file: LocalFile, separator: str) -> int | None:
    wanted = name.replace("\\", "/")
    endings = (
        EMBEDDING_ENDINGS
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
    if ref.folders and not ref.is_folder_guessed and first.folder_key not in _keys(ref):
        return f"found in {there}, the workflow loads from `{ref.folder}`{others}"
    if not ref.is_folder_guessed and not _is_listed_for(ref, first):
        return f"{there} is there, but this loader does not list `{split_ending(first.name)[1]}` files"
    if likeness == _SEPARATOR:
        return f"{there} is there: the workflow spells it for the other system, this one writes `{separator}`"
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
