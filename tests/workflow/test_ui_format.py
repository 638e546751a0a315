"""The UI format: links, modes, virtual nodes, values."""

from __future__ import annotations

import pytest

from tests.workflow.builders import LINKS, checkpoint_to_image, codes, node, read_one, told, ui
from wfdeps.workflow.read import ReadOptions

SD15 = ("sd15.safetensors", "checkpoints", "required")


def loader(**more: object) -> dict[str, object]:
    return node(1, "CheckpointLoaderSimple", ("sd15.safetensors",), outputs=["MODEL", "CLIP", "VAE"], **more)


def test_a_loader_that_an_output_depends_on_is_required() -> None:
    assert told(ui(*checkpoint_to_image(loader()), links=LINKS)) == [SD15]


def test_a_name_keeps_its_windows_folder() -> None:
    workflow = ui(
        *checkpoint_to_image(node(1, "CheckpointLoaderSimple", ("SD1.5\\📷 x.safetensors",))), links=LINKS
    )
    assert told(workflow)[0][0] == "SD1.5\\📷 x.safetensors"


def test_links_as_objects_are_read_too() -> None:
    keys = ("id", "origin_id", "origin_slot", "target_id", "target_slot", "type")
    workflow = ui(*checkpoint_to_image(loader()))
    workflow["links"] = [dict(zip(keys, link, strict=True)) for link in LINKS]
    assert told(workflow) == [SD15]


def test_a_muted_loader_is_inactive_and_says_so() -> None:
    reading = read_one(ui(*checkpoint_to_image(loader(mode=2)), links=LINKS))
    assert [(ref.status, ref.why) for ref in reading.refs] == [("inactive", "node muted")]


def test_a_bypassed_loader_is_inactive() -> None:
    assert told(ui(*checkpoint_to_image(loader(mode=4)), links=LINKS))[0][2] == "inactive"


def test_inactive_refs_become_required_when_asked_for() -> None:
    workflow = ui(*checkpoint_to_image(loader(mode=2)), links=LINKS)
    assert told(workflow, ReadOptions(include_inactive=True)) == [SD15]


def test_a_bypassed_lora_lets_the_model_through() -> None:
    lora = node(
        2, "LoraLoaderModelOnly", ("x.safetensors", 1.0), mode=4, inputs={"model": 1}, outputs=["MODEL"]
    )
    lora["inputs"][0]["type"] = "MODEL"
    nodes = [
        loader(),
        lora,
        node(8, "KSampler", inputs={"model": 2}, outputs=["LATENT"]),
        node(9, "SaveImage", inputs={"images": 3}),
    ]
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 2, 0, 8, 0, "MODEL"], [3, 8, 0, 9, 0, "LATENT"]]
    assert told(ui(*nodes, links=links)) == [SD15, ("x.safetensors", "loras", "inactive")]


def test_a_bypassed_controlnet_apply_drops_its_loader() -> None:
    apply = node(2, "ControlNetApply", (1.0,), mode=4, outputs=["CONDITIONING"])
    apply["inputs"] = [
        {"name": "conditioning", "type": "CONDITIONING", "link": 5}, {"name": "control_net", "type": "CONTROL_NET", "link": 4},
    ]  # fmt: skip
    nodes = [
        *checkpoint_to_image(loader()), node(3, "ControlNetLoader", ("canny.pth",), outputs=["CONTROL_NET"]), apply,
        node(7, "CLIPTextEncode", ("a cat",), outputs=["CONDITIONING"]),
    ]  # fmt: skip
    nodes[1]["inputs"].append({"name": "positive", "type": "CONDITIONING", "link": 6})
    links = [
        *LINKS,
        [4, 3, 0, 2, 1, "CONTROL_NET"],
        [5, 7, 0, 2, 0, "CONDITIONING"],
        [6, 2, 0, 8, 1, "CONDITIONING"],
    ]
    assert ("canny.pth", "controlnet", "unreachable") in told(ui(*nodes, links=links))


def test_a_loader_nothing_uses_is_unreachable() -> None:
    workflow = ui(*checkpoint_to_image(loader()), node(5, "VAELoader", ("v.safetensors",)), links=LINKS)
    assert told(workflow) == [SD15, ("v.safetensors", "vae", "unreachable")]


