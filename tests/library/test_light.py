"""A warm look into the library imports nothing heavy, a yaml file beside ComfyUI or not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.fakes.weights import holding

CODE = """
import sys
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.library import Roots, open_library
from wfdeps.match.local import find_local
library = open_library(Roots(comfyui=sys.argv[1]), index_path=sys.argv[2])
ref = ModelRef("a.safetensors", ModelType.LORA, ("loras",), RefStatus.REQUIRED, ())
print(find_local(ref, library.inventory([ref])).state)
heavy = "yaml hashlib filelock httpx rich networkx questionary jsonschema asyncio concurrent.futures tempfile shutil"
print(*[name for name in heavy.split() if name in sys.modules])
"""


def test_a_warm_inventory_needs_no_yaml_no_hashing_no_locks(tmp_path: Path) -> None:
    comfyui = tmp_path / "ComfyUI"
    (comfyui / "models" / "loras").mkdir(parents=True)
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.safetensors").write_bytes(holding(b"weights"))
    extra = comfyui / "extra_model_paths.yaml"
    extra.write_text(f"a:\n  base_path: {tmp_path}\n  loras: more\n")
    os.utime(extra, ns=(10**18 + 7, 10**18 + 7))
    line = [sys.executable, "-c", CODE, str(comfyui), str(tmp_path / "index.sqlite")]
    for expected in ("present\nyaml\n", "present\n\n"):
        done = subprocess.run(line, capture_output=True, text=True, check=True)
        assert done.stdout == expected
