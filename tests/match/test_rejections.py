"""What ComfyUI, its console and its dialogs say is read into what was refused, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from wfdeps.domain.explanations import Rejection
from wfdeps.match.explain import alike, rejections_in, same_file


def refused(value: str, options: list[str] | None, printed: str) -> dict[str, Any]:
    config = [options, {}] if options is not None else None
    return {
        "error": {
            "type": "prompt_outputs_failed_validation",
            "message": "Prompt outputs failed validation",
            "details": "",
        },
        "node_errors": {
            "4": {
                "errors": [
                    {
                        "type": "value_not_in_list",
                        "message": "Value not in list",
                        "details": f"ckpt_name: '{value}' not in {printed}",
                        "extra_info": {
                            "input_name": "ckpt_name",
                            "input_config": config,
                            "received_value": value,
                        },
                    }
                ],
                "dependent_outputs": ["9", 10],
                "class_type": "CheckpointLoaderSimple",
            }
        },
    }


BODY = refused("a.pt", ["b.pt", "c.pt"], "['b.pt', 'c.pt']")
REFUSED = Rejection(
    "value_not_in_list",
    "Value not in list: ckpt_name: 'a.pt' not in ['b.pt', 'c.pt']",
    "4",
    "CheckpointLoaderSimple",
    "ckpt_name",
    "a.pt",
    ("b.pt", "c.pt"),
    outputs=("9", "10"),
)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(BODY),
        json.dumps({"output": {"message": json.dumps(BODY)}}),
        json.dumps([BODY, BODY]),
        json.dumps(" " + json.dumps([BODY])),
    ],
    ids=["plain", "a string in it", "twice", "a string"],
)
def test_a_refused_prompt_says_node_input_value_and_options(text: str) -> None:
    assert rejections_in(text) == (REFUSED,)


def test_without_extra_info_the_details_tell_the_same() -> None:
    body = json.loads(json.dumps(BODY))
    del body["node_errors"]["4"]["errors"][0]["extra_info"]
    assert rejections_in(json.dumps(body)) == (REFUSED,)


def test_a_long_list_is_not_printed_and_its_options_are_not_known() -> None:
    (rejection,) = rejections_in(json.dumps(refused("a.pt", None, "(list of length 30)")))
    assert (rejection.value, rejection.options) == ("a.pt", None)


def test_a_value_that_is_no_text_is_none() -> None:
    body = json.loads(json.dumps(BODY))
    body["node_errors"]["4"]["errors"][0]["extra_info"]["received_value"] = 7
    assert rejections_in(json.dumps(body))[0].value == ""


LOG = """got prompt
Failed to validate prompt for output 9:
* CheckpointLoaderSimple 4:
  - Value not in list: ckpt_name: 'a.pt' not in ['b.pt', 'c.pt']
Output will be ignored
"""


def test_a_console_says_the_same_in_lines() -> None:
    (rejection,) = rejections_in(LOG)
    assert (rejection.type, rejection.node_id, rejection.node_class) == (
        "value_not_in_list",
        "4",
        "CheckpointLoaderSimple",
    )
    assert (rejection.input, rejection.value, rejection.options) == ("ckpt_name", "a.pt", ("b.pt", "c.pt"))


def broken(message: str, **more: Any) -> str:
    return json.dumps(
        {
            "node_id": "7",
            "node_type": "LoraLoader",
            "exception_type": "FileNotFoundError",
            "exception_message": message,
            **more,
        }
    )


def test_a_model_that_was_not_found_is_named_with_its_folder() -> None:
    (rejection,) = rejections_in(broken("Model in folder 'loras' with filename 's/a.pt' not found."))
    assert (rejection.type, rejection.node_id, rejection.node_class) == (
        "FileNotFoundError",
        "7",
        "LoraLoader",
    )
    assert (rejection.folder, rejection.value, rejection.input) == ("loras", "s/a.pt", "")


def test_a_run_that_broke_is_told_for_each_model_its_node_was_given() -> None:
    inputs = {"lora_name": ["a.safetensors"], "strength": [1.0], "text": ["no model"], "other": "x\\b.PT"}
    rejections = rejections_in(broken("it broke", current_inputs=inputs))
    assert [(each.input, each.value, each.message) for each in rejections] == [
        ("lora_name", "a.safetensors", "it broke"),
        ("other", "x\\b.PT", "it broke"),
    ]
    (plain,) = rejections_in(broken("", current_inputs={"strength": [1.0]}))
    assert plain.message == "FileNotFoundError, without a message"


@pytest.mark.parametrize(
    ("path", "folder", "value"),
    [
        ("/m/models/loras/s/a.pt", "loras", "s/a.pt"),
        ("C:\\m\\models\\clip\\a.pt", "text_encoders", "a.pt"),
        ("/elsewhere/a.pt", "", "a.pt"),
    ],
)
def test_a_path_in_a_message_names_the_file_below_its_folder(path: str, folder: str, value: str) -> None:
    (rejection,) = rejections_in(broken(f"header too large\nFile path: {path}"))
    assert (rejection.path, rejection.folder, rejection.value) == (path, folder, value)


@pytest.mark.parametrize(
    ("text", "type_", "value", "node_class"),
    [
        ("warning, embedding:easy, does not exist, ignoring", "embedding_not_found", "easy", ""),
        ("Cannot execute because node StrangeNode does not exist.", "missing_node_type", "", "StrangeNode"),
        (
            "Node 'StrangeNode' not found. The custom node may not be installed.",
            "missing_node_type",
            "",
            "StrangeNode",
        ),
        ("x Model in folder 'vae' with filename 'v.pt' not found y", "FileNotFoundError", "v.pt", ""),
    ],
)
def test_lines_of_a_console(text: str, type_: str, value: str, node_class: str) -> None:
    (rejection,) = rejections_in(text)
    assert (rejection.type, rejection.value, rejection.node_class) == (type_, value, node_class)


def test_embeddings_without_a_space_between_are_glued() -> None:
    rejections = rejections_in("warning, embedding:a,embedding:b does not exist, ignoring")
    assert [(each.type, each.value, each.folder) for each in rejections] == [
        ("embedding_glued", "a", "embeddings"),
        ("embedding_glued", "b", "embeddings"),
    ]


def test_a_dialogs_report_is_read() -> None:
    text = (
        "- **Node ID:** 4\n- **Node Type:** VAELoader\n- **Exception Type:** ValueError\n"
        "- **Exception Message:** it broke\n"
    )
    (rejection,) = rejections_in(text)
    assert (rejection.type, rejection.message) == ("ValueError", "it broke")
    assert (rejection.node_id, rejection.node_class) == ("4", "VAELoader")


@pytest.mark.parametrize(
    "text", ["", "all is well", "{}", "[]", "null", '{"node_errors": {}}', '{"node_errors": {"4": 7}}']
)
def test_what_says_nothing_is_no_complaint(text: str) -> None:
    assert rejections_in(text) == ()


def test_options_that_may_be_meant_begin_with_the_same_file_elsewhere() -> None:
    options = ["lantern_v1.pt", "sub/Lantern_V2.PT", "harbor.pt"]
    assert same_file("x\\lantern_v2.pt", options) == ("sub/Lantern_V2.PT",)
    assert alike("x\\lantern_v2.pt", options) == ("sub/Lantern_V2.PT", "lantern_v1.pt")
    assert alike("zzz", options) == ()