def test_a_fragment_without_output_counts_as_required_with_a_warning() -> None:
    sampler = node(8, "KSampler", inputs={"model": 1})
    workflow = ui(loader(), sampler, links=LINKS[:1])
    assert told(workflow) == [SD15]
    assert "no_output_node" in codes(workflow)


@pytest.mark.parametrize(
    ("taker", "expected"),
    [
        ({"vae": None}, "required"),
        ({"*": None}, "required"),
        ({"clip": None}, "unreachable"),
        ({}, "unreachable"),
    ],
)
def test_what_feeds_use_everywhere_is_reached_where_something_takes_it(
    taker: dict[str, None], expected: str
) -> None:
    everywhere = node(4, "Anything Everywhere", (), inputs={"anything": 3})
    vae = node(5, "VAELoader", ("v.safetensors",), outputs=["VAE"])
    nodes = [*checkpoint_to_image(loader()), vae, everywhere]
    nodes[1] = node(8, "KSampler", inputs={"model": 1, **taker}, outputs=["LATENT"])
    workflow = ui(*nodes, links=[*LINKS, [3, 5, 0, 4, 0, "VAE"]])
    assert ("v.safetensors", "vae", expected) in told(workflow)


def test_what_only_a_node_that_does_not_run_would_take_from_use_everywhere_is_not_reached() -> None:
    everywhere = node(4, "Anything Everywhere", (), inputs={"anything": 3})
    vae = node(5, "VAELoader", ("v.safetensors",), outputs=["VAE"])
    muted = node(6, "VAEDecode", inputs={"vae": None}, outputs=["IMAGE"], mode=2)
    nodes = [*checkpoint_to_image(loader()), vae, everywhere, muted]
    assert ("v.safetensors", "vae", "unreachable") in told(ui(*nodes, links=[*LINKS, [3, 5, 0, 4, 0, "VAE"]]))


def test_use_everywhere_feeds_another_by_what_it_runs() -> None:
    """The VAE is taken by a node that runs only since its own output is broadcast."""
    first = node(4, "Anything Everywhere", (), inputs={"anything": 3})
    second = node(7, "Anything Everywhere", (), inputs={"anything": 4})
    vae = node(5, "VAELoader", ("v.safetensors",), outputs=["VAE"])
    decode = node(6, "VAEDecode", inputs={"vae": None}, outputs=["IMAGE"])
    nodes = [*checkpoint_to_image(loader()), vae, first, decode, second]
    nodes[1] = node(8, "KSampler", inputs={"model": 1, "image": None}, outputs=["LATENT"])
    links = [*LINKS, [3, 5, 0, 4, 0, "VAE"], [4, 6, 0, 7, 0, "IMAGE"]]
    assert ("v.safetensors", "vae", "required") in told(ui(*nodes, links=links))


def test_set_and_get_nodes_carry_what_they_carry() -> None:
    nodes = [
        loader(), node(2, "SetNode", ("model",), inputs={"MODEL": 1}), node(3, "GetNode", ("model",), outputs=["MODEL"]),
        node(8, "KSampler", inputs={"model": 2}, outputs=["LATENT"]), node(9, "SaveImage", inputs={"images": 3}),
    ]  # fmt: skip
    links = [[1, 1, 0, 2, 0, "MODEL"], [2, 3, 0, 8, 0, "MODEL"], [3, 8, 0, 9, 0, "LATENT"]]
    assert told(ui(*nodes, links=links)) == [SD15]


def test_a_primitive_gives_its_value_to_the_widget_it_feeds() -> None:
    given = node(1, "CheckpointLoaderSimple", ("stale.safetensors",), outputs=["MODEL"])
    given["inputs"] = [{"name": "ckpt_name", "type": "COMBO", "link": 7, "widget": {"name": "ckpt_name"}}]
    primitive = node(4, "PrimitiveNode", ("sd15.safetensors", "fixed"), outputs=["COMBO"])
    workflow = ui(*checkpoint_to_image(given), primitive, links=[*LINKS, [7, 4, 0, 1, 0, "COMBO"]])
    assert told(workflow) == [SD15]


