"""A URL that is written down opens no door."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.urls import has_secrets, is_inside, without_secrets


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        (
            "https://civitai.com/api/download/models/1?token=abc&fileId=2",
            "https://civitai.com/api/download/models/1?fileId=2",
        ),
        ("https://me:pw@example.com/x", "https://example.com/x"),
        ("https://s3.example.com/k?X-Amz-Signature=s&X-Amz-Date=d&part=1", "https://s3.example.com/k?part=1"),
        ("https://example.com:8443/a#frag", "https://example.com:8443/a"),
        ("https://[::1]:80/a", "https://[::1]:80/a"),
        ("http://[bad", "(unreadable url)"),
    ],
)
def test_what_opens_doors_is_dropped(url: str, shown: str) -> None:
    assert without_secrets(url) == shown


@given(st.text(min_size=1).filter(lambda token: token.strip()))
def test_no_token_survives(token: str) -> None:
    url = "https://civitai.com/x?" + urlencode({"token": token, "a": "1"})
    assert has_secrets(url)
    assert without_secrets(url) == "https://civitai.com/x?a=1"
    assert not has_secrets(without_secrets(url))


_WORDS = st.text("abcXYZ019-._~%/@:;,+ \t\\[]é", max_size=12)


@given(st.sampled_from(("http", "https", "HTTP", "ftp")), _WORDS, _WORDS)
def test_a_url_without_a_query_comes_back_as_the_standard_library_reads_it(
    scheme: str, host: str, path: str
) -> None:
    url = f"{scheme}://{host}.example.com/{path}"
    shown = without_secrets(url)
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        assert shown == "(unreadable url)"
        return
    assert has_secrets(url) is ("@" in parts.netloc)
    if "[" not in parts.netloc:
        assert shown == parts._replace(netloc=f"{parts.hostname or ''}{port}").geturl()


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "LOCALHOST.", "printer.local", "nas.lan", "metadata.google.internal", "intranet", ""),
        *("127.0.0.1", "10.0.0.1.", "169.254.169.254", "100.64.0.1", "0.0.0.0", "127.1", "1.2.3"),
        *(
            "2130706433",
            "0x7f.1",
            "017700000001",
            "a.0x7f000001",
            "127\u30020\u30020\u30021",
            "\u2460\u2461\u2466.0.0.1",
        ),
        *("::1", "[::1]", "::", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "::127.0.0.1", "2002:7f00:1::"),
        *("64:ff9b::10.0.0.1", "64:ff9b::7f00:1"),
    ],
)
def test_this_machine_and_its_neighbours_are_inside_however_they_are_spelled(host: str) -> None:
    assert is_inside(host)


@pytest.mark.parametrize(
    "host",
    [
        "civitai.com",
        "8.8.8.8",
        "2606:4700::1111",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "münchen.de",
        "a1.b2.c3",
    ],
)
def test_the_public_internet_is_outside(host: str) -> None:
    assert not is_inside(host)
