"""`/api/download/models/:id` and the second port: who gets a link, and what the link is worth."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.hub.rows import BUYER, TOKEN, lora

BEARER = {"Authorization": f"Bearer {TOKEN}"}
FUTURE = "2999-01-01T00:00:00.000Z"


def ask(get: Any, hub: Any, version_id: int = 1001, **how: Any) -> httpx.Response:
    return get(hub, f"/api/download/models/{version_id}", **how)


def content(models: Path, number: int = 1) -> bytes:
    return (models / "loras" / f"{number}.safetensors").read_bytes()


def test_a_link_leads_to_the_bytes_on_another_port(serve, get, models: Path) -> None:
    hub = serve(lora(1, "A"))
    answer = ask(get, hub)
    location = urlsplit(answer.headers["location"])
    assert answer.status_code == 307
    assert answer.headers["cache-control"] == "no-store"
    assert location.port == hub.storage_port != urlsplit(hub.url).port
    bytes_ = get(hub, answer.headers["location"])
    assert bytes_.content == content(models)
    assert bytes_.headers["content-disposition"] == 'attachment; filename="upload_1.safetensors"'


def test_the_bucket_refuses_an_authorization_header(serve, get) -> None:
    hub = serve(lora(1, "A"))
    answer = get(hub, ask(get, hub, headers=BEARER).headers["location"], headers=BEARER)
    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/xml")
    assert "<Code>InvalidRequest</Code>" in answer.text


def test_a_link_is_good_for_get_only_for_a_while_and_for_one_file(serve, get) -> None:
    hub = serve(lora(1, "A"), lora(2, "B"))
    link = ask(get, hub).headers["location"]
    assert get(hub, link, method="HEAD").status_code == 403
    assert get(hub, link.replace("/1001/2001/", "/1002/2002/")).status_code == 403
    assert get(hub, link.replace("X-Amz-Expires=86400", "X-Amz-Expires=99999999")).status_code == 403
    assert get(hub, link.partition("?")[0]).status_code == 403
    hub.expire_links()
    expired = get(hub, link)
    assert (expired.status_code, "expired" in expired.text) == (403, True)
    assert get(hub, ask(get, hub).headers["location"]).status_code == 200


def test_a_link_expires_by_the_clock(serve, get) -> None:
    times = iter([datetime(2026, 1, 1, tzinfo=UTC)] * 3 + [datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)] * 9)
    now = [next(times)]
    hub = serve(lora(1, "A"), clock=lambda: now[0])
    link = ask(get, hub).headers["location"]
    assert get(hub, link).status_code == 200
    now[0] = datetime(2026, 1, 2, 0, 0, 1, tzinfo=UTC)
    assert get(hub, link).status_code == 403


def test_ranges_are_served_and_impossible_ones_refused(serve, get, models: Path) -> None:
    hub = serve(lora(1, "A"))
    link, whole = ask(get, hub).headers["location"], content(models)
    size = len(whole)
    cases = {
        "bytes=0-0": whole[:1],
        "bytes=100-199": whole[100:200],
        f"bytes={size - 5}-": whole[-5:],
        "bytes=-7": whole[-7:],
    }
    for asked, expected in cases.items():
        answer = get(hub, link, headers={"Range": asked})
        assert (answer.status_code, answer.content) == (206, expected)
        assert answer.headers["content-range"].endswith(f"/{size}")
    beyond = get(hub, link, headers={"Range": f"bytes={size}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    assert get(hub, link, headers={"Range": "lines=1-2"}).status_code == 200
    assert get(hub, link, headers={"Range": "bytes=0-1,5-6"}).content == whole


def test_if_range_with_another_etag_gives_the_whole_file(serve, get, models: Path) -> None:
    hub = serve(lora(1, "A"))
    link = ask(get, hub).headers["location"]
    etag = get(hub, link).headers["etag"]
    assert etag.startswith('"')
    assert get(hub, link, headers={"Range": "bytes=5-", "If-Range": etag}).status_code == 206
    other = get(hub, link, headers={"Range": "bytes=5-", "If-Range": '"other"'})
    assert (other.status_code, other.content) == (200, content(models))
    assert get(hub, link, headers={"If-Match": '"other"'}).status_code == 412
    assert get(hub, link, headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize(
    ("switches", "status", "body"),
    [
        ({"poi": True}, 404, {"error": "File not found"}),
        ({"archived": True}, 410, {"error": "Model archived, not available for download"}),
        ({"deleted": True}, 404, {"error": "File not found"}),
        ({"unpublished": True}, 404, {"error": "File not found"}),
        (
            {"downloads_disabled": True},
            401,
            {
                "error": "Unauthorized",
                "message": "The creator of this asset has disabled downloads on this file",
            },
        ),
        ({"no_grant": True}, 403, {"error": "You do not have access to download this file"}),
    ],
)
def test_what_no_token_opens(serve, get, switches, status, body) -> None:
    answer = ask(get, serve(lora(1, "A", **switches)), headers=BEARER)
    assert (answer.status_code, answer.json()) == (status, body)


def test_the_stronger_reason_speaks_first(serve, get) -> None:
    everything = {"require_auth": True, "early_access": FUTURE, "downloads_disabled": True, "archived": True}
    hub = serve(lora(1, "A", **everything, poi=True))
    reasons = []
    for switch in ("poi", "archived", "downloads_disabled", "require_auth"):
        reasons.append(ask(get, hub).status_code)
        hub.row(version_id=1001, **{switch: False})
    assert [*reasons, ask(get, hub).status_code] == [404, 410, 401, 401, 403]


def test_a_login_is_any_known_token_by_header_or_query(serve, get) -> None:
    hub = serve(lora(1, "A", require_auth=True))
    refused = ask(get, hub)
    assert (refused.status_code, refused.json()["message"]) == (
        401,
        "The creator of this asset requires you to be logged in to download it",
    )
    assert ask(get, hub, headers=BEARER).status_code == 307
    assert ask(get, hub, headers={"Authorization": f"AnyWord {TOKEN}"}).status_code == 307
    assert ask(get, hub, params={"token": TOKEN}).status_code == 307
    assert (
        ask(get, hub, headers={"Authorization": "Bearer wrong"}, params={"token": TOKEN}).status_code == 401
    )


def test_a_bad_token_is_nobody_and_nobody_gets_what_is_free(serve, get) -> None:
    hub = serve(lora(1, "A"))
    assert ask(get, hub, headers={"Authorization": "Bearer nonsense"}).status_code == 307


def test_head_is_never_signed_in(serve, get) -> None:
    hub = serve(lora(1, "A", require_auth=True))
    assert ask(get, hub, method="HEAD", headers=BEARER).status_code == 401


def test_a_site_may_ask_everybody_to_log_in(serve, get) -> None:
    hub = serve(lora(1, "A"), login_everywhere=True)
    assert ask(get, hub).status_code == 401
    assert ask(get, hub, headers=BEARER).status_code == 307


def test_early_access_ends_by_itself_or_never(serve, get) -> None:
    hub = serve(
        lora(1, "A", early_access=FUTURE),
        lora(2, "B", early_access=True),
        lora(3, "C", early_access="2020-01-01T00:00:00.000Z"),
    )
    dated, for_good = ask(get, hub, headers=BEARER), ask(get, hub, 1002, headers=BEARER)
    assert (dated.status_code, dated.json()["error"], dated.json()["deadline"]) == (
        403,
        "Early Access",
        FUTURE,
    )
    assert (for_good.status_code, "deadline" in for_good.json()) == (403, False)
    assert ask(get, hub, 1003).status_code == 307
    assert ask(get, hub, headers={"Authorization": f"Bearer {BUYER}"}).status_code == 307


def test_a_guess_that_contradicts_the_question_is_a_404(serve, get) -> None:
    hub = serve(lora(1, "A", file_fp="fp16", file_size_variant="pruned"))
    assert ask(get, hub, params={"type": "Model", "format": "SafeTensor", "fp": "fp16"}).status_code == 307
    assert ask(get, hub, params={"type": "Model", "format": "SafeTensor", "fp": "int8"}).status_code == 404
    assert ask(get, hub, params={"fileId": 2001, "fp": "int8"}).status_code == 307


def test_a_file_id_is_exact_and_belongs_to_its_version(serve, get, models: Path) -> None:
    extra = lora(1, "A", file_id=50, file_name="b.safetensors", file_type="VAE", path="loras/2.safetensors")
    hub = serve(lora(1, "A"), extra, lora(3, "C"))
    assert "/50/" in ask(get, hub, params={"fileId": 50}).headers["location"]
    assert "/50/" in ask(get, hub, params={"type": "VAE"}).headers["location"]
    assert "/2001/" in ask(get, hub).headers["location"]
    assert ask(get, hub, params={"fileId": 2003}).status_code == 404


def test_words_outside_an_enum_are_refused(serve, get) -> None:
    hub = serve(lora(1, "A"))
    for params in (
        {"type": "Models"},
        {"format": "safetensors"},
        {"size": "huge"},
        {"fp": "x" * 65},
        {"fileId": "x"},
    ):
        assert ask(get, hub, params=params).status_code == 400
    assert get(hub, "/api/download/models/abc").status_code == 400
    assert ask(get, hub, 999).status_code == 404


def test_a_file_the_hub_does_not_hold_is_a_404_nobody_may_cache(serve, get) -> None:
    answer = ask(get, serve(lora(1, "A", path=None)))
    assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store")


def test_a_browser_is_sent_to_a_page(serve, get) -> None:
    hub = serve(lora(1, "A", require_auth=True))
    answer = ask(get, hub, headers={"User-Agent": "my-tool (like Mozilla/5.0)"})
    assert (answer.status_code, answer.headers["location"][:6]) == (307, "/login")


def test_no_path_in_a_row_leaves_the_folder(serve, get, tmp_path: Path) -> None:
    (tmp_path / "secret.safetensors").write_bytes(b"x")
    hub = serve(lora(1, "A", path=None))
    hub.row(version_id=1001, path="../secret.safetensors")
    assert ask(get, hub).status_code == 404
    hub.row(version_id=1001, path=str(tmp_path / "secret.safetensors"))
    assert ask(get, hub).status_code == 404


@pytest.mark.parametrize(
    "name", ['a"b.safetensors', "ü 模型.safetensors", "x\r\nSet-Cookie: a.safetensors", "*.pt"]
)
def test_any_name_makes_a_header_that_holds(serve, get, name) -> None:
    hub = serve(lora(1, "A", file_name=name))
    answer = get(hub, ask(get, hub).headers["location"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment; filename=")
    assert "set-cookie" not in answer.headers
