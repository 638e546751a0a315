"""`wfdeps download`: the file is right or absent, and the exit code says which and why."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.server import FaultServer, body, body_sha256
from wfdeps.cli.main import main
from wfdeps.jobs.exact_places import Destination, downloads_of_urls
from wfdeps.schema import problems

SIZE = 100_000
SHA = body_sha256(1, SIZE)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


def run(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["download", *argv], stdout=out, stderr=err, environ={"HOME": "/nonexistent"})
    return code, out.getvalue(), err.getvalue()


def test_a_file_comes_under_its_own_name(server: FaultServer, tmp_path: Path) -> None:
    code, out, err = run(
        server.url("/some/model.bin", size=SIZE), "-o", str(tmp_path / "new"), "--sha256", SHA
    )
    assert (code, out) == (0, "")
    assert "verified by sha256" in err
    assert (tmp_path / "new" / "model.bin").read_bytes() == body(1, 0, SIZE)
    assert os.listdir(tmp_path / "new") == ["model.bin"]


def test_out_names_the_file(server: FaultServer, tmp_path: Path) -> None:
    assert run(server.url("/x", size=SIZE), "--out", str(tmp_path / "sub" / "y.bin"))[0] == 0
    assert (tmp_path / "sub" / "y.bin").read_bytes() == body(1, 0, SIZE)


def test_a_second_run_asks_nobody(server: FaultServer, tmp_path: Path) -> None:
    argv = (server.url(size=SIZE), "-o", str(tmp_path), "--sha256", SHA)
    assert run(*argv)[0] == 0
    asked = len(server.log)
    assert run(*argv)[0] == 0
    assert len(server.log) == asked


def test_what_cannot_be_hashed_is_not_said_to_have_another_hash(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "file.bin").mkdir()
    code, _, err = run(server.url("/file.bin", size=SIZE), "-o", str(tmp_path), "--sha256", SHA)
    assert code == 4
    assert "exists already, and no hash says whether it is the same" in err


def test_the_page_of_a_file_at_hugging_face_is_asked_for_its_bytes() -> None:
    page = "https://huggingface.co/owner/name/blob/main/x.safetensors"
    (download,) = downloads_of_urls([page], Destination())
    assert download.urls == ("https://huggingface.co/owner/name/resolve/main/x.safetensors",)


def test_a_link_to_the_very_bytes_is_the_file(server: FaultServer, tmp_path: Path) -> None:
    """As a store links them into a tree on another volume."""
    (tmp_path / "kept").write_bytes(body(1, 0, SIZE))
    (tmp_path / "file.bin").symlink_to(tmp_path / "kept")
    assert run(server.url(size=SIZE), "-o", str(tmp_path), "--sha256", SHA)[0] == 0
    assert server.log == []


def test_another_file_under_that_name_is_never_overwritten(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "file.bin").write_bytes(b"mine")
    for more in ((), ("--sha256", SHA)):
        assert run(server.url(size=SIZE), "-o", str(tmp_path), *more)[0] == 4
    assert (tmp_path / "file.bin").read_bytes() == b"mine"
    assert server.log == []


CODES = {
    "wrong hash": ({"flip": 3}, 4),
    "404": ({"status": 404}, 4),
    "a page": ({"html": 1}, 4),
    "401": ({"status": 401}, 3),
    "a final 429": ({"status": 429, "retry_after": 9999}, 3),
    "451": ({"status": 451}, 3),
}


@pytest.mark.parametrize(("fault", "code"), CODES.values(), ids=CODES.keys())
def test_the_exit_code_says_why(
    fault: dict[str, object], code: int, server: FaultServer, tmp_path: Path
) -> None:
    assert run(server.url(size=SIZE, **fault), "-o", str(tmp_path), "--sha256", SHA)[0] == code
    assert os.listdir(tmp_path) in ([], [".wfdeps-part"])


@pytest.mark.parametrize(
    "argv",
    [
        ("ftp://x.org/a.bin",),
        ("nonsense",),
        ("http://x.org/",),
        ("http://x.org/..",),
        ("http://x.org/a%2Fb",),
        ("http://x.org/a%00b",),
        ("http://x.org/C%3Aevil",),
        ("http://x.org/CON",),
        ("http://x.org/nul.safetensors",),
        ("http://x.org/a.",),
        ("http://x.org/a%0Ab",),
        ("http://x.org/..%5Cx",),
        ("http://x.org/" + "a" * 201,),
        ("http://x.org/a", "http://y.org/A"),
        ("http://x.org/%C3%A9", "http://y.org/e%CC%81"),
        ("http://x.org/a", "--out", ""),
        ("http://x.org/a", "--out", "new/"),
        ("http://x.org/a", "--out", "."),
        ("http://x.org/a", "-o", ""),
        ("http://x.org/a", "-o", "new/model.safetensors"),
        ("http://x.org/a", "--sha256", "12ab"),
        ("http://x.org/a", "http://y.org/b", "--sha256", SHA),
        ("http://x.org/a", "http://y.org/b", "--out", "c"),
        ("http://x.org/a", "--limit-rate", "fast"),
        ("http://x.org/a", "--connections", "0"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(argv: tuple[str, ...], tmp_path: Path) -> None:
    try:
        named = {"--out", "-o"} & {*argv}
        code = run(*argv, *(() if named else ("-o", str(tmp_path))))[0]
    except SystemExit as stopped:
        code = stopped.code  # type: ignore[assignment]
    assert code == 2
    assert os.listdir(tmp_path) == []


def test_a_folder_that_has_the_ending_of_a_model_may_be_meant(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "model.bin").mkdir()
    assert run(server.url("/x", size=SIZE), "-o", str(tmp_path / "model.bin"))[0] == 0
    assert os.listdir(tmp_path / "model.bin") == ["x"]


def test_where_nothing_can_be_written_nobody_is_asked(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    code, _, err = run(server.url(size=SIZE), "-o", str(tmp_path / "file" / "sub"))
    assert code == 4
    assert f"`{tmp_path / 'file'}` is no folder" in err
    assert server.log == []


def test_a_content_disposition_never_names_the_file(server: FaultServer, tmp_path: Path) -> None:
    url = server.url("/good.bin", size=SIZE, disposition='attachment; filename="../../evil.bin"')
    assert run(url, "-o", str(tmp_path))[0] == 0
    assert os.listdir(tmp_path) == ["good.bin"]


def test_one_file_that_stands_in_the_way_stops_no_other(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"mine")
    code, _, err = run(server.url("/a.bin", size=SIZE), server.url("/b.bin", size=SIZE), "-o", str(tmp_path))
    assert (code, (tmp_path / "a.bin").read_bytes()) == (4, b"mine")
    assert "a.bin: failed: " in err
    assert (tmp_path / "b.bin").read_bytes() == body(1, 0, SIZE)


def events_of(out: str) -> list[dict[str, Any]]:
    """The events on standard output, each of which keeps the schema."""
    events = [json.loads(line) for line in out.splitlines()]
    for event in events:
        assert problems(event, "events-1") == (), event
    return events


def test_events_as_json_lines(server: FaultServer, tmp_path: Path) -> None:
    code, out, _ = run(server.url(size=SIZE), "-o", str(tmp_path), "--sha256", SHA, "--json")
    events = events_of(out)
    assert code == 0
    assert events[-1]["event"] == "fetched"
    assert events[-1]["digests"] == {"sha256": SHA}
    _, out, _ = run(server.url(size=SIZE), "-o", str(tmp_path), "--sha256", SHA, "--json")
    assert [event["event"] for event in events_of(out)] == ["note"]


def test_every_event_of_a_bad_day_keeps_the_schema_and_every_file_ends_once(
    server: FaultServer, tmp_path: Path
) -> None:
    bad: dict[str, dict[str, object]] = {
        "large": {"size": 12 << 20, "speed": 20 << 20}, "cut": {"size": SIZE, "cut": 40_000}, "closed": {"nolength": 1},
        "gone": {"status": 404}, "page": {"html": 1}, "token": {"status": 401},
        "later": {"status": 429, "retry_after": 9999}, "region": {"status": 451}, "lfs": {"lfs": 1},
    }  # fmt: skip
    (tmp_path / "mine.bin").write_bytes(b"mine")
    urls = [server.url(f"/{name}.bin", **options) for name, options in {**bad, "mine": {}}.items()]
    code, out, _ = run(*urls, "-o", str(tmp_path), "--json")
    events = events_of(out)
    assert code == 4
    kinds = {event["event"] for event in events}
    assert kinds == {"plan", "started", "progressed", "retrying", "fetched", "failed"}
    ended = sorted(event["file"] for event in events if event["event"] in ("fetched", "failed"))
    assert ended == sorted(f"{name}.bin" for name in (*bad, "mine"))
    assert {event["file"]: event["kind"] for event in events if event["event"] == "failed"} == {
        "gone.bin": "missing", "page.bin": "not_the_file", "lfs.bin": "not_the_file", "token.bin": "gated",
        "later.bin": "rate_limited", "region.bin": "blocked", "mine.bin": "placement",
    }  # fmt: skip


def test_the_hand_off_is_switched_off_by_an_option_or_in_the_config_file(
    server: FaultServer, tmp_path: Path
) -> None:
    config = tmp_path / "c.toml"
    config.write_text("[download]\nhand_off = false\n")
    for number, more in enumerate(((), ("--no-hand-off",), ("--config", str(config)))):
        url = server.url(f"/{number}.bin", size=SIZE)
        assert run(url, "-o", str(tmp_path), "--sha256", SHA, *more)[0] == 0
    # What httpx says, and we do not.
    assert ["connection" in request.headers for request in server.log] == [False, True, True]


def test_no_secret_of_an_address_is_shown(server: FaultServer, tmp_path: Path) -> None:
    url = server.url(size=SIZE, status=500, times=1, token="s3cret")
    _, out, err = run(url, "-o", str(tmp_path), "--json")
    assert "s3cret" not in out + err
    _, out, err = run(server.url("/", token="s3cret"), "-o", str(tmp_path))
    assert "s3cret" not in out + err


def test_offline_fetches_nothing(server: FaultServer, tmp_path: Path) -> None:
    assert run(server.url(size=SIZE), "-o", str(tmp_path), "--offline")[0] == 3
    assert server.log == []


def test_wrong_bytes_are_set_aside_and_cleaned_on_request(server: FaultServer, tmp_path: Path) -> None:
    code, _, err = run(server.url(size=SIZE, seed=2), "-o", str(tmp_path), "--sha256", SHA)
    assert code == 4
    assert "set aside" in err
    assert os.listdir(tmp_path) == [".wfdeps-part"]
    code, out, err = clean(str(tmp_path))
    assert (code, "--apply removes them" in err) == (0, True)
    assert f"not file.bin: sha256 {body_sha256(2, SIZE)} instead of {SHA}" in out
    assert clean(str(tmp_path), "--apply")[0] == 0
    assert os.listdir(tmp_path) == []


def test_clean_leaves_what_can_be_resumed_unless_told(server: FaultServer, tmp_path: Path) -> None:
    staging = tmp_path / ".wfdeps-part"
    staging.mkdir()
    (staging / "url-1.part").write_bytes(b"half")
    (staging / "url-1.json").write_bytes(b"{}")
    _, out, err = clean(str(tmp_path), "--apply")
    assert (out, "1 half-done file, 4 B" in err, "--parts" in err) == ("", True, True)
    assert (staging / "url-1.part").exists()
    assert "half done" in clean(str(tmp_path), "--apply", "--parts")[1]
    assert os.listdir(tmp_path) == []


def clean(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = main(["clean", *argv], stdout=out, stderr=err, environ={"HOME": "/nonexistent"})
    return code, out.getvalue(), err.getvalue()
