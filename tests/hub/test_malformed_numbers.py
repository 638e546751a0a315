"""Every place of every route where a number is due, with what is none: what the API says, never an error of ours."""

from __future__ import annotations

from urllib.parse import quote

import httpx
import pytest

from tests.hub.rows import lora

NO_NUMBERS = ("x", "1.5", "²", "٣", "0x10", "NaN", "9" * 30, "9" * 5_000, "-" + "9" * 5_000, "\ud800", "\0")
LARGE = ("9" * 10, "9" * 17, "9" * 19, "-" + "9" * 17)


@pytest.mark.parametrize(
    ("path", "codes"),
    [
        ("/api/v1/models/{}", {400}),
        ("/api/v1/model-versions/{}", {400}),
        ("/api/v1/model-versions/mini/{}", {400}),
        ("/api/v1/model-files/{}/tensor-metadata", {404}),
        ("/api/v1/models?limit={}", {400}),
        ("/api/v1/models?page={}", {400}),
        ("/api/v1/models?ids={}", {400}),
        ("/api/v1/models?modelVersionIds=1,{}", {400}),
        ("/api/v1/models?cursor={}", {400}),
        ("/api/v1/creators?limit={}", {400}),
        ("/api/v1/creators?page={}", {400}),
        ("/api/v1/tags?limit={}", {400}),
        ("/api/v1/tags?page={}", {400}),
        ("/api/download/models/{}", {400, 404}),
        ("/api/download/models/1001?fileId={}", {400}),
    ],
)
def test_what_is_no_number_is_refused_in_the_words_of_the_api(serve, get, path: str, codes: set[int]) -> None:
    hub = serve(lora(1, "A"))

    def ask(value: str) -> httpx.Response:
        return get(hub, path.replace("{}", quote(value, safe="", errors="surrogatepass")))

    for value in NO_NUMBERS:
        answer = ask(value)
        assert answer.status_code in codes, (path, value[:40], answer.text)
        assert "error" in answer.json()
        assert not any(word in answer.text for word in ("int()", "literal", "digits", "Traceback"))
    for value in LARGE:
        answer = ask(value)
        assert "unexpected" not in answer.text, (path, value, answer.text)
        answer.json()
