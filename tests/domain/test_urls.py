"""A URL that is written down opens no door."""

from __future__ import annotations

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
    from urllib.parse import urlencode

    url = "https://civitai.com/x?" + urlencode({"token": token, "a": "1"})
    assert has_secrets(url)
    assert without_secrets(url) == "https://civitai.com/x?a=1"
    assert not has_secrets(without_secrets(url))
