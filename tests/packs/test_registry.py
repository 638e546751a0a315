"""What a pack registers is read from its text, in the shapes packs have."""

from __future__ import annotations

from textwrap import dedent

import pytest

from wfdeps.domain.nodes import NodePack
from wfdeps.packs.registry import read_core, read_pack

LOADER = """
class Loader:
    @classmethod
    def INPUT_TYPES(s):
        return {"required": {"model_name": (folder_paths.get_filename_list("loras"),)}}
"""


def pack(**files: str) -> NodePack:
    """A pack of these files; `__` in a name stands for `/` between folders, `init` for `__init__`."""
    paths = {
        name.replace("init", "__init__").replace("__in__", "/") + ".py": dedent(text).encode()
        for name, text in files.items()
    }
    return read_pack("a-pack", paths)


class TestRegisters:
    @pytest.mark.parametrize(
        "text",
        [
            'NODE_CLASS_MAPPINGS = {"A": A, "B b": B}',
            'NODE_CLASS_MAPPINGS: dict[str, type] = {"A": A, "B b": B}',
            'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_CLASS_MAPPINGS.update({"B b": B})',
            'NODE_CLASS_MAPPINGS = {"A": A}\nNODE_CLASS_MAPPINGS |= {"B b": B}',
            'NODE_CLASS_MAPPINGS = {"A": A} | {"B b": B}',
            'NODE_CLASS_MAPPINGS = dict()\nNODE_CLASS_MAPPINGS["A"] = A\nNODE_CLASS_MAPPINGS["B b"] = B',
            'MORE = {"B b": B}\nNODE_CLASS_MAPPINGS = {"A": A, **MORE}',
            'NODE_CLASS_MAPPINGS = dict(A=A, **{"B b": B})',
            'NAMES = ["A", "B b"]\nNODE_CLASS_MAPPINGS = {name: object for name in NAMES}',
            'NODES = [("A", A), ("B b", B)]\nNODE_CLASS_MAPPINGS = {name: cls for name, cls in NODES}',
            'NODES = {"A": (A, "x"), "B b": (B, "y")}\nNODE_CLASS_MAPPINGS = {k: v[0] for k, v in NODES.items()}',
            "class A: NAME = 'A'\nclass B: NAME = 'B b'\nNODE_CLASS_MAPPINGS = {n.NAME: n for n in (A, B)}",
            "class A:\n    pass\nclass B:\n    NAME = 'B b'\nNODE_CLASS_MAPPINGS = {A.__name__: A, B.NAME: B}",
            'X = "B"\nNODE_CLASS_MAPPINGS = {"A": A, f"{X} b": B}',
            'X = " b"\nNODE_CLASS_MAPPINGS = {"A": A, "B" + X: B}',
            'NODE_CLASS_MAPPINGS = {"A": A, "B {}".format("b"): B}',
            'NODE_CLASS_MAPPINGS = {}\nfor n in ["A", "B b"]:\n    NODE_CLASS_MAPPINGS[n] = object',
            'def build():\n    made = {"A": A}\n    made["B b"] = B\n    return made\nNODE_CLASS_MAPPINGS = build()',
            'NODE_CLASS_MAPPINGS = {"A": A}\ntry:\n    import torch\n    NODE_CLASS_MAPPINGS["B b"] = B\nexcept ImportError:\n    pass',
            'if x:\n    NODE_CLASS_MAPPINGS = {"A": A}\nelse:\n    NODE_CLASS_MAPPINGS = {"B b": B}',
            'NODE_CLASS_MAPPINGS = dict(zip(["A", "B b"], [A, B]))',
            'NODE_CLASS_MAPPINGS = {"A": A, "B b": B} if torch else {"A": A}',
            'EXTRA = None or {"B b": B}\nNODE_CLASS_MAPPINGS = {"A": A, **EXTRA}',
            'class Base:\n    NAME = "B b"\nclass B(Base): pass\nNODE_CLASS_MAPPINGS = {"A": A, B.NAME: B}',
            'NODE_CLASS_MAPPINGS = dict([("A", A), ("B b", B)])',
            'def f(x):\n    if x:\n        return {"A": A}\n    return {"B b": B}\nNODE_CLASS_MAPPINGS = f(x)',
            'NODE_CLASS_MAPPINGS = {"A": A}\ndef more():\n    global NODE_CLASS_MAPPINGS\n    NODE_CLASS_MAPPINGS = {**NODE_CLASS_MAPPINGS, "B b": B}\nmore()',
            'def node(name):\n    def put(cls):\n        return cls\n    return put\nNODE_CLASS_MAPPINGS = {"A": A}\n\n@node("x")\nclass B:\n    NAME = "B b"\n\nNODE_CLASS_MAPPINGS[B.NAME] = B',
            'NODE_CLASS_MAPPINGS = {}\ndef add(name):\n    NODE_CLASS_MAPPINGS[name] = object\nadd("A")\nadd("B b")',
            'NODE_CLASS_MAPPINGS = {}\ndef node(name):\n    def put(cls):\n        NODE_CLASS_MAPPINGS[name] = cls\n        return cls\n    return put\nNODE_CLASS_MAPPINGS["A"] = A\nNODE_CLASS_MAPPINGS["B b"] = B',
        ],
    )
    def test_each_way_to_write_it_in_one_file(self, text: str) -> None:
        found = pack(init=text)
        assert found.classes == {"A", "B b"}
        assert found.complete

    @pytest.mark.parametrize(
        "text",
        [
            "from .nodes import NODE_CLASS_MAPPINGS",
            "from .nodes import *",
            "from . import nodes\nNODE_CLASS_MAPPINGS = nodes.NODE_CLASS_MAPPINGS",
            "from .nodes import NODE_CLASS_MAPPINGS as N\nNODE_CLASS_MAPPINGS = {**N}",
            "from .nodes import NODE_CLASS_MAPPINGS as N\nNODE_CLASS_MAPPINGS = {}\nNODE_CLASS_MAPPINGS.update(N)",
            "try:\n    from .nodes import NODE_CLASS_MAPPINGS\nexcept ImportError:\n    NODE_CLASS_MAPPINGS = {}",
            'import importlib\nNODE_CLASS_MAPPINGS = {}\nfor name in ["nodes"]:\n    m = importlib.import_module(f".{name}", __name__)\n    NODE_CLASS_MAPPINGS = {**NODE_CLASS_MAPPINGS, **m.NODE_CLASS_MAPPINGS}',
            'import importlib\nNODE_CLASS_MAPPINGS = {}\nfor name in ["nodes"]:\n    m = importlib.import_module(f"{__name__}.{name}")\n    NODE_CLASS_MAPPINGS.update(getattr(m, "NODE_CLASS_MAPPINGS", {}))',
            'import importlib, os\nNODE_CLASS_MAPPINGS = {}\nfor file in os.listdir(here):\n    m = importlib.import_module("." + file[:-3], package=__name__)\n    NODE_CLASS_MAPPINGS.update(m.NODE_CLASS_MAPPINGS)',
            "import sys\nsys.path.append(here)\nfrom nodes import NODE_CLASS_MAPPINGS",
            "from custom_nodes.a-pack.nodes import NODE_CLASS_MAPPINGS".replace("a-pack", "a_pack"),
        ],
    )
    def test_each_way_to_take_it_from_another_file(self, text: str) -> None:
        files = {"__init__.py": text.encode(), "nodes.py": b'NODE_CLASS_MAPPINGS = {"A": 1, "B b": 2}\n'}
        found = read_pack("a_pack", files)
        assert found.classes == {"A", "B b"}
        assert found.complete

    def test_modules_that_fill_one_register_together(self) -> None:
        found = pack(
            init="from .register import NODE_CLASS_MAPPINGS\nfrom . import one, two",
            register="NODE_CLASS_MAPPINGS = {}\ndef node(name):\n    def put(cls):\n        NODE_CLASS_MAPPINGS[name] = cls\n        return cls\n    return put",
            one='from .register import NODE_CLASS_MAPPINGS\nclass A: pass\nNODE_CLASS_MAPPINGS["A"] = A',
            two='from .register import NODE_CLASS_MAPPINGS\nclass B: pass\nNODE_CLASS_MAPPINGS["B b"] = B',
        )
        assert found.classes == {"A", "B b"}
        assert found.complete

    def test_a_table_of_nodes_that_a_function_turns_into_both_mappings(self) -> None:
        found = pack(
            init="""
            from .nodes import A, B
            CONFIG = {
                "A": {"class": A, "name": "An A"},
                "B b": {"class": B},
            }
            def generate(config):
                classes = {}
                names = {}
                for name, info in config.items():
                    classes[name] = info["class"]
                    names[name] = info.get("name", info["class"].__name__)
                return classes, names
            NODE_CLASS_MAPPINGS, NODE_DISPLAY_NAME_MAPPINGS = generate(CONFIG)
            """,
            nodes="class A: pass\nclass B: pass",
        )
        assert (found.classes, found.complete) == ({"A", "B b"}, True)

    def test_lists_of_classes_from_modules_found_at_run_time(self) -> None:
        found = pack(
            init="""
            import importlib
            from pathlib import Path
            def load():
                nodes = []
                for file in (Path(__file__).parent / "nodes").iterdir():
                    module = importlib.import_module(f".nodes.{file.stem}", package=__name__)
                    nodes.extend(getattr(module, "__nodes__"))
                return nodes
            NODE_CLASS_MAPPINGS = {}
            for cls in load():
                NODE_CLASS_MAPPINGS[f"{cls.__name__} (mine)"] = cls
            """,
            nodes__in__a="class A: pass\n__nodes__ = [A]",
            nodes__in__b="class B: pass\n__nodes__ = [B]",
        )
        assert (found.classes, found.complete) == ({"A (mine)", "B (mine)"}, True)

    def test_modules_loaded_by_their_specs(self) -> None:
        found = pack(
            init="""
            import importlib.util, os, sys, glob
            NODE_CLASS_MAPPINGS = {}
            def load():
                for file in glob.glob(os.path.join(here, "py", "*.py")):
                    spec = importlib.util.spec_from_file_location(file, file)
                    module = importlib.util.module_from_spec(spec)
                    sys.modules[file] = module
                    spec.loader.exec_module(module)
                    if hasattr(module, "NODE_CLASS_MAPPINGS") and getattr(module, "NODE_CLASS_MAPPINGS") is not None:
                        NODE_CLASS_MAPPINGS.update(module.NODE_CLASS_MAPPINGS)
            load()
            """,
            py__in__a='NODE_CLASS_MAPPINGS = {"A": 1}',
            py__in__b='NODE_CLASS_MAPPINGS = {"B b": 1}',
        )
        assert (found.classes, found.complete) == ({"A", "B b"}, True)

    def test_names_that_a_helper_makes(self) -> None:
        found = pack(
            init="from .nodes import Context\nNODE_CLASS_MAPPINGS = {Context.NAME: Context}",
            nodes="from .constants import get_name\nclass Context:\n    NAME = get_name('Context')",
            constants="NAMESPACE = 'mine'\ndef get_name(name):\n    return '{} ({})'.format(name, NAMESPACE)",
        )
        assert (found.classes, found.complete) == ({"Context (mine)"}, True)

    def test_what_no_init_takes_is_not_registered(self) -> None:
        found = pack(init='NODE_CLASS_MAPPINGS = {"A": 1}', old='NODE_CLASS_MAPPINGS = {"Old": 1}')
        assert found.classes == {"A"}

    def test_a_pack_of_widgets_only_registers_nothing_and_is_read_in_full(self) -> None:
        found = pack(init='WEB_DIRECTORY = "./web"')
        assert (found.classes, found.complete) == (frozenset(), True)


