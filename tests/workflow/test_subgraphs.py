"""Subgraphs: ids, promoted values in their three spellings, modes of hosts."""

from __future__ import annotations

from typing import Any

from tests.workflow.builders import codes, node, read_one, subgraph, told, ui

COMBO = {"type": "COMBO"}


def inner(value: str = "inner.safetensors", link: int | None = 5) -> dict[str, Any]:
    given = node(3, "UNETLoader", (value, "default"), outputs=["MODEL"])
    given["inputs"] = [{"name": "unet_name", "type": "COMBO", "link": link, "widget": {"name": "unet_name"}}]
    return given


def definition(name: str = "sub") -> dict[str, Any]:
    return subgraph(
        name, inner(),
        links=[[5, -10, 0, 3, 0, "COMBO"], [6, 3, 0, -20, 0, "MODEL"]],
        inputs=[{"name": "unet_name", "linkIds": [5], **COMBO}],
        outputs=[{"name": "MODEL", "type": "MODEL", "linkIds": [6]}],
    )  # fmt: skip


def around(host: dict[str, Any], *definitions: dict[str, Any]) -> dict[str, Any]:
    """A host whose output is sampled and saved."""
    return ui(
        host, node(8, "KSampler", inputs={"model": 1}, outputs=["LATENT"]), node(9, "SaveImage", inputs={"images": 2}),
        links=[[1, host["id"], 0, 8, 0, "MODEL"], [2, 8, 0, 9, 0, "LATENT"]], definitions={"subgraphs": list(definitions)},
    )  # fmt: skip


def host(values: Any = (), node_id: int = 12, kind: str = "sub", **more: Any) -> dict[str, Any]:
    given = node(node_id, kind, values, outputs=["MODEL"], **more)
    given["inputs"] = [{"name": "unet_name", "type": "COMBO", "link": None, "widget": {"name": "unet_name"}}]
    return given


def required(name: str) -> list[tuple[str, str, str]]:
    return [(name, "diffusion_models", "required")]


def test_an_inner_node_is_named_by_host_and_id() -> None:
    (ref,) = read_one(around(host(), definition())).refs
    assert [site.node_id for site in ref.sites] == ["12:3"]


def test_without_values_on_the_host_the_inner_value_holds() -> None:
    assert told(around(host(), definition())) == required("inner.safetensors")


def test_the_hosts_listed_value_wins_over_the_inner_one() -> None:
    assert told(around(host(("outer.safetensors",)), definition())) == required("outer.safetensors")


def test_the_hosts_named_value_wins_over_its_listed_one() -> None:
    given = host(("listed.safetensors",), widgets_values_named={"unet_name": "named.safetensors"})
    assert told(around(given, definition())) == required("named.safetensors")


def test_proxies_of_equal_number_align_the_hosts_values() -> None:
    properties = {"proxyWidgets": [["-1", "other"], ["-1", "unet_name"]]}
    given = host(("x", "outer.safetensors"), properties=properties)
    assert told(around(given, definition())) == required("outer.safetensors")


def test_a_proxy_to_an_inner_widget_carries_its_value() -> None:
    plain = subgraph(
        "sub",
        inner(link=None),
        links=[[6, 3, 0, -20, 0, "MODEL"]],
        outputs=[{"name": "MODEL", "type": "MODEL", "linkIds": [6]}],
    )
    given = host(("outer.safetensors",), properties={"proxyWidgets": [["3", "3: unet_name"]]})
    given["inputs"] = []
    assert told(around(given, plain)) == required("outer.safetensors")


def test_a_null_on_the_host_is_a_hole() -> None:
    properties = {"proxyWidgets": [["-1", "unet_name"]]}
    assert told(around(host((None,), properties=properties), definition())) == required("inner.safetensors")


def test_a_link_into_the_host_is_followed() -> None:
    given = host(("stale.safetensors",))
    given["inputs"][0]["link"] = 7
    workflow = around(given, definition())
    workflow["nodes"].append(node(4, "PrimitiveNode", ("linked.safetensors", "fixed"), outputs=["COMBO"]))
    workflow["links"].append([7, 4, 0, 12, 0, "COMBO"])
    assert told(workflow) == required("linked.safetensors")


