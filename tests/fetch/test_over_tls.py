"""The same over TLS: the hand-off gives the same bytes, and nobody is trusted without a certificate."""

from __future__ import annotations

import shutil
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.certificates import make_certificate
from tests.faults.server import FaultServer, body_sha256
from tests.fetch.fetching import QUICK, Told, download, quick_fetcher
from wfdeps.errors import SourceUnavailableError
from wfdeps.http import Http
from wfdeps.http.by_httpx import ENGINES

SIZE = 20_000_000
SHA = body_sha256(1, SIZE)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(certificate: Path) -> Iterator[FaultServer]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with FaultServer(tls=context) as running:
        yield running


@pytest.fixture(params=[*ENGINES, "direct"])
def trusting(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Http]:
    """A client told to trust that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    if request.param == "direct":
        with Http() as http:
            yield http
        return
    pytest.importorskip(request.param)
    with Http(engine=request.param) as http:
        yield http


@pytest.mark.parametrize("hand_off", [True, False])
def test_the_bytes_are_the_same_with_and_without_hand_off(
    hand_off: bool, trusting: Http, server: FaultServer, tmp_path: Path
) -> None:
    item = download(tmp_path, server.url(size=SIZE, cut=9_000_001), sha256=SHA)
    told = Told(tuple(quick_fetcher(trusting, QUICK, hand_off=hand_off).fetch_all([item])))
    assert told.sha256 == SHA


def test_a_body_over_tls_is_read_from_its_socket(trusting: Http, server: FaultServer) -> None:
    with trusting.get(server.url(size=SIZE)) as reply:
        handed = reply.tap(stall=2.0)
        assert handed is not None
        assert isinstance(handed._socket, ssl.SSLSocket)


def test_without_a_goodbye_the_length_tells_the_end(
    trusting: Http, server: FaultServer, tmp_path: Path
) -> None:
    item = download(tmp_path, server.url(size=SIZE, abort=1), sha256=SHA)
    told = Told(tuple(quick_fetcher(trusting).fetch_all([item])))
    assert told.sha256 == SHA
    assert len(server.log) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_certificate_nobody_vouches_for_is_final(engine: str, server: FaultServer) -> None:
    pytest.importorskip(engine)
    with Http(engine=engine) as http, pytest.raises(SourceUnavailableError, match="certificate") as caught:
        http.json("GET", server.url())
    assert caught.value.final
    assert server.log == []
