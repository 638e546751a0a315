"""Our folders and listings are ComfyUI's: 200 generated trees against the documented semantics, written out anew here.

The oracle below is deliberately plain and shares nothing with the product: a dictionary of lists, `os.walk`, sets.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, NodeSite, RefStatus
from wfdeps.library import LocalLibrary, Roots, open_library
from wfdeps.match.local import find_local

PT = {".ckpt", ".pt", ".pt2", ".bin", ".pth", ".safetensors", ".pkl", ".sft"}
SAME_NAMED = [
    "checkpoints",
    "loras",
    "vae",
    "clip_vision",
    "style_models",
    "embeddings",
    "vae_approx",
    "gligen",
    "upscale_models",
    "latent_upscale_models",
    "hypernetworks",
    "photomaker",
    "model_patches",
    "audio_encoders",
    "background_removal",
    "frame_interpolation",
    "geometry_estimation",
    "optical_flow",
    "detection",
]

LISTS = (NodeSite("w.json", "1", "LoraLoader", "lora_name"),)
"""A loader that offers a list, as opposed to a tag in a text."""


class Oracle:
    """What a bare ComfyUI would search and list."""

    def __init__(self, base: str, yamls: list[str], models: str | None = None) -> None:
        models = models or os.path.join(base, "models")
        self.table: dict[str, tuple[list[str], set[str]]] = {
            name: ([os.path.join(models, name)], PT) for name in SAME_NAMED
        }
        self.table["text_encoders"] = (
            [os.path.join(models, "text_encoders"), os.path.join(models, "clip")],
            PT,
        )
        self.table["diffusion_models"] = (
            [os.path.join(models, "unet"), os.path.join(models, "diffusion_models")],
            PT,
        )
        self.table["controlnet"] = (
            [os.path.join(models, "controlnet"), os.path.join(models, "t2i_adapter")],
            PT,
        )
        self.table["configs"] = ([os.path.join(models, "configs")], {".yaml"})
        self.table["diffusers"] = ([os.path.join(models, "diffusers")], {"folder"})
        self.table["classifiers"] = ([os.path.join(models, "classifiers")], {""})
        self.table["custom_nodes"] = ([os.path.join(base, "custom_nodes")], set())
        self.table["datasets"] = ([os.path.join(base, "datasets")], set())
        self.table["fonts"] = ([os.path.join(base, "fonts")], {".ttf", ".otf"})
        for path in yamls:
            self.load(path)
        for key in ("checkpoints", "clip", "vae", "diffusion_models", "loras"):
            self.add(key, os.path.join(base, "output", key), False)

    def add(self, key: str, path: str, default: object) -> None:
        key = {"unet": "diffusion_models", "clip": "text_encoders"}.get(key, key)
        if key not in self.table:
            self.table[key] = ([path], set())
            return
        paths = self.table[key][0]
        if path in paths:
            if default and paths[0] != path:
                paths.remove(path)
                paths.insert(0, path)
        elif default:
            paths.insert(0, path)
        else:
            paths.append(path)

    def load(self, path: str) -> None:
        config = yaml.load(Path(path).read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        where = os.path.dirname(os.path.abspath(path))
        for section in config.values():
            if section is None:
                continue
            base = section.pop("base_path", None)
            if base is not None:
                base = os.path.expandvars(os.path.expanduser(base))
                if not os.path.isabs(base):
                    base = os.path.abspath(os.path.join(where, base))
            default = section.pop("is_default", False)
            for key, value in section.items():
                for line in value.split("\n"):
                    if not line:
                        continue
                    full = line
                    if base:
                        full = os.path.join(base, full)
                    elif not os.path.isabs(full):
                        full = os.path.abspath(os.path.join(where, line))
                    self.add(key, os.path.normpath(full), default)

    def listing(self, key: str) -> list[str]:
        paths, endings = self.table[key]
        names = set()
        for top in paths:
            if not os.path.isdir(top):
                continue
            for folder, below, files in os.walk(top, followlinks=True):
                below[:] = [name for name in below if name != ".git"]
                for name in files:
                    relative = os.path.relpath(os.path.join(folder, name), top)
                    if not endings or os.path.splitext(relative)[-1].lower() in endings:
                        names.add(relative)
        return sorted(names)


NAMES = ["a", "B", "model v1.0", "ünïcode", "u\u0308", "x.y", ".hidden", "CON", "日本", "😀"]
NAMES += [
    "back\\slash",
    "new\nline",
    " lead",
    "trail ",
    "a'b\"c",
    "$HOME",
    "~t",
    "%41",
    "#h",
    "*?",
    "..x",
    "x..",
    "a:b",
]
ENDINGS = [
    ".safetensors",
    ".SAFETENSORS",
    ".ckpt",
    ".pt",
    ".gguf",
    ".onnx",
    ".txt",
    "",
    ".yaml",
    ".sft",
    ".bin",
    ".json",
    ".pkl",
    ".ttf",
    ".safetensors ",
    ".",
]
KEYS = [
    *SAME_NAMED,
    "text_encoders",
    "clip",
    "diffusion_models",
    "unet",
    "controlnet",
    "configs",
    "classifiers",
]
BESIDE = ["custom_nodes", "datasets", "fonts"]
UNKNOWN = ["my_models", "Loras", "t2i_adapter", "download_model_base", *BESIDE]


def grow(chance: random.Random, top: str, elsewhere: str, depth: int = 0) -> None:
    """Files, folders, links to files and folders, broken links, circles and a `.git`, below `top`."""
    os.makedirs(top, exist_ok=True)
    for _ in range(chance.randint(0, 4)):
        name = chance.choice(NAMES) + chance.choice(ENDINGS)
        path = os.path.join(top, name)
        if os.path.lexists(path):
            continue
        kind = chance.random()
        if kind < 0.8:
            Path(path).write_bytes(b"weights")
        elif kind < 0.9:
            os.symlink(os.path.join(elsewhere, "shared.safetensors"), path)
        elif kind < 0.97:
            os.symlink(os.path.join(top, "nowhere"), path)
        else:
            os.symlink(os.path.basename(path), path)
    if chance.random() < 0.2:
        os.makedirs(os.path.join(top, ".git"), exist_ok=True)
        Path(top, ".git", "hidden.safetensors").write_bytes(b"x")
    if chance.random() < 0.15 and not os.path.lexists(os.path.join(top, "linked")):
        os.symlink(os.path.join(elsewhere, "folder"), os.path.join(top, "linked"))
    if chance.random() < 0.02 and not os.path.lexists(os.path.join(top, "round")):
        os.symlink(top, os.path.join(top, "round"))
    if depth < 2:
        for _ in range(chance.randint(0, 2)):
            grow(
                chance,
                os.path.join(top, chance.choice(["sub", "SDXL", "x.safetensors.d", "deep er"])),
                elsewhere,
                depth + 1,
            )


def make_yaml(chance: random.Random, path: str, base: str, elsewhere: str) -> None:
    """A file in every shape the documentation allows."""
    config: dict[str, object] = {}
    for number in range(chance.randint(1, 3)):
        if chance.random() < 0.1:
            config[f"empty{number}"] = None
            continue
        section: dict[str, object] = {}
        root = chance.choice(
            [
                elsewhere,
                os.path.relpath(elsewhere, os.path.dirname(path)),
                "extra",
                None,
                base,
                "",
                "~/mine",
                "$WFDEPS_ELSEWHERE/",
                "${WFDEPS_NOWHERE}/x",
            ]
        )
        if root is not None:
            section["base_path"] = root
        if chance.random() < 0.4:
            section["is_default"] = chance.choice([True, False, "false", "true", 0, 1])
        for key in chance.sample(KEYS + UNKNOWN, chance.randint(1, 5)):
            lines = [
                chance.choice(
                    [
                        f"m/{key}",
                        key,
                        "models/loras",
                        f"{base}/models/vae",
                        "./m/../m/x",
                        "m//y/",
                        "~/m",
                        "$WFDEPS_ELSEWHERE/m",
                        "m/vae  # not a comment",
                        " m/loras",
                        "output/loras",
                    ]
                )
                for _ in range(chance.randint(1, 3))
            ]
            section[key] = "\n".join(lines) + chance.choice(["", "\n"])
        config[f"section{number}"] = section
    Path(path).write_text(json.dumps(config, indent=1))  # JSON is YAML, and quicker to write


class Made(NamedTuple):
    """One install, and what ComfyUI was started with."""

    base: str
    yamls: tuple[str, ...]
    home: str
    elsewhere: str
    base_directory: str | None = None
    models_directory: str | None = None

    def oracle(self) -> Oracle:
        own = os.path.join(self.base, "extra_model_paths.yaml")
        yamls = [path for path in (own, *self.yamls) if os.path.isfile(path)]
        return Oracle(self.base_directory or self.base, yamls, self.models_directory)

    def library(self) -> LocalLibrary:
        return open_library(
            Roots(
                comfyui=self.base,
                base_directory=self.base_directory,
                models_directory=self.models_directory,
                extra_config=self.yamls,
            ),
            index_path=None,
        )


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> list[Made]:
    """200 installs."""
    return [make_install(random.Random(seed), tmp_path_factory.mktemp(f"tree{seed}-")) for seed in range(200)]


def make_install(chance: random.Random, root: Path) -> Made:
    base, elsewhere, home = (str(root / name) for name in ("ComfyUI", "else where", "home"))
    os.makedirs(os.path.join(base, "models"))
    os.makedirs(os.path.join(elsewhere, "folder", "in"))
    Path(elsewhere, "shared.safetensors").write_bytes(b"shared")
    Path(elsewhere, "folder", "in", "deep.safetensors").write_bytes(b"deep")
    for key in chance.sample([*KEYS, "t2i_adapter", "diffusers"], chance.randint(1, 6)):
        grow(chance, os.path.join(base, "models", key), elsewhere)
    grow(chance, os.path.join(base, chance.choice(BESIDE)), elsewhere)
    for key in chance.sample(KEYS, 2):
        grow(chance, os.path.join(elsewhere, "m", key), elsewhere)
    grow(chance, os.path.join(home, "mine", "m", chance.choice(KEYS)), elsewhere)
    if chance.random() < 0.5:
        grow(chance, os.path.join(base, "output", chance.choice(["loras", "clip", "checkpoints"])), elsewhere)
    if chance.random() < 0.7:
        make_yaml(chance, os.path.join(base, "extra_model_paths.yaml"), base, elsewhere)
    given = tuple(str(root / f"more{number}.yaml") for number in range(chance.randint(0, 2)))
    for path in given:
        make_yaml(chance, path, base, elsewhere)
    other_base = str(root / "other base") if chance.random() < 0.2 else None
    if other_base:
        grow(chance, os.path.join(other_base, "models", chance.choice(KEYS)), elsewhere)
    models = os.path.join(elsewhere, "m") if chance.random() < 0.2 else None
    return Made(base, given, home, elsewhere, other_base, models)


@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> Callable[[Made], Made]:
    """Enters the surroundings in which that ComfyUI was started."""

    def enter(made: Made) -> Made:
        monkeypatch.setenv("HOME", made.home)
        monkeypatch.setenv("WFDEPS_ELSEWHERE", made.elsewhere)
        return made

    return enter


def test_folders_and_listings_of_200_trees_are_those_of_the_documented_semantics(
    trees: list[Made], at_home: Callable[[Made], Made]
) -> None:
    compared = 0
    for made in map(at_home, trees):
        oracle, library = made.oracle(), made.library()
        folders = (*library.folders(), *library.without_models)
        for key, (paths, _) in oracle.table.items():
            assert [folder.path for folder in folders if folder.folder_key == key] == paths, (made, key)
            assert _certain(library.listing(key)) == _certain(oracle.listing(key)), (made, key)
            compared += 1
        library.close()
    assert compared > 200 * 28


def test_every_listed_name_is_present_and_what_is_not_listed_is_not(
    trees: list[Made], at_home: Callable[[Made], Made]
) -> None:
    for made in map(at_home, trees[:40]):
        oracle, library = made.oracle(), made.library()
        for key in ("checkpoints", "loras", "vae", "text_encoders", "diffusion_models", "controlnet"):
            listed = _certain(oracle.listing(key))
            refs = [
                ModelRef(name, ModelType.OTHER, (key,), RefStatus.REQUIRED, LISTS)
                for name in _questions(listed)
            ]
            inventory = library.inventory(refs)
            for ref in refs:
                finding = find_local(ref, inventory)
                # ComfyUI lists a link to nowhere too, and then cannot load it.
                offered = finding.state in (RefState.PRESENT, RefState.CORRUPT)
                assert offered == (ref.name in listed), (made, key, ref.name, finding)
        library.close()


def _certain(names: Iterable[str]) -> list[str]:
    """Those that every look finds again: Linux refuses the 41st link of a path, and when it looks a path up a second
    time, as it does under load, it goes on counting. Nearer to its limit than a third the answer is chance.
    """
    return [name for name in names if name.count("round/") < 13]


def _questions(listed: list[str]) -> list[str]:
    """Names to ask for: what is there, and near misses of it."""
    near = [
        change(name)
        for name in listed
        for change in (str.upper, str.lower, lambda n: n.replace("/", "\\"), lambda n: "sub/" + n)
    ]
    return list(dict.fromkeys([*listed, *near, *(os.path.basename(name) for name in listed)]))