def test_a_string_node_is_followed_to_its_literal() -> None:
    given = node(1, "CheckpointLoaderSimple", ("stale.safetensors",), outputs=["MODEL"])
    given["inputs"] = [{"name": "ckpt_name", "type": "COMBO", "link": 7, "widget": {"name": "ckpt_name"}}]
    text = node(4, "PrimitiveString", ("sd15.safetensors",), outputs=["STRING"])
    workflow = ui(*checkpoint_to_image(given), text, links=[*LINKS, [7, 4, 0, 1, 0, "STRING"]])
    assert told(workflow) == [SD15]


def test_a_name_known_only_at_run_time_is_said_to_be_dynamic() -> None:
    given = node(1, "CheckpointLoaderSimple", ("stale.safetensors",), outputs=["MODEL"])
    given["inputs"] = [{"name": "ckpt_name", "type": "COMBO", "link": 7, "widget": {"name": "ckpt_name"}}]
    join = node(4, "StringConcatenate", ("a", "b", ""), outputs=["STRING"])
    workflow = ui(*checkpoint_to_image(given), join, links=[*LINKS, [7, 4, 0, 1, 0, "STRING"]])
    assert told(workflow) == []
    assert "dynamic" in codes(workflow)


def test_an_unlinked_converted_input_keeps_its_own_value() -> None:
    given = loader()
    given["inputs"] = [{"name": "ckpt_name", "type": "COMBO", "link": None, "widget": {"name": "ckpt_name"}}]
    assert told(ui(*checkpoint_to_image(given), links=LINKS)) == [SD15]


def test_named_values_win_over_places() -> None:
    given = node(
        1,
        "CheckpointLoaderSimple",
        ("old.safetensors",),
        widgets_values_named={"ckpt_name": "sd15.safetensors"},
    )
    assert told(ui(*checkpoint_to_image(given), links=LINKS)) == [SD15]


def test_values_in_a_dict_are_read_by_name() -> None:
    given = node(1, "CheckpointLoaderSimple", {"ckpt_name": "sd15.safetensors"})
    assert told(ui(*checkpoint_to_image(given), links=LINKS)) == [SD15]


def test_a_value_that_moved_in_another_version_is_still_found() -> None:
    given = node(1, "GemmaAPITextEncode", ("key", "prompt", "sd15.safetensors"))
    assert told(ui(*checkpoint_to_image(given), links=LINKS)) == [SD15]


def test_two_nodes_of_one_id_are_both_read() -> None:
    workflow = ui(node(1, "VAELoader", ("a.safetensors",)), node(1, "VAELoader", ("b.safetensors",)))
    assert {name for name, _, _ in told(workflow)} == {"a.safetensors", "b.safetensors"}


def test_cyclic_and_dangling_links_end() -> None:
    nodes = [
        node(1, "Reroute", inputs={"": 2}),
        node(2, "Reroute", inputs={"": 1}),
        node(3, "SaveImage", inputs={"images": 1}),
    ]
    nodes.append(node(4, "VAELoader", ("v.safetensors",), inputs={"x": 99}))
    assert [name for name, _, _ in told(ui(*nodes, links=[[1, 1, 0, 2, 0, "*"], [2, 2, 0, 1, 0, "*"]]))] == [
        "v.safetensors"
    ]


def test_group_nodes_of_both_spellings_are_unfolded() -> None:
    for spelling in ("workflow/FLUX", "workflow>FLUX"):
        groups = {"FLUX": {"nodes": [
            {"type": "UNETLoader", "index": 0, "widgets_values": ["inner.safetensors", "default"]},
            {"type": "VAELoader", "index": 1, "widgets_values": ["inner_vae.safetensors"]},
        ], "links": []}}  # fmt: skip
        values = ("flux.safetensors", "default", "ae.safetensors")
        nodes = [node(1, spelling, values, outputs=["MODEL"]), *checkpoint_to_image(loader())[1:]]
        workflow = ui(*nodes, links=LINKS, extra={"groupNodes": groups})
        assert told(workflow) == [
            ("flux.safetensors", "diffusion_models", "required"),
            ("ae.safetensors", "vae", "required"),
        ]


def test_a_group_nobody_uses_names_nothing() -> None:
    groups = {
        "X": {"nodes": [{"type": "VAELoader", "index": 0, "widgets_values": ["v.safetensors"]}], "links": []}
    }
    assert told(ui(*checkpoint_to_image(loader()), links=LINKS, extra={"groupNodes": groups})) == [SD15]
