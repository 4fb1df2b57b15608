"""Events to other programs: each once, in order, signed, tried again; and never to where the site did not mean."""

import hashlib
import hmac
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from sopctl.adapters import webhook
from sopctl.errors import Conflict, InvalidRecord, OutsideFailure, SopctlError
from sopctl.store import locks
from sopctl.store.across.outbox import Outbox
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.messages import receivers, sending
from sopctl.workflow.steps import letters
from tests.conftest import Clock
from tests.patience import PATIENCE

SECRET = "kunci bersama"


class Receiver(http.server.ThreadingHTTPServer):
    """A program of the office: it keeps what it takes, and answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.taken: list[tuple[dict[str, str], bytes]] = []
        self.status = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/peristiwa?dari=sopctl"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.server.status == 204:
            self.server.taken.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None: ...


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server
        server.shutdown()
        thread.join(PATIENCE)


@pytest.fixture
def listening(desk: Desk, receiver: Receiver) -> Desk:
    """A desk whose site has a receiver, which has heard of nothing yet."""
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + "channels: {pemantau: {url: pemantau, signed_with: bersama}}\n")
    desk.site.read_settings_again()
    with desk.site.keeping_key("pemantau", receiver.url.encode()):
        pass
    with desk.site.keeping_key("bersama", SECRET.encode()):
        pass
    assert run(desk) == [receivers.Sent("pemantau", 0, more=False)]
    return desk


def run(desk: Desk, *problems: str) -> list[receivers.Sent]:
    errors: list[SopctlError] = []
    found = receivers.send(desk.site, desk.now(), errors)
    assert [each.id for each in errors] == list(problems)
    return found


def heard(receiver: Receiver) -> list[tuple[str, int]]:
    return [(told["deposit"], told["number"]) for told in (json.loads(body) for _, body in receiver.taken)]


def test_each_event_once_in_order_and_signed(
    listening: Desk, receiver: Receiver, file_request: Callable[..., str]
) -> None:
    first, second = file_request(), file_request()
    letters.dispose(listening, first, instruction="rahasia kantor")
    assert run(listening)[0].sent == 3
    assert run(listening)[0].sent == 0
    assert heard(receiver) == [(first, 1), (second, 1), (first, 2)]
    for headers, body in receiver.taken:
        time, _, made = headers["x-sopctl-signature"].removeprefix("t=").partition(",v1=")
        assert made == hmac.new(SECRET.encode(), time.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert int(time) == int(listening.now().timestamp())
        assert headers["idempotency-key"] == "{deposit}-{number}".format(**json.loads(body))
        assert b"rahasia" not in body, "what people wrote is asked of the page"


def test_what_is_not_taken_is_tried_again_later_each_time(
    listening: Desk,
    receiver: Receiver,
    file_request: Callable[..., str],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sopctl.workflow.messages.receivers.random.random", lambda: 0.8)
    deposit = file_request()
    waits = []
    for status in (500, 302, 404, 429):
        receiver.status = status
        assert run(listening, "event-not-taken")[0].problem
        assert "later" in run(listening)[0].problem, "not before its time"
        mark = Outbox(listening.site.root).mark("pemantau")
        assert mark is not None
        waits.append(mark.not_before - clock().timestamp())
        clock.now += timedelta(seconds=waits[-1] + 1)
    assert waits == pytest.approx([72.0, 144.0, 288.0, 576.0])
    receiver.status = 204
    assert run(listening)[0].sent == 1
    assert heard(receiver) == [(deposit, 1)]
    mark = Outbox(listening.site.root).mark("pemantau")
    assert mark is not None
    assert mark.failed == 0


def test_one_that_is_away_stops_no_other(listening: Desk, receiver: Receiver, file_request: Callable[..., str]) -> None:
    settings = listening.site.root / "sopctl.yml"
    settings.write_text(
        settings.read_text().replace("channels: {", "channels: {arsip: {url: arsip, signed_with: bersama}, ")
    )
    listening.site.read_settings_again()
    with listening.site.keeping_key("arsip", b"http://127.0.0.1:9/"):
        pass
    run(listening)
    deposit = file_request()
    found = {each.receiver: each.sent for each in run(listening, "event-not-taken")}
    assert found == {"arsip": 0, "pemantau": 1}
    assert heard(receiver) == [(deposit, 1)]


def test_a_broken_dossier_holds_up_nothing(
    listening: Desk, receiver: Receiver, file_request: Callable[..., str]
) -> None:
    broken, sound = file_request(), file_request()
    (listening.site.root / "deposits" / broken / "history.yml").write_text("- broken")
    errors: list[SopctlError] = []
    assert receivers.send(listening.site, listening.now(), errors)[0].sent == 1
    assert len(errors) == 1
    assert heard(receiver) == [(sound, 1)]


def test_two_do_not_send_at_once(listening: Desk) -> None:
    with (
        locks.hold(listening.site.root / "var" / "locks" / "outbox", "the sending of events"),
        pytest.raises(Conflict),
    ):
        run(listening)


def test_a_journal_that_was_cut_is_said(listening: Desk, file_request: Callable[..., str]) -> None:
    file_request()
    run(listening)
    journal = listening.site.root / "journal.jsonl"
    journal.write_bytes(b"")
    assert run(listening, "journal-altered")[0].problem


def test_messages_to_people_do_not_go_there(listening: Desk, receiver: Receiver) -> None:
    assert listening.site.settings.message_channels == {}
    assert list(listening.site.settings.receivers) == ["pemantau"]
    from sopctl.model.message import Message

    with pytest.raises(SopctlError, match="no channels"):
        sending.by_channels(listening.site, Message(None, "x", "x", "x"))


@pytest.mark.parametrize(
    "address",
    ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "127.0.0.1", "::1", "::ffff:127.0.0.1", "240.0.0.1"],
)
def test_a_name_leads_to_no_address_that_is_nobodys(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever answers for a receiver's name cannot have the controller ask itself, or a cloud's own service."""
    family = 10 if ":" in address else 2
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(family, 1, 6, "", (address, 443))])
    with pytest.raises(OutsideFailure, match="no address of a receiver"):
        webhook.post("x", "https://penerima.example.org/", b"", secret="x", at=1, key="k")


