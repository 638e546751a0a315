"""What `ports.Library` promises, on the real library over real folders."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.weights import holding, sound
from wfdeps.domain.candidates import Candidate
from wfdeps.domain.digests import Algorithm, Digest, find_digest
from wfdeps.domain.files import LocalFile
from wfdeps.domain.findings import RefState
from wfdeps.domain.model_types import ModelType
from wfdeps.domain.plans import Download, Link, Placement, Plan, Target
from wfdeps.domain.refs import ModelRef, RefStatus
from wfdeps.domain.resolutions import ChosenBy
from wfdeps.errors import ConfigError, LibraryError, TargetExistsError, UnsafePathError
from wfdeps.library import LocalLibrary, Roots, open_library
from wfdeps.match.local import find_local
from wfdeps.ports import Library

DATA = holding(b"weights " * 4096)
SHA = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "models"
    path.mkdir()
    return path


@pytest.fixture(params=["an index on disk", "no index"])
def library(root: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[LocalLibrary]:
    kept = request.param == "an index on disk"
    opened = open_library(
        Roots(models=str(root)), index_path=str(tmp_path / "index.sqlite") if kept else None
    )
    yield opened
    opened.close()


def ref(name: str, folder: str = "loras", *digests: Digest) -> ModelRef:
    return ModelRef(name, ModelType.LORA, (folder,), RefStatus.REQUIRED, (), digests)


def put(path: Path, data: bytes = DATA) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def target(root: Path, name: str, key: str = "loras") -> Target:
    return Target(key, str(root / key), name)


def placement(
    tmp_path: Path, root: Path, name: str, data: bytes = DATA, sidecar: str | None = None
) -> Placement:
    staged = put(tmp_path / "staging" / "one.part", data)
    return Placement(str(staged), target(root, name), sidecar)


def names(library: Library, *refs: ModelRef) -> list[tuple[str, str]]:
    return [(file.folder_key, file.name) for file in library.inventory(refs).files]


def test_the_real_library_keeps_the_port(library: LocalLibrary) -> None:
    port: Library = library
    assert port.separator == os.sep
    assert {folder.folder_key for folder in port.folders()} >= {
        "",
        "checkpoints",
        "loras",
        "diffusion_models",
    }


def test_nothing_to_ask_for_is_an_empty_inventory(library: Library, root: Path) -> None:
    put(root / "loras" / "a.safetensors")
    assert library.inventory(()).files == ()
    assert library.inventory((ref("b.safetensors"),)).files == ()


def test_the_inventory_holds_the_same_base_name_in_any_folder_and_case(library: Library, root: Path) -> None:
    put(root / "loras" / "sub" / "A.safetensors")
    put(root / "checkpoints" / "a.safetensors")
    put(root / "loras" / "other.safetensors")
    assert names(library, ref("a.safetensors")) == [
        ("checkpoints", "a.safetensors"),
        ("loras", "sub/A.safetensors"),
    ]


def test_the_inventory_is_sorted_and_knows_sizes(library: Library, root: Path) -> None:
    for number in (3, 1, 2):
        put(root / "loras" / str(number) / "a.safetensors", holding(b"x" * number * 100))
    files = library.inventory((ref("a.safetensors"),)).files
    assert [file.size - files[0].size for file in files] == [0, 100, 200]
    assert [file.path for file in files] == sorted(file.path for file in files)


def test_a_file_that_appears_or_goes_is_seen_by_the_next_opening(root: Path, tmp_path: Path) -> None:
    index = str(tmp_path / "index.sqlite")

    def seen() -> list[tuple[str, str]]:
        library = open_library(Roots(models=str(root)), index_path=index)
        try:
            return names(library, ref("a.safetensors"))
        finally:
            library.close()

    assert seen() == []
    path = put(root / "loras" / "new" / "deep" / "a.safetensors")
    assert seen() == [("loras", "new/deep/a.safetensors")]
    path.rename(root / "loras" / "a.safetensors")
    assert seen() == [("loras", "a.safetensors")]
    (root / "loras" / "a.safetensors").unlink()
    assert seen() == []


def test_a_digest_is_computed_once_and_then_remembered(root: Path, tmp_path: Path) -> None:
    path = put(root / "loras" / "a.safetensors")
    os.utime(path, ns=(10**18, 10**18 + 5))
    index = str(tmp_path / "index.sqlite")
    for _ in range(2):
        library = open_library(Roots(models=str(root)), index_path=index)
        (file,) = library.inventory((ref("a.safetensors"),)).files
        found = library.digest(file)
        assert find_digest(found.digests, Algorithm.SHA256) == Digest(Algorithm.SHA256, SHA)
        library.close()
    library = open_library(Roots(models=str(root)), index_path=index)
    (file,) = library.inventory((ref("renamed.safetensors", "loras", Digest(Algorithm.SHA256, SHA)),)).files
    assert file.name == "a.safetensors"
    assert file.digests == (Digest(Algorithm.SHA256, SHA),)
    library.close()


def test_a_renamed_file_is_found_by_its_remembered_hash_even_by_its_first_ten_digits(
    library: LocalLibrary, root: Path
) -> None:
    path = put(root / "loras" / "a.safetensors")
    os.utime(path, ns=(10**18, 10**18 + 5))
    (file,) = library.inventory((ref("a.safetensors"),)).files
    library.digest(file)
    assert names(library, ref("b.safetensors", "loras", Digest(Algorithm.AUTOV2, SHA[:10]))) == [
        ("loras", "a.safetensors")
    ]


def test_other_bytes_under_the_same_size_and_copied_times_are_not_believed(
    library: LocalLibrary, root: Path
) -> None:
    path = put(root / "loras" / "a.safetensors", b"one")
    os.utime(path, ns=(10**18, 10**18 + 5))
    (file,) = library.inventory((ref("a.safetensors"),)).files
    first = library.digest(file)
    path.write_bytes(b"two")
    os.utime(path, ns=(10**18, 10**18 + 5))
    assert library.digest(file).digests != first.digests


def test_a_placed_file_stands_under_its_name_with_its_sidecar_and_staging_is_empty(
    library: Library, root: Path, tmp_path: Path
) -> None:
    receipt = library.place(
        placement(tmp_path, root, "sdxl/a.safetensors", sidecar='{"schema": "wfdeps/sidecar/1"}')
    )
    assert (receipt.sha256, receipt.size, receipt.wrote) == (SHA, len(DATA), True)
    assert Path(receipt.path).read_bytes() == DATA
    assert json.loads((root / "loras" / "sdxl" / "a.safetensors.civitai.json").read_text())["schema"]
    assert sorted(os.listdir(root / "loras" / "sdxl")) == ["a.safetensors", "a.safetensors.civitai.json"]
    assert os.listdir(tmp_path / "staging") == []
    assert names(library, ref("sdxl/a.safetensors")) == [("loras", "sdxl/a.safetensors")]


def test_the_same_bytes_that_stand_there_already_are_a_hit(
    library: Library, root: Path, tmp_path: Path
) -> None:
    put(root / "loras" / "a.safetensors")
    receipt = library.place(placement(tmp_path, root, "a.safetensors"))
    assert (receipt.wrote, receipt.sha256) == (False, SHA)
    assert os.listdir(tmp_path / "staging") == []


def test_other_bytes_are_never_overwritten_and_the_staged_file_stays(
    library: Library, root: Path, tmp_path: Path
) -> None:
    put(root / "loras" / "a.safetensors", b"theirs")
    with pytest.raises(TargetExistsError):
        library.place(placement(tmp_path, root, "a.safetensors"))
    assert (root / "loras" / "a.safetensors").read_bytes() == b"theirs"
    assert os.listdir(tmp_path / "staging") == ["one.part"]


def test_a_sidecar_of_another_tool_stays_as_it_is(library: Library, root: Path, tmp_path: Path) -> None:
    put(root / "loras" / "a.safetensors.civitai.json", b'{"theirs": 1}')
    library.place(placement(tmp_path, root, "a.safetensors", sidecar='{"schema": "wfdeps/sidecar/1"}'))
    assert (root / "loras" / "a.safetensors.civitai.json").read_bytes() == b'{"theirs": 1}'


@pytest.mark.parametrize(
    "name", ["../a.pt", "/etc/a.pt", "sub/../../a.pt", "a\\b.pt", "nul", "x/./y.pt", "a\0.pt"]
)
def test_a_name_that_is_not_plainly_relative_is_refused(
    library: Library, root: Path, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UnsafePathError):
        library.place(placement(tmp_path, root, name))
    assert sorted(os.listdir(root)) == []


def test_a_folder_that_is_no_model_folder_is_refused(library: Library, tmp_path: Path) -> None:
    staged = put(tmp_path / "staging" / "one.part")
    with pytest.raises(UnsafePathError):
        library.place(Placement(str(staged), Target("loras", str(tmp_path / "elsewhere"), "a.pt"), None))
    assert not (tmp_path / "elsewhere").exists()


def test_a_subfolder_that_links_out_of_the_models_is_refused(
    library: Library, root: Path, tmp_path: Path
) -> None:
    (root / "loras").mkdir()
    (tmp_path / "outside").mkdir()
    (root / "loras" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(UnsafePathError):
        library.place(placement(tmp_path, root, "sub/a.safetensors"))
    assert os.listdir(tmp_path / "outside") == []


def test_a_subfolder_that_links_into_another_model_folder_is_followed(
    library: Library, root: Path, tmp_path: Path
) -> None:
    (root / "loras").mkdir()
    (root / "checkpoints" / "shared").mkdir(parents=True)
    (root / "loras" / "sub").symlink_to(root / "checkpoints" / "shared")
    library.place(placement(tmp_path, root, "sub/a.safetensors"))
    assert (root / "checkpoints" / "shared" / "a.safetensors").read_bytes() == DATA


def test_a_model_folder_that_is_itself_a_link_is_its_owners_wish(
    library: Library, root: Path, tmp_path: Path
) -> None:
    (tmp_path / "big").mkdir()
    (root / "loras").symlink_to(tmp_path / "big")
    library.place(placement(tmp_path, root, "a.safetensors"))
    assert (tmp_path / "big" / "a.safetensors").read_bytes() == DATA


def test_a_link_shows_the_same_bytes_and_twice_is_once(library: Library, root: Path) -> None:
    put(root / "checkpoints" / "a.safetensors")
    (file,) = library.inventory((ref("a.safetensors"),)).files
    step = Link(ref("a.safetensors"), file, target(root, "x/a.safetensors"))
    receipt = library.link(step)
    assert (receipt.wrote, receipt.sha256) == (True, SHA)
    assert (root / "loras" / "x" / "a.safetensors").read_bytes() == DATA
    assert library.link(step).wrote is False
    assert names(library, ref("x/a.safetensors"))[-1] == ("loras", "x/a.safetensors")


def test_a_link_never_replaces_another_file(library: Library, root: Path) -> None:
    put(root / "checkpoints" / "a.safetensors")
    put(root / "loras" / "x.safetensors", b"theirs")
    (file,) = library.inventory((ref("a.safetensors"),)).files
    with pytest.raises(TargetExistsError):
        library.link(Link(ref("x.safetensors"), file, target(root, "x.safetensors")))


def test_a_missing_file_has_no_digest(library: Library, root: Path) -> None:
    with pytest.raises(LibraryError):
        library.digest(LocalFile(str(root / "loras" / "gone.pt"), "loras", "gone.pt", 1))


def download(root: Path, size: int) -> Download:
    candidate = Candidate("url", "a.safetensors", "https://example.com/a.safetensors")
    where = target(root, "a.safetensors")
    return Download((ref("a.safetensors"),), candidate, where, (candidate.url,), size, (), ChosenBy.URL)


def test_room_is_judged_by_file_system_before_the_first_byte(library: Library, root: Path) -> None:
    assert library.room(Plan((download(root, 1000),))) == ()
    (problem,) = library.room(Plan((download(root, 1 << 60), download(root, 1 << 60))))
    assert "for 2 files" in problem
    assert problem.endswith(" free")


def test_a_models_folder_that_is_a_file_is_an_error_and_one_that_is_missing_is_empty(tmp_path: Path) -> None:
    put(tmp_path / "file")
    with pytest.raises(ConfigError):
        open_library(Roots(models=str(tmp_path / "file")), index_path=None)
    library = open_library(Roots(models=str(tmp_path / "new")), index_path=None)
    assert library.inventory((ref("a.safetensors"),)).files == ()
    library.close()


@pytest.mark.parametrize(
    "name", ["\ud800.pt", "a\0.pt", "../../../etc/passwd", "x" * 5000, "", "/", "\\", "C:\\x.pt", "."]
)
def test_no_name_from_a_workflow_breaks_the_inventory(library: Library, root: Path, name: str) -> None:
    put(root / "loras" / "a.pt")
    wanted = ref(name)
    assert find_local(wanted, library.inventory((wanted,))).state is RefState.MISSING


def test_of_many_workers_that_place_the_same_bytes_one_writes_and_all_succeed(
    root: Path, tmp_path: Path
) -> None:
    receipts = []

    def place(number: int) -> None:
        library = open_library(Roots(models=str(root)), index_path=str(tmp_path / "index.sqlite"))
        staged = put(tmp_path / f"staging{number}" / "one.part")
        receipts.append(library.place(Placement(str(staged), target(root, "a.safetensors"), "{}")))
        library.close()

    threads = [threading.Thread(target=place, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [receipt.sha256 for receipt in receipts] == [SHA] * 8
    assert sum(receipt.wrote for receipt in receipts) == 1
    assert sorted(os.listdir(root / "loras")) == ["a.safetensors", "a.safetensors.civitai.json"]


def test_many_files_are_digested_in_their_order_and_one_that_cannot_be_read_stops_nothing(
    library: LocalLibrary, root: Path
) -> None:
    files = []
    for number in range(40):
        path = put(root / "loras" / f"{number}.pt", str(number).encode())
        files.append(LocalFile(str(path), "loras", path.name, 1))
    os.unlink(files[7].path)
    read = list(library.digests_of_all(files, (Algorithm.SHA256,)))
    assert isinstance(read.pop(7), LibraryError)
    expected = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(40) if number != 7]
    assert [one.digests[0].value for one in read if isinstance(one, LocalFile)] == expected


def test_a_directory_is_a_model_where_its_loader_takes_directories(library: LocalLibrary, root: Path) -> None:
    put(root / "diffusers" / "sd15" / "model_index.json", b"{}")
    for part in ("unet", "vae", "text_encoder"):
        put(root / "diffusers" / "sd15" / part / "model.safetensors")
    put(root / "diffusers" / "half" / "model_index.json", b"{}")
    put(root / "diffusers" / "unfinished" / "notes.txt")
    put(root / "LLM" / "Florence-2" / "config.json", b"{}")
    put(root / "checkpoints" / "folder" / "x.pt")

    def state(name: str, key: str) -> RefState:
        wanted = ref(name, key)
        return find_local(wanted, library.inventory((wanted,))).state

    assert state("sd15", "diffusers") is RefState.PRESENT
    assert state("half", "diffusers") is RefState.CORRUPT
    assert state("unfinished", "diffusers") is RefState.MISSING
    assert state("Florence-2", "LLM") is RefState.PRESENT
    assert state("folder", "checkpoints") is RefState.MISSING


def test_a_key_nobody_lists_is_looked_for_below_the_models_root(library: LocalLibrary, root: Path) -> None:
    put(root / "depthanything" / "deep" / "v2.pth", sound("v2.pth"))
    put(root / "LLM" / "GGUF" / "llama.gguf", sound("llama.gguf"))
    for name, key in (("deep/v2.pth", "depthanything"), ("llama.gguf", "LLM/GGUF")):
        wanted = ref(name, key)
        assert find_local(wanted, library.inventory((wanted,))).state is RefState.PRESENT
