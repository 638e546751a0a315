"""Torch files are read opcode by opcode; what they would import decides whether they are safe."""

from __future__ import annotations

import pickle as python_pickle
from collections import OrderedDict

import pytest

from tests.detect.files import (
    global_,
    number,
    pickle,
    read_bytes,
    shape_tuple,
    state_dict_pickle,
    stored_zip,
    table_pickle,
    tensor_pickle,
    text,
    torch_legacy,
    torch_zip,
)  # fmt: skip
from wfdeps.detect.allowed import verdict
from wfdeps.detect.headers import Corrupt, Header
from wfdeps.detect.identify import identify
from wfdeps.detect.tensors import Tensor

SHAPES = {"model.0.weight": (64, 3, 3, 3), "model.1.sub.0.RDB1.conv1.0.weight": (32, 64, 3, 3)}
TENSORS = {name: Tensor("F16", shape, 2 * shape[0] * shape[1] * 9) for name, shape in SHAPES.items()}


def header(data: bytes) -> Header:
    read = read_bytes(data)
    assert isinstance(read, Header), read
    return read


@pytest.mark.parametrize("make", [torch_zip, torch_legacy])
def test_tensors_are_found_without_unpickling(make: object) -> None:
    read = header(make(state_dict_pickle(SHAPES)))  # type: ignore[operator]
    assert (read.format, dict(read.tensors), read.safety) == ("pickle", TENSORS, "safe")


@pytest.mark.parametrize("wrapping", ["state_dict", "params_ema", "params", "model"])
def test_a_training_scripts_wrapping_is_taken_off(wrapping: str) -> None:
    body = table_pickle({"epoch": number(3), wrapping: state_dict_pickle(SHAPES)})
    assert dict(header(torch_zip(body)).tensors) == TENSORS


def test_parameters_and_sizes_are_seen_through() -> None:
    size = global_("torch", "Size") + b"(" + shape_tuple((8, 768)) + b"tR"
    tensor = tensor_pickle(0, (8, 768)).replace(shape_tuple((8, 768)), size, 1)
    wrapped = global_("torch._utils", "_rebuild_parameter") + b"(" + tensor + b"\x89}tR"
    assert header(torch_zip(table_pickle({"w": wrapped}))).tensors["w"].shape == (8, 768)


def test_an_embedding_of_the_webui_is_known() -> None:
    body = table_pickle(
        {"string_to_param": table_pickle({"*": tensor_pickle(0, (8, 768))}), "name": text("x")}
    )
    identity = identify(header(torch_zip(body)))
    assert (identity.model_type, identity.architectures, identity.folder) == (
        "embedding",
        ("sd1",),
        "embeddings",
    )


def test_a_hypernetwork_of_the_webui_is_known() -> None:
    layer = (
        b"]("
        + state_dict_pickle({"linear.0.weight": (1536, 768)})
        + state_dict_pickle({"linear.0.weight": (1536, 768)})
        + b"e"
    )
    identity = identify(header(torch_zip(table_pickle({768: layer, "step": number(9)}))))
    assert (identity.model_type, identity.folder) == ("hypernetwork", "hypernetworks")


@pytest.mark.parametrize(
    ("task", "folder"), [("DetectionModel", "ultralytics_bbox"), ("SegmentationModel", "ultralytics_segm")]
)
def test_a_detector_is_known_by_what_it_imports_and_is_not_safe(task: str, folder: str) -> None:
    body = global_("ultralytics.nn.tasks", task) + b")\x81}b"
    identity = identify(header(torch_zip(table_pickle({"model": body}))))
    assert (identity.model_type, identity.folder) == ("detector", folder)
    assert identity.safety.startswith("unsafe or unknown")


CALLS = {
    "os": ("os", "system"),
    "posix": ("posix", "system"),
    "builtins": ("builtins", "eval"),
    "import_module": ("importlib", "import_module"),
    "marshal": ("marshal", "loads"),
    "pip": ("pip", "main"),
    "resolve": ("pkgutil", "resolve_name"),
    "dynamo": ("torch._dynamo.guards", "GuardBuilder.get"),
    "hub": ("torch.hub", "load"),
    "torch_load": ("torch", "load"),
    "getattr": ("builtins", "getattr"),
    "numpy_load": ("numpy", "load"),
}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_what_is_not_on_the_list_is_unsafe_or_unknown(name: str) -> None:
    module, attribute = CALLS[name]
    read = header(torch_zip(global_(module, attribute) + b"(" + text("x") + b"tR"))
    assert read.safety.startswith("unsafe or unknown")
    assert f"{module}.{attribute}" in read.safety


@pytest.mark.parametrize(
    "body",
    [
        b"\x8c\x02os\x8c\x06system\x93)R",  # STACK_GLOBAL
        b"\x8c\x02os\x94\x8c\x06system\x94h\x00h\x01\x93)R",  # through the memo
        b"(ios\nsystem\n",  # INST
        b"(cos\nsystem\no",  # OBJ
        b"\x82\x01",  # EXT1
        global_("_codecs", "encode")
        + b"("
        + text("os")
        + b"tR"
        + text("system")
        + b"\x93)R",  # a computed name
        global_("collections", "OrderedDict") + b"}" + text("x") + number(1) + b"sb",  # changes a class
    ],
)
def test_no_way_of_naming_slips_by(body: bytes) -> None:
    assert header(torch_zip(body)).safety.startswith("unsafe or unknown")


