"""A server that says a token back does not get it into any message, header, name or output, however it spells it."""

from __future__ import annotations

import base64
import http.server
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from wfdeps.cli.main import main
from wfdeps.domain.secrets import Redactor, Secret
from wfdeps.errors import SourceError
from wfdeps.http import Http

TOKEN = "s3cret/t0ken+with=signs & more"
HEADER_TOKEN = "s3cret-t0ken-0123456789"


def spellings(token: str) -> list[str]:
    logins = (token, f":{token}", f"{token}:")
    encoded = [base64.b64encode(login.encode()).decode() for login in logins]
    return [token, quote(token, safe=""), quote_plus(token), *encoded]


@pytest.mark.parametrize("spelling", spellings(TOKEN))
def test_every_spelling_is_hidden(spelling: str) -> None:
    redactor = Redactor([Secret(TOKEN), None])
    assert TOKEN not in (hidden := redactor.text(f"a {spelling} b"))
    assert hidden.startswith("a ***")
    assert spelling.encode() not in redactor.data(f"a {spelling} b".encode())


def test_a_word_too_short_for_a_token_hides_nothing() -> None:
    assert Redactor([Secret("a")]).text("a banana") == "a banana"
    assert not Redactor([None])


@pytest.fixture
def echo() -> Iterator[str]:
    """Says the authorization it was sent back in every way there is."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = self.headers.get("authorization") or ""
            token = said.rpartition(" ")[2]
            escaped = "".join(f"\\u{ord(letter):04x}" for letter in token)
            status = int(self.path.strip("/").partition("/")[0]) if self.path[1:4].isdigit() else 401
            words = json.dumps(f"you sent {said}")
            body = f'{{"error": {words}, "message": {words}, "name": "{escaped}", "username": "{escaped}"}}'.encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-disposition", f'attachment; filename="{token}.safetensors"')
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_no_error_repeats_it(echo: str, status: int) -> None:
    with Http({echo: Secret(HEADER_TOKEN)}) as client, pytest.raises(SourceError) as caught:
        client.json("GET", f"{echo}/{status}")
    assert HEADER_TOKEN not in f"{caught.value} {caught.value.hint} {caught.value.payload}"


def test_no_answer_and_no_header_repeats_it(echo: str) -> None:
    with Http({echo: Secret(HEADER_TOKEN)}) as client:
        answer = client.json("GET", f"{echo}/200")
        assert answer["error"] == "you sent Bearer ***"
        assert HEADER_TOKEN not in str(answer)
        with client.get(f"{echo}/200") as reply:
            assert HEADER_TOKEN not in str(dict(reply.headers))


def test_a_login_in_an_address_is_hidden_too(echo: str) -> None:
    address = echo.replace("//", "//me:pass-w0rd-long@")
    with Http() as client, pytest.raises(SourceError) as caught:
        client.json("GET", f"{address}/403")
    login = base64.b64encode(b"me:pass-w0rd-long").decode()
    assert not {"pass-w0rd-long", login} & set(str(caught.value).replace("`", " ").split())
    assert login not in str(caught.value)


@pytest.mark.parametrize(
    "words", [["auth", "check"], ["download", "civitai:1@2"], ["civitai", "search", "x"]]
)
def test_no_command_prints_it(echo: str, words: list[str], tmp_path: Path) -> None:
    out, err = io.StringIO(), io.StringIO()
    environ = {
        "HOME": str(tmp_path),
        "WFDEPS_CIVITAI_URL": echo,
        "HF_ENDPOINT": echo,
        "CIVITAI_API_TOKEN": HEADER_TOKEN,
        "HF_TOKEN": HEADER_TOKEN,
    }
    (tmp_path / "models").mkdir()
    code = main(words, stdout=out, stderr=err, environ=environ)
    assert code != 0
    assert HEADER_TOKEN not in out.getvalue() + err.getvalue()
