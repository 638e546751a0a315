"""What every export format keeps to: it repeats byte for byte, holds no secret, and says what it does not carry."""

from __future__ import annotations

import csv
import io
import json

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.exports.making import CIVITAI, HF, OPEN, entry, lock, mixed_lock
from wfdeps.domain.locks import LockSource
from wfdeps.errors import UsageError
from wfdeps.exports.registry import FORMATS, built_in, export
from wfdeps.values import replace

OPTIONS = {"s5cmd": {"bucket": "models/sha256"}}
ANONYMOUS = ("aria2", "comfy-build", "comfy-pack", "model-list", "rclone", "salad")
WITHOUT_COMMENTS = ("comfy-pack", "csv", "model-list", "rclone")
SPECIAL = "$`\"\\'<>|?*;&!{}#%~ \t"


def made(name: str, of, **options: str):
    return export(of, built_in(name), {**OPTIONS.get(name, {}), **options})


def whole(name: str, of) -> str:
    return "".join(file.text for file in made(name, of).files)


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_lock_in_another_order_gives_the_same_bytes(name: str) -> None:
    ordered = mixed_lock()
    shuffled = replace(ordered, entries=tuple(reversed(ordered.entries)))
    assert made(name, ordered) == made(name, ordered)
    assert made(name, shuffled).files == made(name, ordered).files


@pytest.mark.parametrize("name", FORMATS)
def test_every_file_is_carried_or_said_to_be_left_out(name: str) -> None:
    export_ = made(name, mixed_lock())
    left_out = {one.what for one in export_.left_out}
    main = export_.files[0].text
    for path in (
        "checkpoints/flux1-dev-fp8.safetensors", "diffusion_models/wan/high.safetensors",
        "loras/add-detail-xl.safetensors", "loras/style/add detail.safetensors", "ultralytics/bbox/face.pt",
        "vae/ae.safetensors",
    ):  # fmt: skip
        if name == "extra-model-paths":
            assert f"{path.split('/')[0]}" in main
        else:
            assert (path in left_out) or path.rpartition("/")[2] in main
        if path in left_out and name not in WITHOUT_COMMENTS:
            assert path in main


@pytest.mark.parametrize("name", ANONYMOUS)
def test_a_format_that_fetches_anonymously_leaves_out_what_needs_a_token(name: str) -> None:
    export_ = made(name, lock(entry("loras/a.safetensors", CIVITAI)))
    assert [(one.what, "CIVITAI_API_TOKEN" in one.reason) for one in export_.left_out] == [
        ("loras/a.safetensors", True)
    ]
    assert CIVITAI not in export_.files[0].text


@pytest.mark.parametrize("name", ANONYMOUS)
def test_an_open_mirror_is_taken_instead_of_a_site_with_a_login(name: str) -> None:
    export_ = made(name, lock(entry("loras/a.safetensors", CIVITAI, f"{OPEN}/a.safetensors")))
    assert export_.left_out == ()
    assert f"{OPEN}/a.safetensors" in export_.files[0].text
    assert CIVITAI not in export_.files[0].text


@pytest.mark.parametrize(
    "name", sorted({*FORMATS} - {"csv", "cyclonedx", "extra-model-paths", "k8s", "modal", "s5cmd"})
)
def test_a_lock_without_urls_is_said_file_by_file(name: str) -> None:
    export_ = made(name, lock(entry("loras/a.safetensors"), entry("vae/b.safetensors")))
    assert [one.what for one in export_.left_out] == ["loras/a.safetensors", "vae/b.safetensors"]
    assert all("no https URL" in one.reason for one in export_.left_out)


@pytest.mark.parametrize("name", FORMATS)
def test_what_the_lock_has_not_settled_is_left_out(name: str) -> None:
    export_ = made(name, lock(unresolved=("loras/who-knows.safetensors",)))
    assert [one.what for one in export_.left_out] == ["loras/who-knows.safetensors"]


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"k8s"}))
@pytest.mark.parametrize(
    "url",
    [
        "https://models.example.org/a.safetensors?token=hush-hush",
        "https://someone:hush-hush@models.example.org/a.safetensors",
        "https://bucket.s3.amazonaws.com/a.safetensors?X-Amz-Signature=hush-hush",
        "http://models.example.org/hush-hush.safetensors",
        "https://127.0.0.1/hush-hush.safetensors",
        "file:///home/hush-hush.safetensors",
    ],
)
def test_no_secret_and_no_private_address_leaves(name: str, url: str) -> None:
    """A lock made by the API may hold what `lock.document.parse` refuses; such a URL is as good as none."""
    assert "hush-hush" not in whole(
        name, lock(entry("loras/a.safetensors", url), entry("vae/b.safetensors", HF))
    )


@pytest.mark.parametrize("name", FORMATS)
def test_two_entries_for_one_path_that_differ_are_both_left_out(name: str) -> None:
    one = entry("loras/a.safetensors", HF)
    other = replace(one, name="A.safetensors", sha256="1" * 64)
    export_ = made(name, lock(one, other, entry("vae/b.safetensors", HF)))
    assert ("loras/a.safetensors", "2 entries of the lock stand for this path, and they differ") in [
        (left.what, left.reason) for left in export_.left_out
    ]
    if name != "k8s":
        assert "1" * 64 not in export_.files[0].text


def test_two_names_of_one_file_are_one_file() -> None:
    one = entry("loras/a.safetensors", HF)
    export_ = made("csv", lock(one, replace(one, name="A", used_by=("w.json#2:name",))))
    (row,) = csv.DictReader(io.StringIO(export_.files[0].text))
    assert (row["path"], row["used_by"]) == ("loras/a.safetensors", "w.json#1:name w.json#2:name")


