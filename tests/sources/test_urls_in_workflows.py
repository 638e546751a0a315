"""URLs that anybody may have written into a workflow."""

from __future__ import annotations

import pytest

from wfdeps.domain.candidates import VerdictKind
from wfdeps.domain.queries import UrlQuery
from wfdeps.sources.urls import UrlSource


@pytest.mark.parametrize(
    "url",
    [
        "http://host.example/x.safetensors",
        "https://host.example/",
        "https://localhost/x.safetensors",
        "https://127.0.0.1/x.safetensors",
        "https://192.168.1.1/x.safetensors",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/x.safetensors",
        "https://printer.local/x.safetensors",
        "ftp://host.example/x.safetensors",
        "https:///x.safetensors",
        "https://undefined/api/download/models/1",
        "https://2130706433/x.safetensors",
        "https://intranet/x.safetensors",
        "https://huggingface.co/datasets/o/r",
        "https://civitai.com/user/somebody",
    ],
)
def test_an_address_that_is_not_a_public_https_file_is_no_place_of_one(url: str) -> None:
    query = UrlQuery(url)
    answer = UrlSource().find_all([query])[query]
    assert (answer.verdict.kind, bool(answer.verdict.detail)) == (VerdictKind.NO_SUCH, True)
    assert answer.candidates == ()


def test_a_sites_own_addresses_are_left_to_it() -> None:
    own = [
        UrlQuery("https://civitai.com/models/1"),
        UrlQuery("https://huggingface.co/o/r/resolve/main/x.safetensors"),
        UrlQuery("https://huggingface.co/o/r"),
        UrlQuery("https://huggingface.co/o/r/tree/main/loras"),
        UrlQuery("https://hub.example:8443/api/download/models/1"),
    ]
    assert UrlSource(claimed=["https://hub.example:8443"]).find_all(own) == {}
