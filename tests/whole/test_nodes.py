"""Workflows checked with and without the packs of their nodes, in the shapes packs have."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.whole.conftest import Person
from wfdeps.schema import problems

LOADER = """
import folder_paths
class Loader:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"strength": ("FLOAT", {}), "model": (folder_paths.get_filename_list("loras"),)}}
"""
PACKS: dict[str, dict[str, str]] = {
    "dict": {"__init__.py": LOADER + 'NODE_CLASS_MAPPINGS = {"My Loader": Loader}'},
    "update": {
        "__init__.py": "from .nodes import Loader\nNODE_CLASS_MAPPINGS = {}\nNODE_CLASS_MAPPINGS.update({'My Loader': Loader})",
        "nodes.py": LOADER,
    },
    "comprehension": {
        "__init__.py": "from .nodes import NODES\nNODE_CLASS_MAPPINGS = {name: made for name, made in NODES.items()}",
        "nodes.py": LOADER + 'NODES = {"My Loader": Loader}',
    },
    "per module": {
        "__init__.py": "import importlib\nNODE_CLASS_MAPPINGS = {}\nfor name in ['loaders', 'others']:\n    module = importlib.import_module(f'.nodes.{name}', __name__)\n    NODE_CLASS_MAPPINGS = {**NODE_CLASS_MAPPINGS, **module.NODE_CLASS_MAPPINGS}",
        "nodes/loaders.py": LOADER + 'NODE_CLASS_MAPPINGS = {"My Loader": Loader}',
        "nodes/others.py": "NODE_CLASS_MAPPINGS = {}",
    },
    "a loop over files": {
        "__init__.py": "import importlib, os\nNODE_CLASS_MAPPINGS = {}\nfor file in os.listdir(os.path.dirname(__file__) + '/nodes'):\n    module = importlib.import_module(f'.nodes.{file[:-3]}', __name__)\n    NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)",
        "nodes/loaders.py": LOADER + 'NODE_CLASS_MAPPINGS = {"My Loader": Loader}',
    },
    "V3": {
        "__init__.py": """
