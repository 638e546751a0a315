"""The one client: who hears a token, where a redirect may lead, what is tried again and what is not."""

from __future__ import annotations

import gzip
import json
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.secrets import Secret
from wfdeps.errors import (
    AuthRequiredError,
    NotFoundError,
    RateLimitError,
    RegionBlockedError,
    SourceError,
    SourceUnavailableError,
    UnexpectedPayloadError,
    UnsafeRedirectError,
)
from wfdeps.http import Backoff, Http
from wfdeps.http.by_httpx import ENGINES, load_engine
from wfdeps.http.origins import is_private, origin_of, redirected
from wfdeps.http.replies import content_range, failure_of
from wfdeps.http.waits import HostGate, retry_after

Reply = tuple[int, dict[str, str], bytes]


class Site:
    """A server whose answers are a function of path and how often it was asked; every request is kept."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[int], Reply]] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                content = self.rfile.read(int(self.headers.get("content-length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                site.seen.append((self.command, self.path, headers, content))
                turn = sum(path == self.path for _, path, _, _ in site.seen)
                status, more, body = site.answers[self.path.partition("?")[0]](turn)
                self.send_response(status)
                for name, value in {"content-length": str(len(body)), **more}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815  the standard library's name

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def says(self, path: str, *replies: Reply) -> str:
        """The answers to a path, the last for ever; its address."""
        self.answers[path] = lambda turn: replies[min(turn, len(replies)) - 1]
        return self.base + path

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def as_json(value: object, status: int = 200, **headers: str) -> Reply:
    return status, {"content-type": "application/json", **headers}, json.dumps(value).encode()


@pytest.fixture
def site() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture
def other() -> Iterator[Site]:
    running = Site()
    yield running
    running.close()


@pytest.fixture(params=[*ENGINES, "direct"])
def http(request: pytest.FixtureRequest) -> Iterator[Http]:
    engine = None if request.param == "direct" else request.param
    if engine is not None:
        pytest.importorskip(engine)
    with Http(engine=engine, sleep=lambda _: None, backoff=Backoff(0.001, 0.001)) as client:
        yield client


def test_we_say_who_we_are_and_never_a_browser(http: Http, site: Site) -> None:
    assert http.json("GET", site.says("/x", as_json({"a": 1}))) == {"a": 1}
    agent = site.seen[0][2]["user-agent"].lower()
    assert agent.startswith("wfdeps/")
    assert not any(word in agent for word in ("mozilla", "chrome", "safari", "firefox", "opera", "edge"))


def test_params_join_what_the_address_has_and_none_is_left_out(http: Http, site: Site) -> None:
    url = site.says("/x", as_json({}))
    http.json("GET", url + "?a=1", params={"b": [2, 3], "c": None, "d": True, "e": "ü &"})
    assert site.seen[0][1] == "/x?a=1&b=2&b=3&d=true&e=%C3%BC+%26"


def test_a_body_is_posted_as_json(http: Http, site: Site) -> None:
    http.json("POST", site.says("/x", as_json({})), body=["ab"])
    method, _, headers, content = site.seen[0]
    assert (method, headers["content-type"], content) == ("POST", "application/json", b'["ab"]')


def test_a_token_goes_to_its_origin_and_to_no_other(site: Site, other: Site) -> None:
    there = other.says("/file", as_json({}))
    url = site.says("/api", (307, {"location": there}, b""))
    with Http({site.base: Secret("t0ken")}) as http:
        http.json("GET", url)
        assert "t0ken" not in repr(http)
    assert site.seen[0][2]["authorization"] == "Bearer t0ken"
    assert "authorization" not in other.seen[0][2]


def test_a_callers_own_authorization_stays_with_the_first_origin(http: Http, site: Site, other: Site) -> None:
    url = site.says("/api", (302, {"location": other.says("/file", as_json({}))}, b""))
    with http.get(url, {"authorization": "Bearer mine", "cookie": "a=b"}) as reply:
        assert reply.status == 200
    assert {"authorization", "cookie"} <= site.seen[0][2].keys()
    assert not {"authorization", "cookie"} & other.seen[0][2].keys()


def test_a_login_in_the_address_is_not_carried_on(http: Http, site: Site, other: Site) -> None:
    url = site.says("/api", (302, {"location": other.says("/file", as_json({}))}, b""))
    http.json("GET", url.replace("http://", "http://ann:pass@"))
    assert site.seen[0][2]["authorization"].startswith("Basic ")
    assert "authorization" not in other.seen[0][2]


def test_netrc_is_not_read(site: Site, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login ann password pass\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with Http() as http:
        http.json("GET", site.says("/x", as_json({})))
    assert "authorization" not in site.seen[0][2]


def test_cookies_are_not_kept(http: Http, site: Site) -> None:
    url = site.says("/x", as_json({}, **{"set-cookie": "id=1; Path=/"}))
    http.json("GET", url)
    http.json("GET", url)
    assert "cookie" not in site.seen[1][2]


STATUSES = {
    401: AuthRequiredError,
    403: AuthRequiredError,
    404: NotFoundError,
    410: NotFoundError,
    451: RegionBlockedError,
    418: UnexpectedPayloadError,
}


@pytest.mark.parametrize(("status", "error"), STATUSES.items())
def test_a_status_is_an_error_of_its_own_with_the_servers_words(
    status: int, error: type[SourceError], http: Http, site: Site
) -> None:
    with pytest.raises(error, match="no more of this") as caught:
        http.json("GET", site.says("/x", as_json({"error": "no more of this"}, status)))
    assert caught.value.status == status
    assert caught.value.payload == {"error": "no more of this"}
    assert len(site.seen) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520, 526, 408])
def test_a_server_error_is_tried_again(status: int, http: Http, site: Site) -> None:
    assert http.json("GET", site.says("/x", as_json({}, status), as_json({}, status), as_json([1]))) == [1]


def test_a_server_that_stays_broken_is_given_up(http: Http, site: Site) -> None:
    with pytest.raises(SourceUnavailableError):
        http.json("GET", site.says("/x", as_json({}, 503)))
    assert len(site.seen) == 5


def test_a_page_that_forbids_where_json_is_due_is_somebody_in_between(http: Http, site: Site) -> None:
    """No login would help: a firewall stands there (Civitai's, for one, before it has looked at any token)."""
    page = (403, {"content-type": "text/html"}, b"<!doctype html><title>Forbidden</title>")
    with pytest.raises(SourceUnavailableError, match="a page for people"):
        http.json("GET", site.says("/x", page))
    assert len(site.seen) == 1


def test_retry_after_is_waited_for(site: Site) -> None:
    slept: list[float] = []
    with Http(sleep=slept.append, now=lambda: sum(slept)) as http:
        http.json("GET", site.says("/x", as_json({}, 429, **{"retry-after": "7"}), as_json({})))
    assert slept == [7]


def test_who_asks_for_more_than_we_wait_is_not_waited_for(site: Site) -> None:
    with (
        Http(patience=10, sleep=lambda _: pytest.fail("slept")) as http,
        pytest.raises(RateLimitError) as caught,
    ):
        http.json("GET", site.says("/x", as_json({}, 429, **{"retry-after": "3600"})))
    assert caught.value.retry_after == 3600


@pytest.mark.parametrize(
    "words",
    [
        "You've requested too many pages, please use cursors instead",
        "We've noticed an unusual amount of downloading from your account.",
    ],
)
def test_a_final_429_is_not_tried_again(words: str, http: Http, site: Site) -> None:
    with pytest.raises(RateLimitError) as caught:
        http.json("GET", site.says("/x", as_json({"error": words}, 429)))
    assert caught.value.final
    assert len(site.seen) == 1


def test_a_page_where_json_was_due_gets_two_more_tries(http: Http, site: Site) -> None:
    page = (200, {"content-type": "text/html"}, b"<html>log in</html>")
    with pytest.raises(SourceUnavailableError, match="page"):
        http.json("GET", site.says("/x", page))
    assert len(site.seen) == 3


@pytest.mark.parametrize("content", [b'{"a": 1', b"\xff\xfe\x00", b"", b"[" * 100_000])
def test_json_that_does_not_parse_gets_two_more_tries(content: bytes, http: Http, site: Site) -> None:
    with pytest.raises(UnexpectedPayloadError):
        http.json("GET", site.says("/x", (200, {"content-type": "application/json"}, content)))
    assert len(site.seen) == 3


def test_a_bomb_is_cut_off(http: Http, site: Site) -> None:
    bomb = gzip.compress(b" " * (32 << 20))
    with pytest.raises(UnexpectedPayloadError, match="more than"):
        http.json("GET", site.says("/x", (200, {"content-encoding": "gzip"}, bomb)), limit=1 << 20)


def test_offline_asks_nobody(site: Site) -> None:
    with Http(offline=True) as http, pytest.raises(SourceUnavailableError, match="offline"):
        http.json("GET", site.says("/x", as_json({})))
    assert site.seen == []


def test_a_refused_connection_names_the_host_and_no_path(http: Http) -> None:
    with pytest.raises(SourceUnavailableError, match=r"127\.0\.0\.1") as caught:
        http.json("GET", "http://127.0.0.1:1/secret/path?token=abc")
    assert "abc" not in str(caught.value) + repr(caught.value)


def test_an_unknown_host_is_final(http: Http) -> None:
    with pytest.raises(SourceUnavailableError) as caught:
        http.json("GET", "http://no-such-host.invalid/")
    assert "no-such-host.invalid" in caught.value.message


@pytest.mark.parametrize("url", ["ftp://x/y", "file:///etc/passwd", "nonsense", "http://", "http://[bad/"])
def test_only_http_addresses_are_asked(url: str, http: Http) -> None:
    with pytest.raises(SourceError):
        http.json("GET", url)


def test_a_range_is_read_and_no_more(http: Http, site: Site) -> None:
    part = (206, {"content-range": "bytes 2-4/10"}, b"cde")
    assert http.ranged(site.says("/x", part), 2, 3) == b"cde"
    assert site.seen[0][2]["range"] == "bytes=2-4"


def test_a_server_that_ignores_range_is_cut_off(http: Http, site: Site) -> None:
    assert http.ranged(site.says("/x", (200, {}, b"abcdefghij" * 100_000)), 2, 3) == b"cde"
    with pytest.raises(UnexpectedPayloadError, match="no ranges"):
        http.ranged(site.base + "/x", 1 << 30, 3)


def test_beyond_the_end_is_nothing(http: Http, site: Site) -> None:
    assert http.ranged(site.says("/x", (416, {"content-range": "bytes */10"}, b"")), 100, 3) == b""


def test_another_range_than_asked_is_refused(http: Http, site: Site) -> None:
    with pytest.raises(UnexpectedPayloadError, match="another range"):
        http.ranged(site.says("/x", (206, {"content-range": "bytes 0-2/10"}, b"abc")), 2, 3)


def test_the_client_of_httpx_comes_without_its_command_line() -> None:
    module = load_engine("httpx")
    assert "httpx._main" not in sys.modules or sys.modules["httpx._main"] is not None
    assert module.Client


HERE, PUBLIC = "http://127.0.0.1/a", "http://8.8.8.8/a"


@pytest.mark.parametrize(
    ("current", "location", "target"),
    [
        (HERE, "/b", "http://127.0.0.1/b"),
        (HERE, "http://127.0.0.1:8001/b", "http://127.0.0.1:8001/b"),
        (HERE, "http://127.0.0.2/b", "http://127.0.0.2/b"),
        (PUBLIC, "https://1.1.1.1/b", "https://1.1.1.1/b"),
        (PUBLIC, "//1.1.1.1/b", "http://1.1.1.1/b"),
    ],
)
def test_redirects_that_are_followed(current: str, location: str, target: str) -> None:
    assert redirected(current, location, asked=current) == target


@pytest.mark.parametrize(
    ("current", "location"),
    [
        (PUBLIC, "http://127.0.0.1/"),
        (PUBLIC, "http://localhost/"),
        (PUBLIC, "http://10.1.2.3/"),
        (PUBLIC, "http://192.168.0.1/"),
        (PUBLIC, "http://169.254.169.254/"),
        (PUBLIC, "http://100.64.0.1/"),
        (PUBLIC, "http://[::1]/"),
        (PUBLIC, "http://[fd00::1]/"),
        (PUBLIC, "http://2130706433/"),
        (PUBLIC, "http://0x7f.1/"),
        (HERE, "http://10.1.2.3/"),
        (HERE, "http://169.254.169.254/"),
        ("https://8.8.8.8/a", "http://8.8.8.8/b"),
        (PUBLIC, "ftp://8.8.8.8/"),
        (PUBLIC, "file:///etc/passwd"),
        (PUBLIC, "javascript:alert(1)"),
        (PUBLIC, "http://ann@1.1.1.1/"),
        (PUBLIC, "http://1.1.1.1:99999/"),
        (PUBLIC, "http://1.1.1.1/\x00"),
    ],
)
def test_redirects_that_are_refused(current: str, location: str) -> None:
    with pytest.raises(UnsafeRedirectError):
        redirected(current, location, asked=current)


def test_an_insecure_redirect_needs_leave() -> None:
    target = redirected(
        "https://8.8.8.8/a", "http://8.8.8.8/b", asked="https://8.8.8.8/a", allow_insecure=True
    )
    assert target == "http://8.8.8.8/b"


def test_origins_have_one_spelling() -> None:
    assert origin_of("HTTPS://CivitAI.com./x") == origin_of("https://civitai.com:443")
    assert origin_of("http://civitai.com") != origin_of("https://civitai.com")


@pytest.mark.parametrize(
    ("address", "private"),
    [
        *(
            (ip, True)
            for ip in ("127.0.0.1", "::ffff:10.0.0.1", "::10.0.0.1", "2002:a00:1::", "64:ff9b::a00:1")
        ),
        *((ip, False) for ip in ("8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808")),
    ],
)
def test_private_addresses_are_known_inside_others_too(address: str, private: bool) -> None:
    assert is_private(address) is private


def test_a_date_to_wait_for_is_measured_by_the_servers_own_clock() -> None:
    headers = {"retry-after": "Tue, 03 Nov 2026 10:00:30 GMT", "date": "Tue, 03 Nov 2026 10:00:00 GMT"}
    assert retry_after(headers) == 30
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "9" * 400}) == 10 * 365 * 86_400
    assert retry_after({"retry-after": "\u00b2"}) is None
    assert retry_after({}) is None