HOSTILE_PATHS = [
    "loras/../../etc/passwd", "/etc/passwd", "loras/a\nRUN rm -rf /\n.safetensors", "loras/x\r.safetensors",
    "loras/a\x1b[2J.safetensors", "loras/\u202egpj.safetensors", "loras/nul", "loras/a.", "loras", "loras/",
    "vae/a.safetensors",
]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE_PATHS)
@pytest.mark.parametrize("name", sorted({*FORMATS} - {"k8s"}))
def test_an_unsafe_path_goes_into_no_format(name: str, path: str) -> None:
    export_ = made(name, lock(replace(entry("loras/x.safetensors", HF), path=path)))
    assert [one.what for one in export_.left_out] == [path]
    assert HF not in "".join(file.text for file in export_.files)
    assert not any(line.startswith("RUN rm") for file in export_.files for line in file.text.split("\n"))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    name=st.sampled_from(sorted({*FORMATS} - {"k8s"})),
    file=st.text(st.sampled_from("ab.é…" + SPECIAL), min_size=1, max_size=12),
    tail=st.text(st.sampled_from("ab/?=&" + SPECIAL), max_size=12),
)
def test_no_name_and_no_url_breaks_the_form_of_a_format(name: str, file: str, tail: str) -> None:
    hostile = entry_for(file, HF + tail)
    text = made(name, lock(hostile, entry_for("plain.safetensors", HF))).files[0].text
    if name in ("comfy-build", "salad", "truss", "extra-model-paths"):
        assert isinstance(yaml.safe_load(text), dict)
    elif name in ("comfy-pack", "model-list", "cyclonedx"):
        assert isinstance(json.loads(text), dict)
    elif name == "modal":
        compile(text, "recipe", "exec")
    elif name == "dockerfile":
        starts = ("#", "FROM ", "SHELL ", "ADD ", "RUN ", " && ", "    https://", "    /comfyui/models/")
        assert all(line.startswith(starts) or not line for line in text.split("\n"))


def entry_for(name: str, url: str):
    return replace(entry("loras/x.safetensors"), path=f"loras/{name}", sources=(LockSource("url", url),))


def test_an_option_the_format_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="no option `imgae`") as refused:
        made("dockerfile", mixed_lock(), imgae="x")
    assert refused.value.hint == "did you mean `image`?"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("dockerfile", {"image": "x\nRUN rm -rf /"}),
        ("dockerfile", {"models": "relative"}),
        ("k8s", {"claim": "Not_A_Name"}),
        ("k8s", {"image": "x y"}),
        ("s5cmd", {"bucket": ""}),
        ("s5cmd", {"bucket": 'b" rm "x'}),
        ("cyclonedx", {"spec-version": "2.0"}),
    ],
)
def test_a_value_the_format_cannot_use_is_refused(name: str, options: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        made(name, mixed_lock(), **options)


def test_a_config_map_holds_a_mebibyte_and_no_more() -> None:
    with pytest.raises(UsageError, match="ConfigMap holds"):
        made("k8s", lock(*(entry(f"loras/{number}.safetensors", HF) for number in range(3000))))


def test_layers_stand_by_family_largest_first_and_bases_before_what_is_applied_to_them() -> None:
    def of(path: str, size: int, family: str):
        return entry(path, HF, size=size, air=f"urn:air:{family}:x:civitai:1@2")

    text = whole(
        "dockerfile",
        lock(
            of("checkpoints/small.safetensors", 5, "sd1"), of("loras/huge.safetensors", 90, "sdxl"),
            of("checkpoints/xl.safetensors", 60, "sdxl"), of("vae/xl.safetensors", 3, "sdxl"),
            of("loras/tiny.safetensors", 1, "sdxl"),
        ),
    )  # fmt: skip
    targets = [line.strip() for line in text.split("\n") if line.startswith("    /comfyui")]
    assert targets == [
        "/comfyui/models/checkpoints/xl.safetensors", "/comfyui/models/vae/xl.safetensors",
        "/comfyui/models/loras/huge.safetensors", "/comfyui/models/loras/tiny.safetensors",
        "/comfyui/models/checkpoints/small.safetensors",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["add detail.safetensors", "a(1).safetensors", "[wip].safetensors", "é.safetensors"]
)
def test_comfy_build_names_what_it_forbids(name: str) -> None:
    (left,) = made("comfy-build", lock(entry(f"loras/{name}", HF))).left_out
    assert left.reason.endswith(f"`{name}`")


def test_no_cell_of_the_table_is_a_formula() -> None:
    text = (
        made("csv", lock(entry("loras/a.safetensors", HF, air="=HYPERLINK(1)", used_by=("@x", "+y"))))
        .files[0]
        .text
    )
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["air"], row["used_by"]) == ("'=HYPERLINK(1)", "'+y @x")


@pytest.mark.parametrize("name", [*ANONYMOUS, "dockerfile"])
def test_a_format_without_logins_says_that_a_gated_repository_would_fail(name: str) -> None:
    export_ = made(
        name, lock(entry("vae/a.safetensors", HF), entry("vae/b.safetensors", f"{OPEN}/b.safetensors"))
    )
    assert ["gated" in note for note in export_.notes] == [True]
    if name not in WITHOUT_COMMENTS:
        assert export_.notes[0] in export_.files[0].text
    assert made(name, lock(entry("vae/b.safetensors", f"{OPEN}/b.safetensors"))).notes == ()
