"""A running ComfyUI is asked for its classes, its files, and what it exchanges, over a real socket."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.whole.conftest import Person

LOADER = {
    "input": {"required": {"vae_name": [["here.safetensors"], {}]}},
    "input_order": {"required": ["vae_name"]},
    "output_node": False,
    "python_module": "nodes",
}
ROUTES: dict[str, object] = {
    "/object_info": {"VAELoader": LOADER, "SaveImage": {"input": {}, "output_node": True}},
    "/models": ["checkpoints"],
    "/experiment/models": [{"name": "vae", "folders": ["/c/models/vae"]}],
    "/models/checkpoints": [],
    "/models/vae": ["here.safetensors"],
    "/node_replacements": {
        "OldVaeLoader": [
            {"new_node_id": "VAELoader", "input_mapping": [{"new_id": "vae_name", "old_id": "vae"}]}
        ]
    },
}


@pytest.fixture
def comfyui() -> Iterator[tuple[str, dict[str, object], list[str]]]:
    """Its address, what it answers, and what it was asked."""
    routes, asked = dict(ROUTES), []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            body = json.dumps(routes.get(self.path)).encode()
            self.send_response(200 if self.path in routes else 404)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", routes, asked
    server.shutdown()
    server.server_close()


def check(person: Person, address: str, node_class: str, **inputs: str) -> tuple[int, dict[str, object]]:
    workflow = person.save("w.json", {"1": {"class_type": node_class, "inputs": inputs}})
    said = person.wfdeps(
        "check", str(workflow), "--models", str(person.models), "--object-info", address, "--json"
    )
    return said.code, said.json


def test_each_key_is_asked_for_whichever_list_names_it(
    person: Person, comfyui: tuple[str, dict[str, object], list[str]]
) -> None:
    address, _, asked = comfyui
    check(person, address, "VAELoader", vae_name="here.safetensors")
    assert {"/experiment/models", "/models/vae", "/models/checkpoints", "/node_replacements"} <= {*asked}


def test_a_class_that_the_server_exchanges_is_read_as_what_stands_in_for_it(
    person: Person, comfyui: tuple[str, dict[str, object], list[str]]
) -> None:
    address, routes, _ = comfyui
    _, report = check(person, address, "OldVaeLoader", vae="gone.safetensors")
    assert report["nodes_not_found"] == []
    assert [(ref["name"], ref["folders"][0]) for ref in report["refs"]] == [("gone.safetensors", "vae")]
    del routes["/node_replacements"]
    code, report = check(person, address, "OldVaeLoader", vae="gone.safetensors")
    assert code == 1
    assert [node["node_class"] for node in report["nodes_not_found"]] == ["OldVaeLoader"]


def test_a_server_without_the_newer_routes_is_understood(
    person: Person, comfyui: tuple[str, dict[str, object], list[str]]
) -> None:
    address, routes, _ = comfyui
    del routes["/node_replacements"], routes["/experiment/models"]
    routes["/models"] = ["vae"]
    _, report = check(person, address, "VAELoader", vae_name="here.safetensors")
    assert [ref["name"] for ref in report["refs"]] == ["here.safetensors"]