V3 = """
from comfy_api.latest import ComfyExtension, io
import folder_paths

PREFIX = "Mine"

class Plain(io.ComfyNode):
    @classmethod
    def define_schema(cls):
        return io.Schema(node_id="Plain", inputs=[io.Int.Input("seed")])

class Loader(io.ComfyNode):
    @classmethod
    def define_schema(cls) -> io.Schema:
        return io.Schema(
            node_id=f"{PREFIX}Loader",
            inputs=[
                io.Model.Input("model"),
                io.Int.Input("seed", control_after_generate=True),
                io.Combo.Input("vae_name", options=["none"] + folder_paths.get_filename_list("vae")),
            ],
        )

class Extension(ComfyExtension):
    async def get_node_list(self) -> list[type[io.ComfyNode]]:
        return [Plain, Loader]

async def comfy_entrypoint() -> Extension:
    return Extension()
"""


class TestExtensions:
    def test_a_v3_extension_gives_the_ids_of_its_schemas(self) -> None:
        found = pack(init=V3)
        assert found.classes == {"Plain", "MineLoader"}
        assert found.complete

    def test_its_combo_of_files_is_a_loader_with_the_places_of_its_widgets(self) -> None:
        assert pack(init=V3).rows == {
            "MineLoader": {
                "slots": [{"input": "vae_name", "folders": ["vae"], "at": 2, "none": ["none"]}],
                "order": ["seed", "control_after_generate", "vae_name"],
            }
        }

    def test_an_entrypoint_in_another_file_is_followed(self) -> None:
        found = pack(init="from .nodes import comfy_entrypoint", nodes=V3)
        assert found.classes == {"Plain", "MineLoader"}

    def test_a_list_that_is_made_elsewhere_is_said_to_be_open(self) -> None:
        text = V3.replace("return [Plain, Loader]", "return [*found_at_run_time(), Plain]")
        found = pack(init=text)
        assert not found.complete
        assert "Plain" in found.classes

    def test_core_is_its_nodes_and_the_extensions_beside(self) -> None:
        found = read_core(
            {
                "nodes.py": b'class KSampler: pass\nNODE_CLASS_MAPPINGS = {"KSampler": KSampler}',
                "comfy_extras/nodes_v3.py": V3.encode(),
                "comfy_extras/nodes_old.py": b'NODE_CLASS_MAPPINGS = {"Old": 1}',
            }
        )
        assert found.classes == {"KSampler", "Plain", "MineLoader", "Old"}


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        "text",
        [
            "NODE_CLASS_MAPPINGS = load_everything()",
            "NODE_CLASS_MAPPINGS = {cls.NAME: cls for cls in find_classes()}",
            'NODE_CLASS_MAPPINGS = {"A": 1}\nNODE_CLASS_MAPPINGS.update(find())',
            "NODE_CLASS_MAPPINGS = {}\nNODE_CLASS_MAPPINGS[name_of(A)] = A",
            "from .compiled import *",
            "from .compiled import NODE_CLASS_MAPPINGS",
            "from .compiled import NODE_CLASS_MAPPINGS as N\nNODE_CLASS_MAPPINGS = {**N}",
            "NODE_CLASS_MAPPINGS = {",
            "async def comfy_entrypoint():\n    return find()",
        ],
    )
    def test_is_said(self, text: str) -> None:
        assert not pack(init=text).complete

    def test_each_name_in_a_register_of_it_counts_as_there(self) -> None:
        found = pack(
            init="from .all import *\nNODE_CLASS_MAPPINGS = find()", all='MY_NODE_CLASS_MAPPINGS = {"A": 1}'
        )
        assert (found.classes, found.complete) == ({"A"}, False)


