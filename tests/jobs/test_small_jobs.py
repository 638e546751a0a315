"""The store, leftovers, folders, tokens, the name index, the hub and the webhook, without a command line."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.weights import holding
from tests.jobs.helpers import Remembering, doors_of
from tests.whole.conftest import Person
from wfdeps.domain.listings import TokenState
from wfdeps.domain.secrets import Secret
from wfdeps.errors import SourceError, UsageError
from wfdeps.jobs.auth import check_tokens
from wfdeps.jobs.catalogue import export_rows, import_rows
from wfdeps.jobs.civitai_pages import PageKind, Pages, search_filter
from wfdeps.jobs.clean import find_leftovers, remove_leftovers
from wfdeps.jobs.hub import HubOptions, make_hub
from wfdeps.jobs.inspect import inspect_target
from wfdeps.jobs.paths import current_key, names_offered, searched_folders
from wfdeps.jobs.store import collect_unused, open_store, verify_store
from wfdeps.jobs.webhook import SIGNATURE, post_document
from wfdeps.library import as_local
from wfdeps.library.store import Store
from wfdeps.wiring.settings import Settings
from wfdeps.wiring.sources import open_index


def stored(folder: Path, content: bytes) -> Store:
    """A store that keeps these bytes."""
    staged = folder.parent / "staged"
    staged.write_bytes(content)
    folder.mkdir(exist_ok=True)
    store = Store(str(folder))
    store.adopt(str(staged), hashlib.sha256(content).hexdigest())
    return store


# ── the store


def test_a_store_is_named_and_there() -> None:
    with pytest.raises(UsageError, match="no store was named"):
        open_store(Settings())
    with pytest.raises(UsageError, match="no store at"):
        open_store(Settings(store="/nowhere"))


def test_what_no_tree_uses_is_removed_but_not_while_a_tree_is_out_of_sight(tmp_path: Path) -> None:
    store = stored(tmp_path / "store", b"weights")
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "another.txt").touch()  # an empty folder may be where a volume is mounted
    store.trees.note(str(tree))
    note = Path(store.trees.note_of(str(tree)))
    on_another_volume = {**json.loads(note.read_text()), "elsewhere": True}
    note.write_text(json.dumps(on_another_volume))
    tree.rename(tmp_path / "unmounted")
    with pytest.raises(UsageError, match="not every tree"):
        collect_unused(store, [])
    assert len(tuple(store.files())) == 1
    (tmp_path / "unmounted").rename(tree)
    assert len(collect_unused(store, [])) == 1
    assert tuple(store.files()) == ()


@pytest.mark.parametrize("remove", [False, True])
def test_bad_bytes_are_found_and_removed_only_on_request(tmp_path: Path, remove: bool) -> None:
    store = stored(tmp_path / "store", b"weights")
    (file,) = store.files()
    Path(file.path).chmod(0o644)
    Path(file.path).write_bytes(b"rotten!")
    check = verify_store(store, [], remove=remove)
    assert (check.read, [bad.stored.path for bad in check.bad]) == (1, [file.path])
    assert Path(file.path).exists() is not remove


# ── leftovers


def test_half_of_a_download_is_kept_unless_it_is_asked_for(person: Person) -> None:
    staging = person.models / "loras" / ".wfdeps-part"
    staging.mkdir(parents=True)
    (staging / "abc.part").write_bytes(b"half")
    with doors_of(person) as doors:
        kept = find_leftovers(doors)
        assert ([leftover.size for leftover in kept.resumable], kept.removable) == ([4], ())
        asked = find_leftovers(doors, parts=True)
        assert ([leftover.size for leftover in asked.removable], asked.resumable) == ([4], ())
        assert remove_leftovers(asked.removable) == asked.removable
    assert not (staging / "abc.part").exists()


# ── folders


def test_each_key_has_one_folder_that_receives_and_offers_its_names(person: Person) -> None:
    path = person.models / "loras" / "a.safetensors"
    path.parent.mkdir()
    path.write_bytes(holding(b"x"))
    with doors_of(person) as doors:
        library = as_local(doors.library())
        folders = searched_folders(library)
        receiving = [
            each.folder.path for each in folders if each.receives and each.folder.folder_key == "loras"
        ]
        assert receiving == [str(person.models / "loras")]
        assert names_offered(["loras"], library) == {"loras": ("a.safetensors",)}
        assert current_key("unet", folders) == "diffusion_models"
        with pytest.raises(UsageError) as raised:
            current_key("lora", folders)
    assert raised.value.hint == "did you mean `loras`?"


# ── tokens


def test_each_site_says_what_it_thinks_of_its_token(person: Person) -> None:
    with doors_of(person) as doors:
        states = {check.site: check.state for check in check_tokens(doors)}
    assert states == {"civitai": TokenState.WORKS, "huggingface": TokenState.NO_TOKEN}
    with doors_of(person, civitai_token=Secret("wrong")) as doors:
        assert check_tokens(doors)[0].state is TokenState.REFUSED
    with doors_of(person, offline=True) as doors:
        assert check_tokens(doors)[0].state is TokenState.UNREACHABLE


# ── the name index


def test_what_is_exported_can_be_imported_again(person: Person, shelf: tuple[Path, list[Any]]) -> None:
    rows = [json.dumps(row) for row in shelf[1]]
    with doors_of(person) as doors, ExitStack() as exits:
        index = open_index(doors.settings, exits)
        assert import_rows(rows, index, doors, label="rows.jsonl") == len(rows)
        exported = list(export_rows(index))
        assert len(exported) == len(rows)
        assert import_rows(exported, index, doors, label="again", whole=True) == len(rows)
        assert sorted(export_rows(index)) == sorted(exported)
        assert index.wholes()


def test_a_line_that_is_no_json_is_named(person: Person) -> None:
    with doors_of(person) as doors, ExitStack() as exits:
        index = open_index(doors.settings, exits)
        with pytest.raises(UsageError, match=r"`rows\.jsonl` line 2 is not JSON"):
            import_rows(["", "{"], index, doors, label="rows.jsonl")


# ── the hub


def test_a_hub_needs_something_to_serve_and_takes_the_tokens_of_a_file(tmp_path: Path) -> None:
    settings = Settings(cache_dir=str(tmp_path))
    with pytest.raises(UsageError, match="nothing to serve"):
        make_hub(HubOptions(), settings, Remembering())
    with pytest.raises(UsageError, match="no store at"):
        make_hub(HubOptions(store="/nowhere"), settings, Remembering())
    tokens = tmp_path / "tokens"
    tokens.write_text("one\n\n two \n", encoding="utf-8")
    models = tmp_path / "models"
    models.mkdir()
    reporter = Remembering()
    options = HubOptions(models=[str(models)], token_file=str(tokens), login_everywhere=True)
    with make_hub(options, settings, reporter) as hub:
        person = Person(tmp_path / "home", hub)
        person.environ["CIVITAI_API_TOKEN"] = "two"
        with doors_of(person) as doors:
            assert check_tokens(doors)[0].state is TokenState.WORKS
        with doors_of(person, civitai_token=Secret("three")) as doors:
            assert check_tokens(doors)[0].state is TokenState.REFUSED
    assert reporter.notes


# ── Civitai's pages


def test_a_number_is_a_models_unless_only_a_version_has_it(person: Person) -> None:
    with doors_of(person) as doors:
        pages = Pages(doors)
        assert pages.look_up("2100001002").kind is PageKind.MODEL
        version = pages.look_up("2100002002")
        assert (version.kind, version.model.name) == (PageKind.VERSION, "Paper Lanterns")
        with pytest.raises(SourceError):
            pages.look_up("2100002002", as_what=PageKind.MODEL)


def test_a_persons_words_become_civitais() -> None:
    wanted = search_filter(" anime ", ["loras", "LORA"], sort="newest", limit=100)
    assert (wanted.query, wanted.types, wanted.sort) == ("anime", ("LORA", "LoCon", "DoRA"), "Newest")
    assert not wanted.ignores_sort
    assert search_filter("anime", sort="Most Images").ignores_sort
    assert not search_filter(sort="Most Images").ignores_sort


@pytest.mark.parametrize(
    "words", [{"sort": "Prettiest"}, {"limit": 0}, {"limit": 101}, {"types": ["cellar"]}]
)
def test_what_civitai_has_not_is_a_usage_error(words: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        search_filter(**words)


# ── what a file is


def test_the_error_of_one_file_is_told_beside_it(person: Person) -> None:
    good = person.home / "x.safetensors"
    good.write_bytes(holding(b"x"))
    with doors_of(person) as doors:
        inspection, error = inspect_target(str(good), doors, hashes=True)
        assert (error, inspection.error) == (None, "")
        assert inspection.digests
        _, missing = inspect_target(str(person.home / "nowhere"), doors, hashes=False)
        assert isinstance(missing, UsageError)
        _, unknown = inspect_target("civitai:7", doors, hashes=False)
        assert isinstance(unknown, SourceError)


# ── the webhook


@pytest.mark.parametrize("secret", [None, Secret("hush")])
def test_a_document_is_posted_once_and_signed_where_there_is_a_secret(
    person: Person, secret: Secret | None
) -> None:
    received: list[tuple[dict[str, str], bytes]] = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            received.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with doors_of(person) as doors:
            post_document(f"http://127.0.0.1:{server.server_port}/", {"a": "ü"}, doors, secret=secret)
    finally:
        server.shutdown()
        server.server_close()
    ((headers, body),) = received
    assert body == '{"a":"ü"}'.encode()
    signature = f"sha256={hmac.new(b'hush', body, hashlib.sha256).hexdigest()}" if secret else None
    assert headers.get(SIGNATURE) == signature
