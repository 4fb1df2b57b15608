"""What stands before every handler, each check alone."""

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from sopctl.page import guard
from sopctl.page.guard import Guard
from sopctl.page.server import hosts
from tests.page.conftest import Browser

HOST = "titipan.example.org"


async def inner(scope: Any, receive: Any, send: Any) -> None:
    message = await receive()
    answer = f"{scope['sopctl.address']} {len(message['body'])}".encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": answer})


def ask(app: Guard, method: str = "GET", body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
    """One request; underscores in a header's name stand for hyphens."""
    sent: list[MutableMapping[str, Any]] = []
    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": "/",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": ("198.18.0.1", 5),
    }

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"].decode()


@pytest.fixture
def alone() -> Guard:
    return Guard(inner, frozenset({HOST}))


def test_only_by_its_own_name(alone: Guard) -> None:
    assert ask(alone)[0] == 200
    for other in ("example.org", "127.0.0.1", "", f"{HOST}:81", f"{HOST},example.org"):
        assert ask(alone, host=other)[0] == 421
    assert hosts("https://titipan.example.org", None) == {"titipan.example.org"}
    assert hosts("", 8460) == {"127.0.0.1:8460", "localhost:8460"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": f"https://{HOST}"}, 200),
        ({"origin": "null"}, 403),
        ({"origin": "https://example.org"}, 403),
        ({"origin": f"https://{HOST}.example.org"}, 403),
        ({"sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}, 403),
        ({"sec_fetch_site": "same-site", "sec_fetch_mode": "navigate"}, 403),
    ],
)
def test_forms_from_other_sites(alone: Guard, headers: dict[str, str], status: int) -> None:
    assert ask(alone, "POST", b"", **headers)[0] == status


def test_links_from_other_sites_are_followed_and_nothing_else_is(alone: Guard) -> None:
    assert ask(alone, sec_fetch_site="cross-site", sec_fetch_mode="navigate")[0] == 200
    assert ask(alone, sec_fetch_site="cross-site", sec_fetch_mode="no-cors")[0] == 403


def test_every_answer_has_its_headers(alone: Guard) -> None:
    for answer in (ask(alone), ask(alone, host="example.org"), ask(alone, "PUT")):
        found = answer[1]
        assert found["content-security-policy"].startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in found["content-security-policy"]
        assert found["x-frame-options"] == "DENY"
        assert found["x-content-type-options"] == "nosniff"
        assert found["cache-control"] == "no-store"
        assert found["referrer-policy"] == "same-origin", "no-referrer makes Chromium send `Origin: null`"
        assert "strict-transport-security" not in found
    assert "strict-transport-security" in ask(Guard(inner, frozenset({HOST}), secure=True))[1]


def test_who_asks_is_said_by_the_proxy_on_its_socket_alone(alone: Guard) -> None:
    assert ask(alone, x_forwarded_for="203.0.113.9")[2].startswith("198.18.0.1 ")
    behind = Guard(inner, frozenset({HOST}), proxied=True)
    assert ask(behind, x_forwarded_for="203.0.113.9, 203.0.113.10")[2].startswith("203.0.113.10 ")


def test_a_body_is_bounded(alone: Guard) -> None:
    assert ask(alone, "POST", b"x" * guard.MAX_BODY)[0] == 200
    assert ask(alone, "POST", b"x" * (guard.MAX_BODY + 1))[0] == 413
    scan = {"content_type": "multipart/form-data; boundary=x"}
    assert ask(alone, "POST", b"x" * (guard.MAX_BODY + 1), **scan)[0] == 200
    assert ask(alone, "POST", b"x" * (guard.MAX_UPLOAD + 1), **scan)[0] == 200, "its beginning is for the handler"


def test_of_a_form_that_is_too_large_its_beginning_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no more of it in memory; what goes on and on is cut off. A program is told at once, as JSON."""
    monkeypatch.setattr(guard, "MAX_UPLOAD", 1000)
    monkeypatch.setattr(guard, "MOST_HEARD", 5000)
    seen: list[tuple[int, bool]] = []

    async def handler(scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        seen.append((len(message["body"]), scope["sopctl.cut"]))
        await inner(scope, lambda: asyncio.sleep(0, message), send)

    scan = {"content_type": "multipart/form-data; boundary=x"}
    people = Guard(handler, frozenset({HOST}))
    assert [ask(people, "POST", b"x" * size, **scan)[0] for size in (1000, 1001, 5000, 5001)] == [200, 200, 200, 413]
    assert seen == [(1000, False), (1000, True), (1000, True)]
    programs = Guard(handler, frozenset({HOST}), by_program=lambda _scope: True)
    status, headers, said = ask(programs, "POST", b"x" * 1001, **scan)
    assert (status, headers["content-type"]) == (413, "application/json")
    assert json.loads(said) == {"error": "too-large", "message": "too large"}


def test_a_body_that_does_not_come(alone: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BODY_SECONDS", 0.05)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        return {}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "headers": [(b"host", HOST.encode())], "client": None}
    asyncio.run(alone(scope, receive, send))
    assert sent[0]["status"] == 408


def test_requests_of_one_address_are_limited(alone: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr("sopctl.page.guard.time.monotonic", lambda: now)
    assert {ask(alone)[0] for _ in range(int(guard.BURST))} == {200}
    assert ask(alone)[0] == 429
    now += 1.0
    assert ask(alone)[0] == 200


def test_the_whole_page_stands_behind_it(stranger: Browser) -> None:
    assert stranger.get("/sehat").text == "sehat\n"
    assert stranger.get("/sehat", headers={"host": "example.org"}).status_code == 421
    assert stranger.get("/nothing").status_code == 404
    assert stranger.post("/berkas/PS-2026-0001", data={}).status_code == 405, "a path with places, too"
    assert stranger.get("/nothing").headers["cache-control"] == "no-store"
    assert stranger.get("/gaya.css").headers["content-type"].startswith("text/css")
