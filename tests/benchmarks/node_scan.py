"""How fast the custom packs are read: 60 packs of 2,000 modules. Run: python tests/benchmarks/node_scan.py

Cold, nothing is remembered; the peer in the same run is parsing every module with `ast.parse`. Warm, everything is;
the peer is reading the bytes of every module. Limits: cold at most 1 s and a third of parsing all, warm at most 5 ms
and a fifth of reading all.
"""

from __future__ import annotations

import ast
import os
import statistics
import tempfile
import time
from collections.abc import Callable

from wfdeps.domain.files import folded_stem
from wfdeps.library.custom_nodes import read_packs
from wfdeps.library.index import Index

PACKS, MODULES, NODES = 60, 34, 6
_CLASS = '''

class Node{number}:
    """One node of many."""

    @classmethod
    def INPUT_TYPES(cls):
        return {{
            "required": {{
                "model_name": ({files}, {{"tooltip": "which file"}}),
                "strength": ("FLOAT", {{"default": 1.0, "min": 0.0, "max": 10.0, "step": 0.01}}),
                "seed": ("INT", {{"default": 0, "min": 0, "max": 0xFFFFFFFFFFFFFFFF}}),
            }},
            "optional": {{"image": ("IMAGE",), "mode": (["fast", "exact"],)}},
        }}

    RETURN_TYPES = ("MODEL", "IMAGE")
    FUNCTION = "run"
    CATEGORY = "bench"

    def run(self, model_name, strength, seed, image=None, mode="fast"):
        result = []
        for index, batch in enumerate(self.batches(image)):
            if mode == "fast" and index % 2:
                continue
            result.append(batch * strength + (seed >> index) % 255)
        return (self.load(model_name), torch.cat(result) if result else None)

    def batches(self, image):
        for start in range(0, image.shape[0], 16):
            yield image[start : start + 16].movedim(-1, 1).contiguous()
'''
_HELPER = '''

def helper_{number}(x, y=None, *, scale=1.0):
    """Part of a model."""
    hidden = torch.nn.functional.silu(x) * scale
    if y is not None:
        hidden = hidden + y.view(y.shape[0], -1, *([1] * (x.ndim - 2)))
    return [hidden[:, index :: scale] for index in range(int(scale))]
'''


def nodes_module(pack: int, module: int) -> str:
    lists = 'folder_paths.get_filename_list("loras")'
    classes = [_CLASS.format(number=n, files=lists if n == 0 else '["a", "b"]') for n in range(NODES)]
    rows = ", ".join(f'"Bench {pack}.{module}.{n}": Node{n}' for n in range(NODES))
    return f"import torch\nimport folder_paths\n{''.join(classes)}\n\nNODE_CLASS_MAPPINGS = {{{rows}}}\n"


def make_packs(top: str) -> None:
    names = [f"nodes_{number}" for number in range(5)]
    for pack in range(PACKS):
        files = {f"{name}.py": nodes_module(pack, number) for number, name in enumerate(names)}
        imports = "".join(f"from .{name} import NODE_CLASS_MAPPINGS as {name}\n" for name in names)
        files["__init__.py"] = (
            f"{imports}NODE_CLASS_MAPPINGS = {{{', '.join(f'**{name}' for name in names)}}}\n"
        )
        for number in range(MODULES - len(files)):
            folder = ("", "model/", "model/blocks/")[number % 3]
            body = "".join(_HELPER.format(number=n) for n in range(20))
            files[f"{folder}part_{number}.py"] = f"import torch\n{body}"
        for inner, text in files.items():
            path = os.path.join(top, f"pack-{pack}", inner)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                file.write(text)
    then = time.time() - 3600
    for folder, _, inner_names in os.walk(top):
        for name in inner_names:
            os.utime(os.path.join(folder, name), (then, then))


def modules_of(top: str) -> list[str]:
    return [os.path.join(folder, name) for folder, _, names in os.walk(top) for name in names]


def bytes_of(paths: list[str]) -> list[bytes]:
    found = []
    for path in paths:
        with open(path, "rb") as file:
            found.append(file.read())
    return found


def seconds(work: Callable[[], object], rounds: int) -> float:
    taken = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken)


def main() -> int:
    with tempfile.TemporaryDirectory() as root:
        top = os.path.join(root, "custom_nodes")
        make_packs(top)
        paths = modules_of(top)
        time.sleep(2.2)  # a stamp as young as the clock's tick is not believed

        def cold() -> None:
            index = Index(None, stem_of=folded_stem)
            read_packs([top], index)
            index.close()

        index = Index(os.path.join(root, "index.sqlite"), stem_of=folded_stem)
        packs = read_packs([top], index)
        assert len(packs) == PACKS
        assert all(pack.complete and len(pack.classes) == 5 * NODES and len(pack.rows) == 5 for pack in packs)
        cold_s = seconds(cold, 3)
        warm_s = seconds(lambda: read_packs([top], index), 9)
        thorough_s = seconds(lambda: read_packs([top], index, thorough=True), 5)
        parsing_s = 10 * seconds(lambda: [ast.parse(data) for data in bytes_of(paths[::10])], 1)
        reading_s = seconds(lambda: bytes_of(paths), 3)
        index.close()
    size = f"{PACKS} packs, {len(paths):,} modules"
    print(f"cold      {cold_s:.3f} s   {cold_s / parsing_s:.2f} x parsing all ({parsing_s:.2f} s)   {size}")
    print(
        f"warm      {warm_s * 1000:.2f} ms  {warm_s / reading_s:.3f} x reading all ({reading_s * 1000:.0f} ms)"
    )
    print(f"thorough  {thorough_s * 1000:.2f} ms  {thorough_s / reading_s:.3f} x reading all")
    is_within = cold_s <= 1 and cold_s <= parsing_s / 3 and warm_s <= 0.005 and warm_s <= reading_s / 5
    print("within the limits" if is_within else "OVER THE LIMITS")
    return 0 if is_within else 1


if __name__ == "__main__":
    raise SystemExit(main())