class TestLoaders:
    def test_an_input_that_lists_a_folder_is_a_row_of_that_folder(self) -> None:
        found = pack(init=f'import folder_paths\n{LOADER}\nNODE_CLASS_MAPPINGS = {{"L": Loader}}')
        assert found.rows == {
            "L": {
                "slots": [{"input": "model_name", "folders": ["loras"], "at": 0}],
                "order": ["model_name"],
            }
        }

    @pytest.mark.parametrize(
        ("spec", "folders", "none"),
        [
            ('["None"] + folder_paths.get_filename_list("vae")', ["vae"], ["None"]),
            ('["None", *folder_paths.get_filename_list("vae")]', ["vae"], ["None"]),
            ('folder_paths.get_filename_list("vae") + ["pixel"]', ["vae"], ["pixel"]),
            ('sorted(folder_paths.get_filename_list("vae"))', ["vae"], None),
            ('[x for x in folder_paths.get_filename_list("vae") if x.endswith("t")]', ["vae"], None),
            (
                'folder_paths.get_filename_list("vae") + folder_paths.get_filename_list("loras")',
                ["vae", "loras"],
                None,
            ),
            ("FILES", ["vae"], None),
            ("files()", ["vae"], None),
            ("s.files()", ["vae"], None),
            ('get_filename_list("vae")', ["vae"], None),
        ],
    )
    def test_each_way_to_offer_files(self, spec: str, folders: list[str], none: list[str] | None) -> None:
        text = f"""
        import folder_paths
        from folder_paths import get_filename_list
        FILES = folder_paths.get_filename_list("vae")
        def files():
            return folder_paths.get_filename_list("vae")
        class Loader:
            @staticmethod
            def files():
                return folder_paths.get_filename_list("vae")
            @classmethod
            def INPUT_TYPES(s):
                return {{"required": {{"model": ("MODEL",), "strength": ("FLOAT", {{"default": 1.0}}), "name": ({spec},)}}}}
        NODE_CLASS_MAPPINGS = {{"L": Loader}}
        """
        slot = pack(init=text).rows["L"]["slots"][0]
        assert (slot["input"], slot["folders"], slot["at"], slot.get("none")) == ("name", folders, 1, none)

    def test_without_all_inputs_read_no_place_is_told(self) -> None:
        text = LOADER.replace('{"model_name"', '{**common(), "model_name"')
        found = pack(init=f'import folder_paths\n{text}\nNODE_CLASS_MAPPINGS = {{"L": Loader}}')
        assert found.rows == {"L": {"slots": [{"input": "model_name", "folders": ["loras"]}]}}

    def test_the_folder_keys_a_pack_adds(self) -> None:
        found = pack(
            init="""
            import folder_paths
            from . import more
            folder_paths.add_model_folder_path("mine", "/x")
            NODE_CLASS_MAPPINGS = {}
            """,
            more='from folder_paths import folder_names_and_paths\nKEY = "yours"\nfolder_names_and_paths[KEY] = ([], set())',
        )
        assert set(found.folder_keys) == {"mine", "yours"}
