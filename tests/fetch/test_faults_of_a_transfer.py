"""One file, and everything a server can do to it. The numbers are those of the fault list."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from tests.faults.server import FaultServer, body, body_sha256
from tests.fetch.fetching import QUICK, download, fetch
from wfdeps.domain.digests import Algorithm, Digest
from wfdeps.domain.outcomes import Fetched, FetchFailed
from wfdeps.fetch.staging import slot_for
from wfdeps.http import Http

pytestmark = pytest.mark.usefixtures("way")

SIZE = 700_000
GOOD = body(1, 0, SIZE)
SHA = body_sha256(1, SIZE)

SURVIVED = {
    "1 cut again and again": {"cut": 200_000},
    "2 reset": {"cut": 300_000, "rst": 1},
    "3 stall": {"stall": 262_144, "times": 1},
    "4 slow drip": {"drip": 0.05, "times": 1},
    "10 no length, closed at the end": {"nolength": 1},
    "11 chunked, cut before its end": {"chunked": 1, "cut": 262_144, "times": 2},
    "14 one byte flipped, once": {"flip": 5, "times": 1},
    "16 gzip though identity was asked": {"gzip": 1},
    "17 Range ignored": {"ignore_range": 1, "cut": 100_000, "times": 1},
    "18 200 with Content-Range": {"as200": 1, "cut": 200_000},
    "19 another range than asked": {"shift": 5, "times": 1},
    "19 less than asked": {"most": 30_000},
    "20 a total nobody says": {"startotal": 1, "cut": 300_000},
    "21 multipart/byteranges": {"multipart": 1},
    "22 206 without Content-Range": {"norangeheader": 1},
    "26 ETag changes": {"changing_etag": 1, "cut": 300_000, "times": 2},
    "27 weak ETag": {"weak": 1, "cut": 200_000},
    "28 no validator, but a hash": {"novalidator": 1, "cut": 200_000},
    "30 no HEAD": {"nohead": 1},
    "45 429 with Retry-After": {"status": 429, "retry_after": "0.1", "times": 2},
    "46 429 with a date of a skewed clock": {"status": 429, "retry_date": 1, "skew": 86_400, "times": 1},
    "47 429 without a header": {"status": 429, "times": 2},
    "48 503 and then well": {"status": 503, "times": 3},
    "49 Cloudflare's 522": {"status": 522, "times": 2},
    "60 HTTP/1.0": {"http10": 1},
    "61 103 before 200": {"early": 1},
    "58 more bytes than promised": {"extra": 1000},
    "closed without an answer": {"drop": 1, "times": 2},
}


@pytest.mark.parametrize("fault", SURVIVED.values(), ids=SURVIVED.keys())
def test_the_file_comes_whole_in_spite_of(
    fault: dict[str, object], server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE, **fault), sha256=SHA))
    assert told.content == GOOD
    assert isinstance(told.final, Fetched)
    assert told.final.verified_by == "sha256"


def test_a_server_that_sends_less_than_asked_is_asked_on_at_once(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE, most=30_000), sha256=SHA))
    assert told.content == GOOD
    assert told.reasons == ()
    assert [request.sent for request in server.log] == [30_000] * 23 + [10_000]


def test_a_length_that_contradicts_its_range_is_no_part_of_the_file(
    server: FaultServer, tmp_path: Path
) -> None:
    assert fetch(download(tmp_path, server.url(size=SIZE, length=1000), sha256=SHA)).kind == "digest"


REFUSED = {
    "13 two lengths": ({"twolengths": 1}, "network"),
    "14 one byte flipped, always": ({"flip": 5}, "digest"),
    "15 other content of the same size": ({"swap": 1}, "digest"),
    "41 401": ({"status": 401}, "gated"),
    "42 a challenge page": ({"status": 403, "challenge": 1}, "network"),
    "43 404": ({"status": 404}, "missing"),
    "43 410": ({"status": 410}, "missing"),
    "44 451": ({"status": 451}, "blocked"),
    "45 asked to wait too long": ({"status": 429, "retry_after": 9999}, "rate_limited"),
    "a used-up quota": (
        {"status": 429, "text": '{"error":"an unusual amount of downloading"}'},
        "rate_limited",
    ),
    "48 503 for ever": ({"status": 503}, "network"),
    "62 ten thousand headers": ({"bomb_headers": 10_000}, "network"),
}


@pytest.mark.parametrize(("fault", "kind"), REFUSED.values(), ids=REFUSED.keys())
def test_nothing_is_handed_on_after(
    fault: dict[str, object], kind: str, server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE, **fault), sha256=SHA))
    assert told.kind == kind
    assert not list(tmp_path.glob("**/*.bin"))


def test_an_answer_that_breaks_off_in_its_head_is_no_empty_file(server: FaultServer, tmp_path: Path) -> None:
    assert fetch(download(tmp_path, server.url(size=SIZE, cuthead=1))).kind == "network"
    told = fetch(download(tmp_path, server.url(size=SIZE, cuthead=1, times=2)))
    assert told.content == GOOD


def test_a_small_file_comes_from_a_server_that_closes_every_connection(
    server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(download(tmp_path, server.url(size=500, http10=1), sha256=body_sha256(1, 500)))
    assert len(told.content) == 500


OTHER_THINGS = {
    "50 a login page": {"html": 1},
    "51 a JSON error": {"json": 1},
    "a git-lfs pointer": {"lfs": 1},
}


@pytest.mark.parametrize("fault", OTHER_THINGS.values(), ids=OTHER_THINGS.keys())
@pytest.mark.parametrize("sha256", [None, SHA], ids=["no hash known", "hash known"])
def test_a_page_is_no_model(
    fault: dict[str, object], sha256: str | None, server: FaultServer, tmp_path: Path
) -> None:
    assert fetch(download(tmp_path, server.url(**fault), sha256=sha256)).kind == "not_the_file"
    assert not list(tmp_path.glob(".wfdeps-part/*.part"))


def test_a_page_that_is_gone_a_moment_later_costs_no_file(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE, html=1, times=2), sha256=SHA, size=SIZE))
    assert told.content == GOOD
    assert told.reasons == ("a web page came instead of the file",) * 2


@pytest.mark.parametrize(
    ("name", "text", "refused"),
    [
        ("m.ckpt", "Unauthorized: log in first", True),
        ("m.pt", '{\n  "error": "Unauthorized"\n}', True),
        ("m.bin", '{"detail":"Invalid token"}', True),
        ("m.gguf", "<Error><Code>AccessDenied</Code></Error>", True),
        ("m.onnx", "[]", True),
        ("m.bin", "any bytes at all", False),
        ("m.json", '{"detail":"a file of settings"}', False),
        ("m.ckpt", "\x80\x02}q\x00.", False),
    ],
)
def test_a_document_is_no_weights_even_where_no_hash_is_known(
    name: str, text: str, refused: bool, server: FaultServer, tmp_path: Path
) -> None:
    url = server.url(f"/{name}", status=200, text=text, type="application/octet-stream")
    told = fetch(download(tmp_path, url, name=name))
    assert isinstance(told.final, FetchFailed) == refused
    assert not refused or told.kind == "not_the_file"


def test_a_truncated_safetensors_file_without_a_hash_is_refused(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=5000, seed=3), name="x.safetensors"))
    assert told.kind == "not_the_file"


def test_a_wrong_exact_size_is_refused_before_the_bytes_come(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE), size=SIZE + 1))
    assert told.kind == "length"
    assert len(server.log) == 1


def test_without_any_hash_the_file_is_called_unverified(server: FaultServer, tmp_path: Path) -> None:
    told = fetch(download(tmp_path, server.url(size=SIZE)))
    assert isinstance(told.final, Fetched)
    assert told.final.verified_by == "unverified"
    assert told.final.digests == (Digest(Algorithm.SHA256, SHA),)


def test_the_strongest_known_hash_decides_and_is_named(server: FaultServer, tmp_path: Path) -> None:
    known = (Digest(Algorithm.AUTOV2, SHA[:10]),)
    told = fetch(download(tmp_path, server.url(size=SIZE), digests=known))
    assert isinstance(told.final, Fetched)
    assert told.final.verified_by == "autov2"
    wrong = (Digest(Algorithm.CRC32, "00000000"),)
    assert fetch(download(tmp_path, server.url(size=SIZE), digests=wrong)).kind == "digest"


def test_an_empty_file_is_a_file_where_its_hash_says_so(server: FaultServer, tmp_path: Path) -> None:
    assert fetch(download(tmp_path, server.url(size=0), sha256=body_sha256(1, 0))).content == b""


def test_a_signed_address_that_expires_is_resolved_anew_and_the_object_continued(
    server: FaultServer, tmp_path: Path
) -> None:
    told = fetch(download(tmp_path, server.url("/signed", size=SIZE, lives=1, cut=200_000), sha256=SHA))
    assert told.content == GOOD
    starts = [
        request.headers["range"] for request in server.log if request.path == "/store" and request.sent > 1000
    ]
    assert starts == ["bytes=0-", "bytes=200000-", "bytes=400000-", "bytes=600000-"]


def test_mirrors_are_tried_in_order_and_continue_what_another_began(
    server: FaultServer, tmp_path: Path
) -> None:
    urls = (
        server.url("/gone.bin", status=404),
        server.url("/broken.bin", size=SIZE, cut=300_000, length=SIZE, times=1),
        server.url("/good.bin", size=SIZE, etag="another"),
    )
    told = fetch(download(tmp_path, *urls, sha256=SHA))
    assert told.content == GOOD


def test_a_mirror_with_other_bytes_is_left_for_the_next(server: FaultServer, tmp_path: Path) -> None:
    urls = (server.url("/wrong.bin", size=SIZE, flip=9), server.url("/right.bin", size=SIZE))
    assert fetch(download(tmp_path, *urls, sha256=SHA)).content == GOOD


def test_authorization_stays_with_its_origin(server: FaultServer, tmp_path: Path) -> None:
    from tests.fetch.fetching import quick_fetcher
    from wfdeps.domain.secrets import Secret

    url = server.url("/hop", other=1, needs_no_auth=1, size=SIZE)
    with Http({server.url(""): Secret("t0ken")}) as http:
        (final,) = [
            event
            for event in quick_fetcher(http).fetch_all([download(tmp_path, url, sha256=SHA)])
            if isinstance(event, Fetched)
        ]
    assert [request.headers.get("authorization") for request in server.log] == ["Bearer t0ken", None]
    assert "t0ken" not in repr(final) + repr(http)


HOSTILE_REDIRECTS = {
    "36 link-local": "http://169.254.169.254/latest/meta-data",
    "36 private": "http://10.0.0.1/x",
    "36 private, in disguise": "http://167772161/x",
    "36 private, as IPv6": "http://[::ffff:10.0.0.1]/x",
    "36 file": "file:///etc/passwd",
    "36 ftp": "ftp://127.0.0.1/x",
    "37 user info": "http://a:b@127.0.0.1/x",
    "32 loop": "self",
}


@pytest.mark.parametrize("location", HOSTILE_REDIRECTS.values(), ids=HOSTILE_REDIRECTS.keys())
def test_a_redirect_to_where_we_do_not_go_is_refused(
    location: str, server: FaultServer, tmp_path: Path
) -> None:
    assert fetch(download(tmp_path, server.url("/hop", to=location))).kind == "refused"


def test_five_redirects_are_followed(server: FaultServer, tmp_path: Path) -> None:
    assert fetch(download(tmp_path, server.url("/hop", hops=5, size=SIZE), sha256=SHA)).content == GOOD


def test_the_socket_and_the_plain_path_give_the_same_bytes(server: FaultServer, tmp_path: Path) -> None:
    size = 20_000_000
    for number, hand_off in enumerate((True, False)):
        told = fetch(
            download(
                tmp_path / str(number), server.url(size=size, cut=9_000_001), sha256=body_sha256(1, size)
            ),
            hand_off=hand_off,
            limits=QUICK,
        )
        assert told.content == body(1, 0, size)


def test_a_total_nobody_says_is_found_by_asking_beyond_the_end(server: FaultServer, tmp_path: Path) -> None:
    for more in ({}, {"bare416": 1}):
        url = server.url(size=20_000_000, startotal=1, **more)
        assert fetch(download(tmp_path, url)).sha256 == body_sha256(1, 20_000_000)


def test_wrong_bytes_are_retried_once_then_set_aside_with_both_hashes(
    server: FaultServer, tmp_path: Path
) -> None:
    wanted = body_sha256(1, 100_000)
    item = download(tmp_path, server.url(size=100_000, seed=2), sha256=wanted)
    told = fetch(item)
    slot = slot_for(item)
    assert (told.kind, len(server.log)) == ("digest", 2)
    assert isinstance(told.final, FetchFailed)
    assert slot.bad in told.final.hint
    assert "wfdeps clean" in told.final.hint
    assert hashlib.sha256(Path(slot.bad).read_bytes()).hexdigest() == body_sha256(2, 100_000)
    evidence = json.loads(Path(f"{slot.bad}.json").read_text())
    assert [(one["expected"], one["actual"]) for one in evidence["tries"]] == [
        (wanted, body_sha256(2, 100_000))
    ] * 2
    assert sorted(path.name for path in tmp_path.iterdir()) == [".wfdeps-part"]


def test_wrong_bytes_are_fetched_from_nothing_from_the_next_mirror(
    server: FaultServer, tmp_path: Path
) -> None:
    wanted = body_sha256(1, 100_000)
    item = download(tmp_path, server.url(size=100_000, seed=2), server.url("/m", size=100_000), sha256=wanted)
    told = fetch(item)
    assert told.sha256 == wanted
    assert [request.path for request in server.log] == ["/file.bin", "/m"]
    assert not os.path.lexists(slot_for(item).bad)


def test_a_mirror_that_is_gone_does_not_lose_the_evidence(server: FaultServer, tmp_path: Path) -> None:
    item = download(
        tmp_path,
        server.url(size=100_000, seed=2),
        server.url("/m", status=404),
        sha256=body_sha256(1, 100_000),
    )
    told = fetch(item)
    assert told.kind == "digest"
    assert os.path.getsize(slot_for(item).bad) == 100_000
