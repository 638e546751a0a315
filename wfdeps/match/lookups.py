"""How the readers of model names look a name up: ComfyUI's list wants the very string, packs and other programs do not.

A row of the tables names its reader's rule (`lookup`); a tag in a text has that of the class that parses it. Each rule
returns how well a file answers a name, the best first; of equal ones the reader takes the first of ComfyUI's sorted list,
except where `UNORDERED` says that nothing tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wfdeps.domain.files import LocalFile, split_ending
from wfdeps.domain.folders import MODEL_ENDINGS, WEIGHTS_ENDINGS
from wfdeps.domain.refs import Lookup

EMBEDDING_ENDINGS = (".safetensors", ".pt", ".bin")
"""What `load_embed` tries behind a name, in its order."""
ONLY_ONE = 9
"""The rank of a file that answers only if no other does."""

Rule = Callable[[str, str], int | None]
"""(the name that is looked for, the file's name as ComfyUI lists it) → rank, 0 the best; None: no answer."""


def _listed(name: str, file: str) -> int | None:
    return 0 if name == file else None


def _embedding(name: str, file: str) -> int | None:
    """comfy/sd1_clip.py `load_embed`: joined to the folder and to each folder below it; three endings are tried."""
    wholes = (name, *(name + ending for ending in EMBEDDING_ENDINGS))
    found = any(file == whole or file.endswith((f"/{whole}", f"\\{whole}")) for whole in wholes)
    return 0 if found else None


def _stem(name: str, file: str) -> int | None:
    """willmiao/ComfyUI-Lora-Manager py/utils/utils.py `get_lora_info`: the stem or `folder/stem`, else the stem alone.

    A1111, Forge and Civitai write the same: sd-webui `networks.available_networks` and `sd_models.checkpoint_aliases`
    are keyed by the stem, in whatever folder.
    """
    wanted, path = without_ending(_posix(name)), without_ending(_posix(file))
    if wanted in (path, _base(path)):
        return 0
    if "/" not in wanted or _base(wanted) != _base(path):
        return None
    folder = path.rpartition("/")[0]
    return 1 if folder and wanted.startswith(f"{folder}/") else 2


def _path_end(name: str, file: str) -> int | None:
    """Impact Pack modules/impact/wildcards.py `resolve_lora_name`: the first of the list that ends so."""
    whole = name if _has_ending(name) else f"{name}.safetensors"
    return 0 if file.endswith(whole) else None


def _name_start(name: str, file: str) -> int | None:
    """badjeff/comfyui_lora_tag_loader nodes.py: the first of the list whose base name, or whose path, starts so."""
    return 0 if _base(_posix(file)).startswith(name) or file.startswith(name) else None


def _rgthree(name: str, file: str) -> int | None:
    """rgthree-comfy py/power_prompt_utils.py `get_lora_by_filename`: ever looser, at last anywhere in the path."""
    stem, base, path = split_ending(name)[0], _base(_posix(name)), _posix(file)
    tries = (
        name == file,
        name == split_ending(file)[0],
        stem == split_ending(file)[0],
        name == _base(path),
        base == _base(path),
        name == split_ending(_base(path))[0],
        split_ending(base)[0] == split_ending(_base(path))[0],
        name in file,
    )
    return tries.index(True) if True in tries else None


def _prompt_control(name: str, file: str) -> int | None:
    """asagi4/comfyui-prompt-control utils.py `lora_name_to_file`: stem or path, `_` for blanks, else a single find."""
    path = split_ending(_posix(file))[0]
    if name == file:
        return 0
    for rank, wanted in enumerate((name, name.replace(" ", "_")), 1):
        if wanted in (path, _base(path)):
            return rank
    return ONLY_ONE if name.split() and all(part in file for part in name.split()) else None


def _tag(name: str, file: str) -> int | None:
    """Other parsers of `<lora:NAME:1>`: the listed name, or without an ending its path or stem."""
    if _has_ending(name):
        return _listed(name, file)
    path = split_ending(_posix(file))[0]
    return 0 if _posix(name) == path else 1 if name == _base(path) else None


def _part(name: str, file: str) -> int | None:
    """ComfyUI nodes.py `VAELoader.load_taesd`."""
    return 0 if file.startswith(f"{name}.") else None


_RULES: Mapping[Lookup, Rule] = {
    Lookup.LIST: _listed,
    Lookup.EMBEDDING: _embedding,
    Lookup.STEM: _stem,
    Lookup.PATH_END: _path_end,
    Lookup.NAME_START: _name_start,
    Lookup.RGTHREE: _rgthree,
    Lookup.PROMPT_CONTROL: _prompt_control,
    Lookup.TAG: _tag,
    Lookup.PART: _part,
    Lookup.FOLDER: _listed,
}
"""Every rule but `HASH`, which asks no name."""
SEARCHED = frozenset({Lookup.PATH_END, Lookup.NAME_START, Lookup.RGTHREE, Lookup.PROMPT_CONTROL})
"""Rules by which a file of another stem may answer: the whole list is gone through."""
UNORDERED = frozenset({Lookup.EMBEDDING, Lookup.STEM})
"""Readers that take whichever they meet first: a set of folders, a cache in the order it was filled."""


def rank_of(lookup: Lookup, name: str, file: LocalFile, separator: str) -> int | None:
    """How well a file answers a name by one rule; 0 is best, None no answer."""
    shown = file.name if separator == "/" else file.name.replace("/", separator)
    return None if lookup is Lookup.HASH else _RULES[lookup](name, shown)


def without_ending(name: str) -> str:
    """The name without a model's ending; `style_v1.5` has none."""
    return split_ending(name)[0] if _has_ending(name) else name


def _has_ending(name: str) -> bool:
    return split_ending(name)[1].lower() in (MODEL_ENDINGS | WEIGHTS_ENDINGS)


def _posix(name: str) -> str:
    return name.replace("\\", "/")


def _base(path: str) -> str:
    return path.rpartition("/")[2]
