"""Which files are read, how, and what is said of those that are not."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from wfdeps.cli.main import main

UNKNOWN = {
    "1": {"class_type": "NobodysLoader", "inputs": {"thing": "a.safetensors"}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}},
}
INFO = {
    "NobodysLoader": {
        "input": {"required": {"thing": [["a.safetensors", "b.safetensors"], {}]}},
        "input_order": {"required": ["thing"]},
        "name": "NobodysLoader",
        "output_node": False,
    }
}


def refs(*words: str, home: Path) -> tuple[int, Any, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["refs", *words, "--json"], stdout=out, stderr=err, environ={"HOME": str(home)})
    return code, json.loads(out.getvalue()) if out.getvalue() else None, err.getvalue()


def test_a_running_comfyui_makes_an_unknown_class_exact(tmp_path: Path) -> None:
    workflow = tmp_path / "w.json"
    workflow.write_text(json.dumps(UNKNOWN))
    with comfyui(
        {
            "/object_info": INFO,
            "/models": ["style_models"],
            "/models/style_models": ["a.safetensors", "b.safetensors"],
        }
    ) as url:
        code, said, _ = refs(str(workflow), "--object-info", url, home=tmp_path)
    (ref,) = said["workflows"][0]["refs"]
    assert (code, ref["folders"], ref["certainty"]) == (0, ["style_models"], "certain")


def test_a_server_that_is_no_comfyui_is_undecided(tmp_path: Path) -> None:
    workflow = tmp_path / "w.json"
    workflow.write_text(json.dumps(UNKNOWN))
    with comfyui({"/object_info": [], "/models": {}}) as url:
        code, _, err = refs(str(workflow), "--object-info", url, home=tmp_path)
    assert code == 3
    assert "does not answer as a ComfyUI" in err


def test_rows_of_the_config_file_teach_a_class(tmp_path: Path) -> None:
    workflow, config = tmp_path / "w.json", tmp_path / "c.toml"
    workflow.write_text(json.dumps(UNKNOWN))
    config.write_text('[nodes]\nNobodysLoader = { thing = "gligen" }\n')
    code, said, _ = refs(str(workflow), "--config", str(config), home=tmp_path)
    assert (code, said["workflows"][0]["refs"][0]["folders"]) == (0, ["gligen"])


def test_a_row_that_names_no_folder_is_a_config_error(tmp_path: Path) -> None:
    workflow, config = tmp_path / "w.json", tmp_path / "c.toml"
    workflow.write_text(json.dumps(UNKNOWN))
    config.write_text("[nodes]\nNobodysLoader = 3\n")
    code, _, err = refs(str(workflow), "--config", str(config), home=tmp_path)
    assert code == 2
    assert "`NobodysLoader`" in err


def test_what_a_folder_holds_besides_workflows_is_counted_not_claimed(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(UNKNOWN))
    (folder / "settings.json").write_text('{"theme": "dark"}')
    code, said, err = refs(str(folder), home=tmp_path)
    assert (code, len(said["workflows"])) == (0, 1)
    assert "note: left out 1 file without a workflow" in err
    assert "settings.json" in refs(str(folder), "-v", home=tmp_path)[2]


@contextmanager
def comfyui(answers: dict[str, Any]) -> Iterator[str]:
    """A server that answers these paths with JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(answers.get(self.path)).encode()
            self.send_response(200 if self.path in answers else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_workflow_that_was_cut_is_not_left_out_of_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "workflows"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(UNKNOWN))
    (folder / "cut.json").write_text(json.dumps(UNKNOWN)[:40])
    code, said, _ = refs(str(folder), home=tmp_path)
    assert code == 2
    assert ["error" in workflow for workflow in said["workflows"]] == [False, True]