@given(st.integers(0, 10**15), st.integers(1, 10**6), st.integers(0, 10**6))
def test_a_content_range_reads_back(start: int, length: int, more: int) -> None:
    found = content_range({"content-range": f"bytes {start}-{start + length - 1}/{start + length + more}"})
    assert found is not None
    assert (found.start, found.stop, found.total) == (start, start + length, start + length + more)


@pytest.mark.parametrize(
    "text", ["", "bytes 5-2/10", "bytes 0-10/10", "bytes */10", "items 0-1/2", "bytes 0-1/x"]
)
def test_a_content_range_that_makes_no_sense_is_none(text: str) -> None:
    assert content_range({"content-range": text}) is None


@given(st.integers(400, 599), st.binary(max_size=200))
def test_every_bad_status_is_some_source_error(status: int, content: bytes) -> None:
    assert isinstance(failure_of("http://x.org/", status, {}, content), SourceError)


def test_recorded_error_bodies_are_understood(shared: Any) -> None:
    for path in sorted((shared / "data" / "civitai" / "recorded").glob("error_[345]*.json")):
        status = int(path.name.split("_")[1])
        error = failure_of(
            "https://civitai.com/api", status, {"content-type": "application/json"}, path.read_bytes()
        )
        assert error.status == status
        if status == 429:
            assert isinstance(error, RateLimitError)
            assert error.final, path.name


def test_a_host_that_complains_gets_half_and_recovers() -> None:
    gate = HostGate(8, lambda: 0.0, lambda _: None)
    with gate.slot() as first, gate.slot() as second, gate.slot(), gate.slot():
        assert first
        assert second
        gate.complain(0)
    assert gate.limit == 2
    for _ in range(200):
        gate.thank()
    assert gate.limit == 8


def test_a_slot_is_not_waited_for_when_stopped() -> None:
    gate = HostGate(1, lambda: 0.0, lambda _: None)
    with gate.slot() as first, gate.slot(lambda: True) as second:
        assert (first, second) == (True, False)


def test_waits_grow_and_stay_below_their_limit() -> None:
    backoff = Backoff(first=1, most=10)
    assert [backoff.delay(n, lambda: 1.0) for n in (1, 2, 3, 4, 5, 60)] == [1, 2, 4, 8, 10, 10]
    assert all(0 < backoff.delay(n, lambda: 0.0) <= 10 for n in range(1, 20))