def test_two_instances_keep_their_own_values() -> None:
    workflow = around(host(("a.safetensors",)), definition())
    second = host(("b.safetensors",), node_id=13)
    workflow["nodes"] += [
        second,
        node(18, "KSampler", inputs={"model": 11}, outputs=["LATENT"]),
        node(19, "SaveImage", inputs={"images": 12}),
    ]
    workflow["links"] += [[11, 13, 0, 18, 0, "MODEL"], [12, 18, 0, 19, 0, "LATENT"]]
    assert told(workflow) == [*required("a.safetensors"), *required("b.safetensors")]


def test_values_pass_through_nested_hosts() -> None:
    middle_host = host(("middle.safetensors",), node_id=5)
    middle_host["inputs"][0]["link"] = 20
    outer = subgraph(
        "outer", middle_host, links=[[20, -10, 0, 5, 0, "COMBO"], [21, 5, 0, -20, 0, "MODEL"]],
        inputs=[{"name": "unet_name", "linkIds": [20], **COMBO}], outputs=[{"name": "MODEL", "type": "MODEL", "linkIds": [21]}],
    )  # fmt: skip
    workflow = around(host(("outermost.safetensors",), kind="outer"), outer, definition())
    (ref,) = read_one(workflow).refs
    assert (ref.name, ref.sites[0].node_id) == ("outermost.safetensors", "12:5:3")


def test_a_muted_host_mutes_what_is_inside() -> None:
    (ref,) = read_one(around(host(mode=2), definition())).refs
    assert (str(ref.status), ref.why) == ("inactive", "subgraph muted")


def test_an_output_node_inside_a_subgraph_makes_its_ancestors_needed() -> None:
    whole = subgraph("sub", inner(link=None), node(4, "KSampler", inputs={"model": 1}), node(5, "SaveImage", inputs={"images": 2}),
                     links=[[1, 3, 0, 4, 0, "MODEL"], [2, 4, 0, 5, 0, "LATENT"]])  # fmt: skip
    given = host()
    given["inputs"] = []
    assert told(ui(given, definitions={"subgraphs": [whole]})) == required("inner.safetensors")


def test_a_definition_nobody_uses_names_nothing() -> None:
    unused = subgraph("unused", inner("unused.safetensors", link=None))
    assert told(around(host(), definition(), unused)) == required("inner.safetensors")


def test_definitions_inside_definitions_are_found() -> None:
    outer = definition("outer")
    outer["nodes"] = [host((), node_id=3)]
    outer["definitions"] = {"subgraphs": [definition()]}
    assert told(around(host(kind="outer"), outer)) == required("inner.safetensors")


def test_a_subgraph_that_contains_itself_is_read_once() -> None:
    loop = definition()
    loop["nodes"].append(host(node_id=30))
    workflow = around(host(), loop)
    assert told(workflow) == required("inner.safetensors")
    assert "recursive_subgraph" in codes(workflow)


def test_a_blueprint_needs_what_its_subgraph_gives_though_a_preview_inside_is_an_output() -> None:
    piece = subgraph(
        "sub", inner(link=None), node(4, "LoadImage", ("x.png",), outputs=["IMAGE"]), node(5, "PreviewImage", inputs={"images": 7}),
        links=[[6, 3, 0, -20, 0, "MODEL"], [7, 4, 0, 5, 0, "IMAGE"]], outputs=[{"name": "MODEL", "type": "MODEL", "linkIds": [6]}],
    )  # fmt: skip
    given = host()
    given["inputs"] = []
    workflow = ui(given, definitions={"subgraphs": [piece]})
    assert told(workflow) == required("inner.safetensors")
    assert codes(workflow) == {"no_output_node"}


def test_behind_a_broken_link_everything_active_counts_as_required() -> None:
    broken = definition()
    broken["links"] = broken["links"][:1]
    workflow = around(host(("outer.safetensors",)), broken)
    assert told(workflow) == required("outer.safetensors")
    assert codes(workflow) == {"broken_link"}