@pytest.mark.parametrize(
    "url", ["http://penerima.example.org/", "ftp://127.0.0.1/", "jsons://x/", "", "https://", "file:///etc/passwd"]
)
def test_only_encrypted(url: str) -> None:
    with pytest.raises(InvalidRecord, match="https://"):
        webhook.post("x", url, b"", secret="x", at=1, key="k")


def test_a_receiver_without_a_certificate_of_its_name_gets_nothing(receiver: Receiver) -> None:
    with pytest.raises(OutsideFailure):
        webhook.post("x", receiver.url.replace("http:", "https:"), b"", secret="x", at=1, key="k")
    assert receiver.taken == []


def test_an_answer_that_never_ends_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(webhook, "ALL_SECONDS", 0.3)
    stop = threading.Event()

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as peer:
            while not stop.is_set():
                try:
                    peer.sendall(b"H")
                except OSError:
                    return
                stop.wait(0.02)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=(listener,))
        thread.start()
        with pytest.raises(OutsideFailure):
            webhook.post("x", f"http://127.0.0.1:{listener.getsockname()[1]}/", b"", secret="x", at=1, key="k")
        stop.set()
        thread.join(PATIENCE)


def test_a_new_receiver_hears_from_now_on(
    listening: Desk, receiver: Receiver, file_request: Callable[..., str]
) -> None:
    file_request()
    assert run(listening)[0].sent == 1
    (listening.site.root / "var" / "outbox" / "pemantau.json").unlink()
    assert run(Desk(Site(listening.site.root), listening.deciding, listening.clock))[0].sent == 0
