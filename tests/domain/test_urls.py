"""A URL that is written down opens no door."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.urls import has_secrets, without_secrets


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