def test_a_second_pickle_in_the_zip_is_looked_at_too() -> None:
    evil = pickle(global_("os", "system") + b"(" + text("ls") + b"tR")
    assert (
        "os.system" in header(torch_zip(state_dict_pickle(SHAPES), extra={"archive/more.pkl": evil})).safety
    )


def test_a_second_pickle_in_the_older_stream_is_looked_at_too() -> None:
    data = torch_legacy(state_dict_pickle(SHAPES)).replace(
        pickle(b"]"), pickle(global_("os", "system") + b"(" + text("ls") + b"tR")
    )
    assert "os.system" in header(data).safety


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (pickle(b"}") + pickle(global_("os", "system")), "it imports `os.system`"),
        (pickle(b"}") + b"noise", "something else stands behind its end"),
        (pickle(b"}") * 100, "too many pickles"),
        (torch_zip(b"}", extra={"archive/hidden": pickle(global_("os", "system"))}), "torch writes no `archive/hidden`"),
    ],
)  # fmt: skip
def test_what_stands_beside_the_pickle_is_doubted_too(data: bytes, clause: str) -> None:
    read = read_bytes(data)
    assert isinstance(read, Header)
    assert read.safety.startswith("unsafe or unknown: ") and clause in read.safety


@pytest.mark.parametrize(
    "name", [".format_version", ".storage_alignment", "byteorder", ".data/serialization_id", "data/17"]
)
def test_what_torch_itself_writes_beside_the_pickle_is_not_doubted(name: str) -> None:
    read = read_bytes(torch_zip(state_dict_pickle(SHAPES), extra={f"archive/{name}": b"1"}))
    assert isinstance(read, Header) and read.safety == "safe"


def test_torchscript_is_a_program() -> None:
    data = torch_zip(
        b"}", extra={"archive/code/__torch__.py": b"def f(): ...", "archive/constants.pkl": pickle(b")")}
    )
    read = header(data)
    assert (read.format, read.safety.startswith("unsafe or unknown")) == ("torchscript", True)


def test_a_plain_python_pickle_is_read() -> None:
    read = header(python_pickle.dumps(OrderedDict(a=1), protocol=4))
    assert (read.format, read.code, read.safety) == ("pickle", ("collections.OrderedDict",), "safe")


@pytest.mark.parametrize(
    ("data", "clause"),
    [
        (torch_zip(state_dict_pickle(SHAPES))[:-30], "no directory"),
        (torch_zip(state_dict_pickle(SHAPES))[:200], "no directory"),
        (stored_zip({"workflow.json": b"{}"}), "no"),
        (stored_zip({"a/data.pkl": b"\x80\x02}"}), "truncated or"),
        (torch_legacy(state_dict_pickle(SHAPES))[:150], "truncated or"),
        (stored_zip({"a/data.pkl": pickle(b"}")}).replace(b"a/data.pkl", b"b/data.pkl", 1), "directory"),
        (stored_zip({"a/data.pkl": pickle(b"h\x05")}), "memo"),
        (stored_zip({"a/data.pkl": pickle(b"0")}), "stack"),
        (pickle(b""), "nothing made"),
        (pickle(b"}(((("), "nothing made"),
    ],
)
def test_a_damaged_torch_file_is_corrupt_and_says_how(data: bytes, clause: str) -> None:
    read = read_bytes(data)
    assert isinstance(read, Corrupt)
    assert clause in read.reason


def test_structures_built_to_explode_are_walked_in_bounds() -> None:
    bomb = (
        b"]"
        + b"q\x00"
        + b"".join(b"](" + bytes([0x68, level]) * 40 + b"eq" + bytes([level + 1]) for level in range(40))
    )
    assert isinstance(read_bytes(torch_zip(bomb)), Header | Corrupt)
    nested = global_("torch._utils", "_rebuild_parameter") + b"("
    deep = nested * 5_000 + tensor_pickle(0, (1,)) + b"tR" * 5_000
    assert isinstance(read_bytes(torch_zip(table_pickle({"w": deep}))), Header | Corrupt)
    circle = b"}q\x00" + text("state_dict") + b"h\x00s"
    assert isinstance(read_bytes(torch_zip(circle)), Header | Corrupt)


def test_the_verdict_names_the_first_three() -> None:
    assert (
        verdict(("collections.OrderedDict", "torch.FloatStorage", "torch._utils._rebuild_tensor_v2"))
        == "safe"
    )
    assert (
        verdict(("a.b", "c.d", "e.f", "g.h"))
        == "unsafe or unknown: it imports `a.b`, `c.d`, `e.f` and 1 more"
    )


def test_a_remote_file_seen_in_part_is_never_called_safe() -> None:
    read = read_bytes(torch_zip(state_dict_pickle(SHAPES)), front_only=True)
    assert isinstance(read, Header)
    assert dict(read.tensors) == TENSORS
    assert read.safety.startswith("unsafe or unknown")
