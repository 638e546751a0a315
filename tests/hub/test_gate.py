"""Who is let in, and how long a connection may do nothing."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fakes.hub import run_hub
from tests.hub.rows import lora, write_file
from wfdeps.hub import gate
from wfdeps.hub.server import HubServer
from wfdeps.hub.shelf import Shelf


def status(hub: HubServer, host: str, path: str = "/api/v1/models", **headers: str) -> int:
    return httpx.get(hub.url + path, headers={"host": host, **headers}).status_code


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8190", 200),
        ("localhost", 200),
        ("LOCALHOST.:80", 200),
        ("[::1]:8190", 200),
        ("10.1.2.3", 200),
        (socket.gethostname(), 200),
        ("mirror.studio", 200),
        ("evil.example", 421),
        ("evil.example:8190", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost:80:80", 421),
        ("localhost:x", 421),
        ("mirror.studio.evil.example", 421),
        ("evil@localhost", 421),
    ],
)
def test_it_answers_to_its_own_names_only(host: str, code: int) -> None:
    with run_hub([lora(1, "A", path=None)], names=["mirror.studio"]) as hub:
        assert status(hub, host) == code
        url = f"http://127.0.0.1:{hub.storage_port}/model/1/1/x"
        assert (httpx.get(url, headers={"host": host}).status_code == 421) is (code == 421)


def test_no_page_of_another_site_reads_it_unless_that_is_asked_for() -> None:
    for origin, told in (("", None), ("https://ours.example", "https://ours.example")):
        with run_hub([lora(1, "A", path=None)], allow_origin=origin) as hub:
            answer = httpx.get(f"{hub.url}/api/v1/models", headers={"origin": "https://evil.example"})
            assert answer.headers.get("access-control-allow-origin") == told


@pytest.mark.parametrize(
    ("host", "tokens", "code"),
    [("0.0.0.0", ["t"], 401), ("0.0.0.0", [], 200), ("127.0.0.1", ["t"], 200)],
)
def test_beyond_this_machine_nobody_reads_without_the_token_there_is(
    host: str, tokens: list[str], code: int
) -> None:
    with run_hub([lora(1, "A", path=None)], host=host, tokens=tokens) as hub:
        assert status(hub, "localhost") == code
        assert status(hub, "localhost", authorization="Bearer t") == 200
        assert status(hub, "localhost", authorization="Bearer wrong") == code


def test_links_that_lead_back_up_are_walked_once(tmp_path: Path) -> None:
    models = tmp_path / "tree" / "models"
    models.mkdir(parents=True)
    write_file(models, lora(1, "x"))
    (models / "a").symlink_to(models, target_is_directory=True)
    (models / "b").symlink_to(models.parent, target_is_directory=True)
    (models / "loras" / "c").symlink_to(models, target_is_directory=True)
    script = "import sys; from wfdeps.hub.shelf import Shelf; print(len(Shelf(sys.argv[1]).files()))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(models)], capture_output=True, text=True, timeout=20, check=True
    )
    assert int(done.stdout) == 1
    other = tmp_path / "other"
    other.mkdir()
    write_file(other, lora(2, "y"))
    (models / "more").symlink_to(other, target_is_directory=True)
    assert len(Shelf(str(models)).files()) == 2


@pytest.mark.parametrize(
    "sent", [b"", b"GET /api/v1/models HTTP/1.1\r\nHost: loc", b"GET / HTTP/1.1\r\n\r\n"]
)
def test_a_head_that_does_not_come_is_not_waited_for(sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEAD_SECONDS", "IDLE_SECONDS"):
        monkeypatch.setattr(gate, name, 0.1)
    with run_hub([lora(1, "A", path=None)]) as hub:
        port = int(hub.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=15) as slow:
            slow.sendall(sent)
            began = time.monotonic()
            try:
                while slow.recv(65536):
                    pass
            except ConnectionResetError:
                pass
            assert time.monotonic() - began < 14
        assert status(hub, "localhost") == 200


def test_a_reader_that_reads_nothing_is_hung_up_on(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "STALLED_SECONDS", 0.5)
    row = lora(1, "x")
    write_file(models, row)
    (models / row["path"]).write_bytes(b"x" * (64 << 20))
    with run_hub(models=models) as hub:
        link = httpx.get(f"{hub.url}/api/v1/models").json()["items"][0]["modelVersions"][0]["downloadUrl"]
        target = httpx.get(link).headers["location"]
        path = target.partition(f":{hub.storage_port}")[2]
        with socket.create_connection(("127.0.0.1", hub.storage_port), timeout=15) as reader:
            reader.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert reader.recv(12) == b"HTTP/1.1 200"
            deadline = time.monotonic() + 14
            while any(server.server_state.connections for server in hub._servers[1:]):
                assert time.monotonic() < deadline
                time.sleep(0.1)


NUMBERS = st.sampled_from(
    ["", "-1", "0", "1e9", "9" * 5_000, "٣", "NaN", "1.5", "0x10", " 1", "\ud800", "\0", "[" * 5_000, "²"]
) | st.text(max_size=20)  # fmt: skip
PATHS = st.sampled_from(
    [
        "/api/v1/models", "/api/v1/models/{}", "/api/v1/model-versions/{}", "/api/v1/model-versions/by-hash/{}",
        "/api/v1/creators", "/api/v1/tags", "/api/v1/images", "/api/download/models/{}", "/sha256/{}", "/{}/resolve/main/{}",
        "/api/models/{}",
    ]
)  # fmt: skip
NAMES = st.sampled_from(
    [
        "limit",
        "page",
        "cursor",
        "query",
        "ids",
        "fileId",
        "type",
        "types",
        "nsfw",
        "sort",
        "period",
        "format",
        "token",
    ]
)


def test_no_number_no_text_and_no_json_makes_a_sentence_of_python() -> None:
    from urllib.parse import quote, urlencode

    with run_hub([lora(1, "A", path=None)]) as hub, httpx.Client() as client:

        @settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
        @given(path=PATHS, value=NUMBERS, params=st.dictionaries(NAMES, NUMBERS, max_size=3))
        def asked(path: str, value: str, params: dict[str, str]) -> None:
            spelled = quote(value[:500], safe="", errors="surrogatepass")
            query = urlencode(params, errors="surrogatepass")
            answer = client.get(f"{hub.url}{path.replace('{}', spelled)}?{query}")
            assert answer.status_code < 500, (path, value, params, answer.text)

        asked()
        for body in (
            b"[" * 100_000,
            b'["' + b"\\ud800" * 64 + b'"]',
            b"{",
            b"\xff",
            b"[1e999]",
            b"[" + b"9" * 5_000 + b"]",
            b"null",
        ):
            for path in ("/api/v1/model-versions/by-hash", "/api/v1/model-versions/by-hash/ids"):
                answer = client.post(hub.url + path, content=body)
                assert answer.status_code < 500, (path, body[:20], answer.text)
        for wanted in ("bytes=" + "9" * 5_000 + "-", "bytes=-" + "9" * 5_000, "bytes=²-"):
            raw = wanted.encode()
            answer = client.get(f"{hub.url}/api/v1/models", headers=[(b"range", raw)])
            assert answer.status_code < 500


def test_the_watch_over_connections_ends_with_the_hub() -> None:
    with run_hub([lora(1, "A", path=None)]) as hub:
        assert status(hub, "localhost") == 200
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
