"""Which folders are searched: every shape of ComfyUI folder, every option, every target, and what is odd about a yaml."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.fakes.weights import sound
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.refs import STOPS_COMFYUI, ModelRef, RefStatus
from wfdeps.errors import ConfigError
from wfdeps.library import Roots, open_library
from wfdeps.library.extra_paths import read_extra_paths
from wfdeps.library.search import search_paths
from wfdeps.library.targets import PROFILES, read_profile
from wfdeps.match.local import find_local
from wfdeps.planning.layout import target_for


def put(path: Path, text: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sound(path.name) if text is None else text.encode())
    return path


def dirs(roots: Roots, key: str) -> list[str]:
    return [
        folder.path for folder in search_paths(roots).folders if folder.folder_key == key and folder.visible
    ]


@pytest.fixture
def comfyui(tmp_path: Path) -> Path:
    path = tmp_path / "ComfyUI"
    (path / "models" / "loras").mkdir(parents=True)
    return path


# ── shapes


def test_a_plain_install_is_searched_in_comfyuis_order(comfyui: Path) -> None:
    assert dirs(Roots(comfyui=str(comfyui)), "diffusion_models") == [
        str(comfyui / "models" / "unet"),
        str(comfyui / "models" / "diffusion_models"),
        str(comfyui / "output" / "diffusion_models"),
    ]


def test_a_portable_folder_is_understood_and_said(tmp_path: Path, comfyui: Path) -> None:
    found = search_paths(Roots(comfyui=str(tmp_path)))
    assert found.models_root == str(comfyui / "models")
    assert [notice.code for notice in found.notices] == ["portable_layout"]


@pytest.mark.parametrize("key", ["default_workspace", "recent_workspace"])
def test_where_nothing_is_named_the_workspace_comfy_cli_knows_is_taken(
    tmp_path: Path, comfyui: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(put(tmp_path / "elsewhere" / "wf.json").parent)
    config = put(
        tmp_path / "home" / ".config" / "comfy-cli" / "config.ini", f"[DEFAULT]\n{key} = {comfyui}\n"
    )
    assert search_paths(Roots()).models_root == str(comfyui / "models")
    config.write_text("no ini at all")
    put(tmp_path / "home" / "ComfyUI" / "models" / "loras" / "one.safetensors")
    assert search_paths(Roots()).models_root == str(tmp_path / "home" / "ComfyUI" / "models")


def test_a_models_folder_named_as_comfyui_is_understood_and_said(tmp_path: Path) -> None:
    (tmp_path / "models" / "checkpoints").mkdir(parents=True)
    found = search_paths(Roots(comfyui=str(tmp_path / "models")))
    assert found.models_root == str(tmp_path / "models")
    assert [notice.code for notice in found.notices] == ["models_folder_named"]


def test_desktops_own_folder_leads_to_the_persons(tmp_path: Path) -> None:
    person = tmp_path / "Documents" / "ComfyUI"
    (person / "models").mkdir(parents=True)
    put(
        tmp_path / "data" / "extra_models_config.yaml",
        f"comfyui_desktop:\n  is_default: 'true'\n  custom_nodes: custom_nodes/\n  download_model_base: models\n"
        f"  base_path: {person}\n  loras: models/loras\n",
    )
    found = search_paths(Roots(comfyui=str(tmp_path / "data")))
    assert found.models_root == str(person / "models")
    (loras, *_) = [folder for folder in found.folders if folder.folder_key == "loras"]
    assert (loras.path, loras.is_default) == (str(person / "models" / "loras"), True)


def test_a_linked_main_means_the_folder_it_leads_to(tmp_path: Path, comfyui: Path) -> None:
    put(comfyui / "folder_paths.py")
    other = tmp_path / "other"
    other.mkdir()
    (other / "folder_paths.py").symlink_to(comfyui / "folder_paths.py")
    assert search_paths(Roots(comfyui=str(other))).models_root == str(comfyui / "models")


def test_the_options_mean_what_they_mean_to_comfyui(tmp_path: Path, comfyui: Path) -> None:
    based = search_paths(Roots(comfyui=str(comfyui), base_directory=str(tmp_path / "base")))
    assert based.models_root == str(tmp_path / "base" / "models")
    assert str(tmp_path / "base" / "output" / "loras") in [folder.path for folder in based.folders]
    models = search_paths(Roots(comfyui=str(comfyui), models_directory=str(tmp_path / "m")))
    assert models.models_root == str(tmp_path / "m")
    assert str(comfyui / "output" / "loras") in [folder.path for folder in models.folders]


def test_the_yaml_beside_comfyui_is_read_by_itself_even_with_another_base(
    tmp_path: Path, comfyui: Path
) -> None:
    put(comfyui / "extra_model_paths.yaml", "a:\n  loras: more\n")
    roots = Roots(comfyui=str(comfyui), base_directory=str(tmp_path / "base"))
    assert str(comfyui / "more") in dirs(roots, "loras")


def test_the_comfyui_we_stand_in_is_the_one_whose_options_are_given(
    tmp_path: Path, comfyui: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(comfyui / "extra_model_paths.yaml", "a:\n  loras: more\n")
    put(comfyui / "main.py")
    monkeypatch.chdir(comfyui)
    assert dirs(Roots(models_directory=str(tmp_path / "m")), "loras") == [
        str(tmp_path / "m" / "loras"),
        str(comfyui / "more"),
        str(comfyui / "output" / "loras"),
    ]
    monkeypatch.chdir(tmp_path)
    assert dirs(Roots(models_directory=str(tmp_path / "m")), "loras") == [str(tmp_path / "m" / "loras")]


def test_a_bare_models_folder_has_no_output_folders(tmp_path: Path) -> None:
    assert dirs(Roots(models=str(tmp_path)), "loras") == [str(tmp_path / "loras")]


@pytest.mark.parametrize(
    "roots",
    [
        Roots(comfyui="/nowhere/at/all"),
        Roots(models="/etc/hostname"),
        Roots(models="/tmp", extra_config=("/nowhere.yaml",)),
        Roots(models="/tmp", target="mars"),
        Roots(target="runpod-serverless"),
    ],
)
def test_what_does_not_exist_is_one_sentence_with_a_hint(roots: Roots) -> None:
    with pytest.raises(ConfigError) as caught:
        search_paths(roots)
    assert "\n" not in caught.value.message


def test_packs_folders_come_last_and_what_a_yaml_adds_comes_first(comfyui: Path) -> None:
    put(comfyui / "extra_model_paths.yaml", "a:\n  base_path: /big\n  ipadapter: ip\n")
    assert dirs(Roots(comfyui=str(comfyui)), "ipadapter") == [
        "/big/ip",
        str(comfyui / "models" / "ipadapter"),
    ]


def test_a_pack_that_keeps_models_in_its_own_folder_is_searched_there_first_and_given_none(
    comfyui: Path,
) -> None:
    own = put(comfyui / "custom_nodes" / "comfyui-animatediff-evolved" / "models" / "mm.ckpt").parent
    assert dirs(Roots(comfyui=str(comfyui)), "animatediff_models") == [
        str(own),
        str(comfyui / "models" / "animatediff_models"),
    ]
    library = open_library(Roots(comfyui=str(comfyui)), index_path=None)
    wanted = ref("mm.ckpt", "animatediff_models")
    assert find_local(wanted, library.inventory([wanted])).state is RefState.PRESENT
    assert target_for("animatediff_models", "new.ckpt", library.folders(), "/").root == str(
        comfyui / "models" / "animatediff_models"
    )
    library.close()


# ── yaml lint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", STOPS_COMFYUI),
        ("just text", STOPS_COMFYUI),
        ("a: [1, 2", STOPS_COMFYUI),
        ("a: text", STOPS_COMFYUI),
        ("a:\n  vae:\n", STOPS_COMFYUI),
        ("a:\n  vae: [x, y]\n", STOPS_COMFYUI),
        ("a:\n  base_path:\n  vae: x\n", STOPS_COMFYUI),
        ("a:\n  loras: |\n    x\n    y  # legacy\n", "extra_paths_comment"),
        ("a:\n  is_default: 'false'\n  loras: x\n", "extra_paths_default_text"),
        ("a:\n  loras: ~/x\n", "extra_paths_not_expanded"),
        ("a:\n  loras: $HOME/x\n", "extra_paths_not_expanded"),
        ("a:\n  lora: x\n", "extra_paths_unknown_key"),
        ("a:\n  t2i_adapter: x\n", "extra_paths_key_is_no_alias"),
        ("a:\n  base_path: $SURELY_NOT_SET/x\n  loras: y\n", "extra_paths_unset_variable"),
        ("a:\n  loras: |\n    x\n     y\n", "extra_paths_spaces"),
        ("a:\n  base_path: |\n    /x\n  loras: y\n", "extra_paths_spaces"),
        ("a:\n  base_path: D:\\AI\\models\n  loras: y\n", "extra_paths_drive"),
        ("a:\n  loras: D:/AI/loras\n", "extra_paths_drive"),
        ("a:\n  Lora: x\n", "extra_paths_unknown_key"),
        ("a:\n  loras: x\n  loras: y\n", "extra_paths_repeated_key"),
        ("a:\n  loras: x\na:\n  vae: y\n", "extra_paths_repeated_key"),
        ("a:\n\tloras: x\n", STOPS_COMFYUI),
        ("a:\n  loras: 5\n", STOPS_COMFYUI),
        ("a:\n  loras: yes\n", STOPS_COMFYUI),
        ("a: 5\n", STOPS_COMFYUI),
        ("[]", "extra_paths_nothing"),
    ],
)
def test_what_comfyui_would_take_otherwise_than_its_writer_meant_is_said(
    tmp_path: Path, text: str, code: str
) -> None:
    found = read_extra_paths(str(put(tmp_path / "x.yaml", text)))
    assert code in [notice.code for notice in found.notices]
    assert all("x.yaml" in notice.message for notice in found.notices)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("LORAS", "loras"),
        ("Checkpoint", "checkpoints"),
        ("VAE", "vae"),
        ("CLIP", "clip"),
        ("Base_Path", "base_path"),
    ],
)
def test_a_key_in_capitals_is_a_key_of_its_own_and_the_meant_one_is_named(
    tmp_path: Path, key: str, meant: str
) -> None:
    (notice,) = read_extra_paths(str(put(tmp_path / "x.yaml", f"a:\n  {key}: x\n"))).notices
    assert notice.code == "extra_paths_unknown_key"
    assert f"`{meant}` was meant?" in notice.message


YAML_LINES = st.sampled_from(
    (
        "a:", "b:", "a: text", "a: []", "a: ''", "a: 5", "- a", "[]", "''", "null", "# note", "---", "\ta:",
        "  base_path: /big", "  base_path:", "  base_path: ''", "  base_path: 5", "  base_path: [x]", "  is_default: yes",
        "  is_default: 'false'", "  loras: x", "  loras: /abs/x", "  loras: |", "    one", "    two # legacy",
        "  loras:\tx", "  loras: x\t# y", "  vae:", "  vae: [x]", "  vae: 5", "  vae: no", "  vae: 2001-01-01",
        "  vae: \"a\\nb\"", "  vae: 'x", "  \tvae: x", "\tvae: x", "  5: x", "  vae: {a: b}", "  loras: ",
    )
)  # fmt: skip


def as_comfyui_reads(path: Path) -> list[tuple[str, str, bool]]:
    """(key, path, whether in front), step for step as `utils/extra_config.py` of ComfyUI 0.33 goes; raises as it does."""
    found = []
    config: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    for section in config:
        values = config[section]
        if values is None:
            continue
        base, default = None, False
        if "base_path" in values:
            base = os.path.expandvars(os.path.expanduser(values.pop("base_path")))
            base = base if os.path.isabs(base) else os.path.abspath(os.path.join(path.parent, base))
        if "is_default" in values:
            default = values.pop("is_default")
        for key in values:
            for line in filter(None, values[key].split("\n")):
                whole = os.path.join(base, line) if base else os.path.abspath(os.path.join(path.parent, line))
                found.append((str(key), os.path.normpath(whole), bool(default)))
    return found


@given(
    lines=st.lists(YAML_LINES, max_size=7),
    encoding=st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le")),
)
@example(lines=["a:", "  loras: x", "a:", "  vae: y"], encoding="utf-8")
@example(lines=["a:", "  loras: x"], encoding="utf-8-sig")
@example(lines=["a:", "  loras: x"], encoding="utf-16")
@example(lines=["a:", "  loras:\tx"], encoding="utf-8")
@example(lines=["[]"], encoding="utf-8")
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stops_comfyui_is_told_apart_and_what_does_not_is_read_as_it_reads(
    tmp_path: Path, lines: list[str], encoding: str
) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("\n".join(lines).encode(encoding))
    read = read_extra_paths(str(path))
    stops = STOPS_COMFYUI in [notice.code for notice in read.notices]
    try:
        expected = as_comfyui_reads(path)
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, AttributeError):
        assert stops, lines
    else:
        assert not stops, lines
        assert [(entry.key, entry.path, entry.is_default) for entry in read.entries] == expected


@pytest.mark.parametrize(
    "name",
    [
        "extra_model_paths.yml",
        "extra_model_paths.yaml.txt",
        "Extra_Model_Paths.yaml",
        "extra_models_paths.yaml",
    ],
)
def test_a_yaml_of_another_name_is_not_read_and_said(comfyui: Path, name: str) -> None:
    text = "a:\n  base_path: /big\n  loras: one\n"
    put(comfyui / name, text)
    put(comfyui / "extra_model_paths.yaml.example", text)
    found = search_paths(Roots(comfyui=str(comfyui)))
    assert "/big/one" not in dirs(Roots(comfyui=str(comfyui)), "loras")
    (notice,) = found.notices
    assert (notice.code, name in notice.message) == ("extra_paths_misnamed", True)
    put(comfyui / "extra_model_paths.yaml", "a:\n  loras: one\n")
    assert search_paths(Roots(comfyui=str(comfyui))).notices == ()


def test_a_sound_file_has_no_notices(tmp_path: Path) -> None:
    text = "a:\n  base_path: /x\n  is_default: true\n  loras: |\n    a\n    b\n  unet: u\n  custom_nodes: c\nb:\n"
    assert read_extra_paths(str(put(tmp_path / "x.yaml", text))).notices == ()


def test_past_a_value_that_stops_comfyui_the_rest_is_still_read(tmp_path: Path) -> None:
    found = read_extra_paths(str(put(tmp_path / "x.yaml", "a:\n  vae:\n  loras: x\n")))
    assert [entry.key for entry in found.entries] == ["loras"]


def test_a_file_that_is_no_text_is_a_notice(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    assert [notice.code for notice in read_extra_paths(str(tmp_path / "x.yaml")).notices] == [STOPS_COMFYUI]


def test_a_warm_library_need_not_read_the_yaml_again_until_it_changes(tmp_path: Path, comfyui: Path) -> None:
    path = put(comfyui / "extra_model_paths.yaml", "a:\n  base_path: /big\n  loras: one\n")
    os.utime(path, ns=(10**18 + 7, 10**18 + 7))
    index = str(tmp_path / "index.sqlite")
    for _ in range(2):
        library = open_library(Roots(comfyui=str(comfyui)), index_path=index)
        assert "/big/one" in [folder.path for folder in library.folders()]
        library.close()
    put(path, "a:\n  base_path: /big\n  loras: two\n")
    library = open_library(Roots(comfyui=str(comfyui)), index_path=index)
    assert "/big/two" in [folder.path for folder in library.folders()]
    library.close()


# ── targets


def ref(name: str, key: str) -> ModelRef:
    return ModelRef(name, ModelType.OTHER, (key,), RefStatus.REQUIRED, ())


def test_the_serverless_worker_sees_ten_folders_of_the_volume_and_the_rest_is_named_with_its_line(
    tmp_path: Path,
) -> None:
    models = tmp_path / "volume" / "models"
    put(models / "unet" / "flux.safetensors")
    put(models / "diffusion_models" / "wan.safetensors")
    put(models / "text_encoders" / "t5.safetensors")
    put(models / "clip" / "clip_l.safetensors")
    library = open_library(Roots(models=str(models), target="runpod-serverless"), index_path=None)
    refs = [
        ref("flux.safetensors", "diffusion_models"),
        ref("wan.safetensors", "diffusion_models"),
        ref("t5.safetensors", "text_encoders"),
        ref("clip_l.safetensors", "text_encoders"),
    ]
    inventory = library.inventory(refs)
    findings = [find_local(one, inventory) for one in refs]
    assert [finding.state for finding in findings] == [
        RefState.PRESENT,
        RefState.INVISIBLE,
        RefState.INVISIBLE,
        RefState.PRESENT,
    ]
    assert "`diffusion_models: models/diffusion_models`" in findings[1].detail
    assert "`text_encoders: models/text_encoders`" in findings[2].detail
    assert target_for("diffusion_models", "new.safetensors", library.folders(), "/").root == str(
        models / "unet"
    )
    assert target_for("style_models", "s.safetensors", library.folders(), "/").root == str(
        models / "style_models"
    )
    library.close()


def test_the_volume_may_be_named_by_its_models_folder_or_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    by_models = search_paths(Roots(models=str(tmp_path / "models"), target="runpod-serverless"))
    whole = search_paths(Roots(comfyui=str(tmp_path), target="runpod-serverless"))
    assert by_models == whole
    assert by_models.separator == "/"


def test_a_comfyui_that_is_named_as_the_volume_is_said(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    put(tmp_path / "main.py")
    (notice,) = search_paths(Roots(comfyui=str(tmp_path), target="runpod-serverless")).notices
    assert notice.code == "comfyui_as_volume"
    assert "`/runpod-volume/models`" in notice.message


def test_a_profile_may_be_the_targets_own_yaml(tmp_path: Path) -> None:
    profile = put(
        tmp_path / "worker.yaml", "mine:\n  base_path: /vol\n  loras: deep/loras\n  unet: /elsewhere/unet\n"
    )
    put(tmp_path / "seen" / "deep" / "loras" / "a.safetensors")
    put(tmp_path / "seen" / "models" / "loras" / "b.safetensors")
    library = open_library(Roots(comfyui=str(tmp_path / "seen"), target=str(profile)), index_path=None)
    refs = [ref("a.safetensors", "loras"), ref("b.safetensors", "loras")]
    inventory = library.inventory(refs)
    assert [find_local(one, inventory).state for one in refs] == [RefState.PRESENT, RefState.INVISIBLE]
    assert [notice.code for notice in library.notices] == ["target_outside_volume"]
    library.close()


def test_a_profile_may_say_more(tmp_path: Path) -> None:
    profile = put(
        tmp_path / "studio.yaml",
        "name: studio\nvolume: /mnt/x\nseparator: '\\'\nextra_model_paths:\n  a:\n    base_path: /mnt/x\n    vae: v\n",
    )
    read = read_profile(str(profile))
    assert (read.name, read.volume, read.separator) == ("studio", "/mnt/x", "\\")
    bare = read_profile(str(put(tmp_path / "pc.yaml", "name: pc\nseparator: '\\'\n")))
    assert (bare.name, bare.volume, bare.separator) == ("pc", "", "\\")


@pytest.mark.parametrize(
    "text",
    [
        "volume: 'D:/AI'\nextra_model_paths:\n  a:\n    base_path: 'D:/AI/'\n    loras: models/loras\n",
        "volume: D:\\AI\\\nseparator: '\\'\nextra_model_paths:\n  a:\n    loras: D:\\AI\\models\\loras\n",
        "a:\n  base_path: D:\\AI\n  loras: models\\loras\\\n",
    ],
)
def test_a_profile_of_a_windows_machine_is_read_as_windows_reads_it(tmp_path: Path, text: str) -> None:
    profile = put(tmp_path / "pc.yaml", text)
    put(tmp_path / "seen" / "models" / "loras" / "sub" / "a.safetensors")
    library = open_library(Roots(comfyui=str(tmp_path / "seen"), target=str(profile)), index_path=None)
    refs = [ref("sub\\a.safetensors", "loras"), ref("sub/a.safetensors", "loras")]
    inventory = library.inventory(refs)
    assert [find_local(one, inventory).state for one in refs] == [
        RefState.PRESENT,
        RefState.PRESENT_ELSEWHERE,
    ]
    assert (library.listing("loras"), library.notices) == (("sub\\a.safetensors",), ())
    library.close()


@pytest.mark.parametrize(
    "text",
    [
        "[]", "volume: 3\n", "volume: /x\nseparator: '|'\n", "a: [",
        "volumes: /x\n", "volume: /x\nmodel: m\n", "a:\n  loras: /x/models/loras\n", "{}",
    ],
)  # fmt: skip
def test_a_profile_that_makes_no_sense_is_one_sentence(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError):
        read_profile(str(put(tmp_path / "x.yaml", text)))


def test_every_named_profile_can_be_laid_out(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    for name in PROFILES:
        found = search_paths(Roots(comfyui=str(tmp_path), target=name))
        assert {"checkpoints", "loras", "vae"} <= {
            folder.folder_key for folder in found.folders if folder.visible
        }