import folder_paths
from comfy_api.latest import ComfyExtension, io
class Loader(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(
            node_id="My Loader",
            inputs=[io.Float.Input("strength"), io.Combo.Input("model", options=folder_paths.get_filename_list("loras"))],
        )
class Mine(ComfyExtension):
    async def get_node_list(self):
        return [Loader]
async def comfy_entrypoint():
    return Mine()
"""
    },
}


class ComfyUI:
    """A ComfyUI's folder; files are old enough to be believed."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("models", "custom_nodes", "input"):
            (root / name).mkdir(parents=True)

    def write(self, inner: str, text: str = "") -> None:
        path = self.root / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        os.utime(path, (time.time() - 3600,) * 2)

    def install(self, pack: str, name: str = "my-pack") -> None:
        for inner, text in PACKS[pack].items():
            self.write(f"custom_nodes/{name}/{inner}", text)


@pytest.fixture
def comfyui(tmp_path: Path) -> ComfyUI:
    return ComfyUI(tmp_path / "ComfyUI")


@pytest.fixture
def workflow(person: Person) -> Path:
    nodes = [
        {"id": 1, "type": "My Loader", "mode": 0, "widgets_values": [1.0, "a.safetensors"], "outputs": [{"links": [1]}],
         "properties": {"cnr_id": "my-pack", "ver": "1.2.0"}},
        {"id": 2, "type": "SaveImage", "mode": 0, "inputs": [{"name": "images", "link": 1}]},
    ]  # fmt: skip
    return person.save("w.json", {"nodes": nodes, "links": [[1, 1, 0, 2, 0, "MODEL"]]})


def check(person: Person, comfyui: ComfyUI, workflow: Path, *more: str) -> tuple[int, Any]:
    done = person.wfdeps("check", str(workflow), "--comfyui", str(comfyui.root), "--format", "json", *more)
    assert not problems(done.json, "report-1")
    return done.code, done.json


@pytest.mark.parametrize("pack", PACKS)
def test_without_its_pack_a_node_is_not_found_and_with_it_its_model_is_known(
    person: Person, comfyui: ComfyUI, workflow: Path, pack: str
) -> None:
    code, report = check(person, comfyui, workflow, "--fail-on", "node")
    (node,) = report["nodes_not_found"]
    assert (code, node["node_class"], node["pack"], node["version"]) == (1, "My Loader", "my-pack", "1.2.0")
    assert node["next"] == "comfy node install my-pack"

    comfyui.install(pack)
    comfyui.write("models/loras/a.safetensors", "x")
    for _ in ("cold", "warm"):
        code, report = check(person, comfyui, workflow, "--fail-on", "node")
        assert (code, report["nodes_not_found"]) == (0, [])
        (ref,) = report["refs"]
        assert (ref["name"], ref["folders"], ref["certainty"]) == ("a.safetensors", ["loras"], "certain")


def test_what_is_read_from_sources_turns_no_exit_code_by_itself(
    person: Person, comfyui: ComfyUI, workflow: Path
) -> None:
    done = person.wfdeps("check", str(workflow), "--comfyui", str(comfyui.root), "--fail-on", "hash")
    assert done.code == 0
    assert "nodes not found here (1)" in done.out
    assert "comfy node install my-pack" in done.out
    assert person.wfdeps("check", str(workflow), "--comfyui", str(comfyui.root), "--strict").code == 1


def test_a_class_that_an_unreadable_pack_may_have_is_not_judged(
    person: Person, comfyui: ComfyUI, workflow: Path
) -> None:
    comfyui.write("custom_nodes/my-pack/__init__.py", "NODE_CLASS_MAPPINGS = find_all()")
    code, report = check(person, comfyui, workflow, "--fail-on", "node")
    (node,) = report["nodes_not_found"]
    assert (code, node["judged"]) == (0, False)
    assert "my-pack" in node["detail"]


def test_a_pack_that_is_here_without_the_class_is_to_be_updated(
    person: Person, comfyui: ComfyUI, workflow: Path
) -> None:
    comfyui.write("custom_nodes/My-Pack/__init__.py", 'NODE_CLASS_MAPPINGS = {"Old Loader": 1}')
    _, report = check(person, comfyui, workflow)
    (node,) = report["nodes_not_found"]
    assert node["next"] == "comfy node update my-pack"
    assert "`My-Pack` is installed" in node["detail"]


def test_muted_nodes_notes_and_nodes_of_the_page_are_never_missing(person: Person, comfyui: ComfyUI) -> None:
    types = [
        "Note",
        "MarkdownNote",
        "Reroute",
        "PrimitiveNode",
        "GetNode",
        "SetNode",
        "Fast Groups Muter (rgthree)",
    ]
    nodes = [{"id": number, "type": name, "mode": 0} for number, name in enumerate(types)]
    nodes += [{"id": 90, "type": "Nobody", "mode": 4}, {"id": 91, "type": "workflow>mine", "mode": 0}]
    nodes += [{"id": 92, "type": "0b0e8a9c-3f5a-4a53-9d7c-3a2f1b6c7d8e", "mode": 0}]
    workflow = person.save("w.json", {"nodes": nodes, "links": []})
    assert check(person, comfyui, workflow)[1]["nodes_not_found"] == []


def test_a_bare_models_folder_judges_no_node_and_no_input(
    person: Person, comfyui: ComfyUI, workflow: Path
) -> None:
    done = person.wfdeps("check", str(workflow), "--models", str(comfyui.root / "models"), "--format", "json")
    assert (done.json["nodes_not_found"], done.json["inputs_not_found"]) == ([], [])


def test_a_class_that_nobody_lists_is_not_found_only_where_comfyuis_own_are_known(
    person: Person, comfyui: ComfyUI
) -> None:
    workflow = person.save("w.json", {"1": {"class_type": "BrandNewCoreNode", "inputs": {}}})
    assert [node["judged"] for node in check(person, comfyui, workflow)[1]["nodes_not_found"]] == [False]
    comfyui.write("nodes.py", 'NODE_CLASS_MAPPINGS = {"SaveImage": 1, "KSampler": 1}')
    assert [node["judged"] for node in check(person, comfyui, workflow)[1]["nodes_not_found"]] == [True]


def test_a_class_of_another_comfyui_is_told_as_that(person: Person, comfyui: ComfyUI) -> None:
    comfyui.write("nodes.py", 'NODE_CLASS_MAPPINGS = {"SaveImage": 1, "KSampler": 1}')
    workflow = person.save("w.json", {"1": {"class_type": "CLIPLoader", "inputs": {}}})
    (node,) = check(person, comfyui, workflow)[1]["nodes_not_found"]
    assert (node["pack"], node["next"]) == ("comfy-core", "")
    assert "another version of ComfyUI" in node["detail"]


def test_a_pack_of_hostile_name_makes_no_command(person: Person, comfyui: ComfyUI) -> None:
    node = {"id": 1, "type": "Nobody At All", "mode": 0, "properties": {"cnr_id": "x; rm -rf ~"}}
    workflow = person.save("w.json", {"nodes": [node], "links": []})
    (found,) = check(person, comfyui, workflow)[1]["nodes_not_found"]
    assert (found["pack"], found["next"]) == (None, "")


class TestInputs:
    def prompt(self, **images: str) -> dict[str, Any]:
        loaders = {
            name: {"class_type": "LoadImage", "inputs": {"image": image}} for name, image in images.items()
        }
        feeds = {f"in{name}": [name, 0] for name in images}
        return {**loaders, "99": {"class_type": "SaveImage", "inputs": feeds}}

    def test_those_that_are_not_in_the_folder_are_told(self, person: Person, comfyui: ComfyUI) -> None:
        for inner in ("input/here.png", "input/sub/here.png", "output/made.png", "input/clipspace/mask.png"):
            comfyui.write(inner)
        workflow = person.save(
            "w.json",
            self.prompt(
                a="here.png", b="sub/here.png", c="made.png [output]", d="clipspace/mask.png [input]",
                e="gone.png", f="sub/gone.png", g="here.png [output]", h="gone.png [temp]",
            ),
        )  # fmt: skip
        code, report = check(person, comfyui, workflow, "--fail-on", "input")
        assert code == 1
        assert {(each["folder"], each["name"]) for each in report["inputs_not_found"]} == {
            ("input", "gone.png"), ("input", "sub/gone.png"), ("output", "here.png"), ("temp", "gone.png"),
        }  # fmt: skip

    def test_a_node_that_no_output_needs_reads_nothing(self, person: Person, comfyui: ComfyUI) -> None:
        comfyui.write("input/here.png")
        prompt = self.prompt(a="gone.png", b="here.png")
        del prompt["99"]["inputs"]["ina"]
        workflow = person.save("w.json", prompt)
        assert check(person, comfyui, workflow)[1]["inputs_not_found"] == []


class TestObjectInfo:
    def info(self, person: Person, *images: str) -> str:
        classes: dict[str, Any] = {
            "LoadImage": {"input": {"required": {"image": [list(images), {"image_upload": True}]}}},
            "SaveImage": {"input": {"required": {}}, "output_node": True},
        }
        return str(person.save("info.json", classes))

    def test_a_class_that_it_does_not_have_is_proven_to_be_missing(
        self, person: Person, comfyui: ComfyUI, workflow: Path
    ) -> None:
        code, report = check(person, comfyui, workflow, "--object-info", self.info(person, "x.png"))
        (node,) = report["nodes_not_found"]
        assert (code, report["verdict"], node["proven"]) == (1, "missing", True)

    def test_it_proves_without_a_comfyui_too(self, person: Person, comfyui: ComfyUI) -> None:
        workflow = person.save("w.json", {"1": {"class_type": "Nobody", "inputs": {}}})
        models = ("--models", str(comfyui.root / "models"))
        done = person.wfdeps("check", str(workflow), *models, "--object-info", self.info(person))
        assert done.code == 1
        assert "nodes not found here (1)" in done.out

    def test_an_input_that_its_list_does_not_have_is_proven_but_a_subfolder_is_not(
        self, person: Person, comfyui: ComfyUI
    ) -> None:
        workflow = person.save("w.json", TestInputs().prompt(a="gone.png", b="sub/gone.png", c="listed.png"))
        code, report = check(person, comfyui, workflow, "--object-info", self.info(person, "listed.png"))
        proven = {each["name"]: each["proven"] for each in report["inputs_not_found"]}
        assert (code, proven) == (1, {"gone.png": True, "sub/gone.png": False})


@pytest.mark.parametrize("form", ["text", "markdown", "github", "sarif", "junit", "ndjson", "json"])
def test_no_format_loses_them(person: Person, comfyui: ComfyUI, form: str) -> None:
    prompt = {**TestInputs().prompt(a="gone.png"), "5": {"class_type": "NobodyHasThis", "inputs": {}}}
    workflow = person.save("w.json", prompt)
    done = person.wfdeps("check", str(workflow), "--comfyui", str(comfyui.root), "--format", form)
    assert "NobodyHasThis" in done.out
    assert "gone" in done.out


def test_sources_that_are_no_whole_comfyui_prove_no_core_class_absent(
    person: Person, comfyui: ComfyUI
) -> None:
    """A test tree, a stripped image: `nodes.py` is there, and not even KSampler is in it."""
    comfyui.write("nodes.py", "")
    workflow = person.save("w.json", {"1": {"class_type": "CLIPLoader", "inputs": {}}})
    assert check(person, comfyui, workflow)[1]["nodes_not_found"] == []
