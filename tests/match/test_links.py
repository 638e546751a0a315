"""URLs that workflows carry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wfdeps.domain.air import air_of
from wfdeps.match.links import (
    CivitaiLink,
    HuggingFaceLink,
    bytes_url,
    civitai_link,
    file_name_of,
    huggingface_link,
    huggingface_page,
    plain_url,
)


@pytest.mark.parametrize("host", ["civitai.com", "www.civitai.com", "civitai.red", "civitai.green"])
def test_civitai_stands_on_several_hosts(host: str) -> None:
    assert civitai_link(f"https://{host}/models/7/some-name?modelVersionId=9") == CivitaiLink(7, 9)
    assert civitai_link(f"https://{host}/api/download/models/9?fileId=3&token=x") == CivitaiLink(None, 9, 3)


def test_a_download_urls_own_words_are_kept() -> None:
    link = civitai_link(
        "https://civitai.com/api/download/models/9?type=Model&format=SafeTensor&size=pruned&fp=fp16"
    )
    assert link == CivitaiLink(None, 9, None, "Model", "SafeTensor", "pruned", "fp16")


@pytest.mark.parametrize(
    ("page", "bytes_are_at"),
    [
        ("blob/main/x.safetensors", "resolve/main/x.safetensors"),
        ("raw/v1/blob/x.gguf?download=true", "resolve/v1/blob/x.gguf?download=true"),
        ("resolve/main/blob/x.safetensors", "resolve/main/blob/x.safetensors"),
        ("tree/main/blob/x", "tree/main/blob/x"),
    ],
)
def test_behind_the_page_of_a_file_are_its_bytes(page: str, bytes_are_at: str) -> None:
    front = "https://huggingface.co/owner/blob"
    assert bytes_url(f"{front}/{page}") == f"{front}/{bytes_are_at}"
    assert bytes_url(f"https://example.org/{page}") == f"https://example.org/{page}"


def test_a_hub_stands_in_for_civitai() -> None:
    url = "http://10.0.0.5:8188/api/download/models/9"
    assert civitai_link(url) is None
    assert civitai_link(url, base_url="http://10.0.0.5:8188") == CivitaiLink(None, 9)


@pytest.mark.parametrize(
    "url", ["https://undefined/api/download/models/9", "https://civitai.com.evil.example/models/7"]
)
def test_another_host_is_not_civitai(url: str) -> None:
    assert civitai_link(url) is None


@pytest.mark.parametrize(
    "text", ["urn:air:sd1:lora:civitai:7@9", "air:civitai:7@9", "civitai:7@9", "Civitai:7@9"]
)
def test_an_air_is_one_in_full_and_in_short(text: str) -> None:
    air = air_of(text)
    assert air is not None
    assert (air.model_id, air.version_id) == (7, 9)


@pytest.mark.parametrize("text", ["7@9", "models/x.safetensors", "C:\\loras\\x.safetensors", "other:7@9", ""])
def test_a_name_is_no_air(text: str) -> None:
    assert air_of(text) is None


def test_a_page_for_people_becomes_the_address_of_the_bytes() -> None:
    assert plain_url("https://huggingface.co/o/r/blob/main/a%20b/x.safetensors?download=true") == (
        "https://huggingface.co/o/r/resolve/main/a%20b/x.safetensors"
    )


@pytest.mark.parametrize(
    ("page", "revision", "folder"),
    [
        ("o/r", "main", ""),
        ("o/r/", "main", ""),
        ("o/r/tree/v2", "v2", ""),
        ("o/r/tree/main/a/b%20c", "main", "a/b c/"),
    ],
)
def test_a_page_of_hugging_face_lists_a_repository_or_a_folder(page: str, revision: str, folder: str) -> None:
    assert huggingface_page(f"https://huggingface.co/{page}") == HuggingFaceLink("o/r", revision, folder)


@pytest.mark.parametrize(
    "url",
    [
        "https://huggingface.co/o",
        "https://huggingface.co/datasets/o/r",
        "https://host.example/o/r",
        "https://huggingface.co/o/r/resolve/main/x.pt",
        "https://[bad",
    ],
)
def test_another_page_lists_none(url: str) -> None:
    assert huggingface_page(url) is None


def test_secrets_do_not_stay_in_an_address() -> None:
    assert (
        plain_url("https://u:p@host.example/x.safetensors?token=abc&v=1")
        == "https://host.example/x.safetensors?v=1"
    )


def test_a_hugging_face_path_may_not_climb() -> None:
    assert huggingface_link("https://huggingface.co/o/r/resolve/main/../../x.safetensors") is None
    assert huggingface_link("https://huggingface.co/o/r/resolve/main/a/x.safetensors") == HuggingFaceLink(
        "o/r", "main", "a/x.safetensors"
    )


@given(st.text(max_size=100) | st.text(max_size=60).map(lambda tail: f"https://civitai.com/{tail}"))
def test_no_text_breaks_the_reading(url: str) -> None:
    civitai_link(url)
    huggingface_link(url)
    file_name_of(url)
    plain_url(url)
