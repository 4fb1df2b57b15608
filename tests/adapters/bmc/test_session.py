"""A session with a BMC: read, closed, and what one that is hostile can do about it."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sopctl.adapters.bmc import BmcFault, CertificateChanged, Endpoint, Login, certificate, read
from sopctl.errors import Interrupted
from sopctl.model.access.destinations import EVERYWHERE
from sopctl.model.facts.readers.redfish import from_bmc, wanted
from tests.adapters.bmc.fake import PASSWORD, USER, Bmc, Handler, drip
from tests.model.facts.readers.test_redfish import BMCS, mockup

LOGIN = Login(USER, PASSWORD)


@pytest.fixture
def bmc(tmp_path: Path) -> Iterator[Bmc]:
    with Bmc(tmp_path, mockup("hpe-ilo5")["documents"]) as made:
        yield made


def at(bmc: Bmc) -> Endpoint:
    return Endpoint("127.0.0.1", bmc.port, bmc.sha256)


@pytest.mark.parametrize("name", BMCS)
def test_every_mockup_is_read_over_https(tmp_path: Path, name: str) -> None:
    """The same documents as without a network; the session is closed, and only documents were asked for."""
    case = mockup(name)
    with Bmc(tmp_path, case["documents"]) as bmc:
        found = read(at(bmc), LOGIN, lambda said: wanted(said, case.get("serial", "")))
        assert {path: content for path, content in found.items() if content is not None} == {
            path: content for path, content in case["documents"].items() if path in found
        }
        serial = from_bmc(found, gathered_at="", serial=case.get("serial", "")).serial
        assert serial == case["facts"]["serial"]
        assert bmc.sessions == 0
        methods = [method for method, *_ in bmc.heard]
        assert (methods.count("POST"), methods.count("DELETE"), methods[-1]) == (1, 1, "DELETE")
        assert not any(basic for *_, basic in bmc.heard)


def test_a_certificate_is_shown_and_nothing_is_sent(bmc: Bmc) -> None:
    assert certificate(Endpoint("127.0.0.1", bmc.port)) == bmc.sha256
    assert bmc.heard == []


def test_another_certificate_is_refused_before_anything_is_sent(tmp_path: Path, bmc: Bmc) -> None:
    with Bmc(tmp_path, {}, number=2) as other, pytest.raises(CertificateChanged) as error:
        read(Endpoint("127.0.0.1", other.port, bmc.sha256), LOGIN, wanted)
    assert other.heard == []
    assert error.value.id == "bmc-certificate-changed"
    assert (error.value.values["pinned"], error.value.values["shown"]) == (bmc.sha256, other.sha256)


def test_a_certificate_that_changes_within_a_session_ends_it(tmp_path: Path, bmc: Bmc) -> None:
    """Every new connection is compared."""

    def close(handler: Handler) -> bool:
        handler.close_connection = True
        if len(bmc.heard) > 2:
            other = Bmc(tmp_path, {}, number=2)
            bmc.socket.context.load_cert_chain(tmp_path / "bmc-2.pem")  # type: ignore[attr-defined]
            other.server_close()
        return False

    bmc.answer = close
    with pytest.raises(CertificateChanged):
        read(at(bmc), LOGIN, wanted)


def test_no_other_password_opens_it_and_none_is_shown(bmc: Bmc) -> None:
    with pytest.raises(BmcFault) as error:
        read(at(bmc), Login(USER, "salah-sekali"), wanted)
    assert error.value.id == "bmc-login-refused"
    assert "salah-sekali" not in repr(error.value) + str(error.value) + repr(Login(USER, "salah-sekali"))
    assert bmc.sessions == 0


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        for act in (certificate, lambda where: read(where, LOGIN, wanted)):
            with pytest.raises(BmcFault) as error:
                act(Endpoint("127.0.0.1", port, "0" * 64))
            assert error.value.id == "bmc-unreachable"


def test_a_bmc_is_never_on_this_machine(bmc: Bmc) -> None:
    for act in (certificate, lambda endpoint: read(endpoint, LOGIN, wanted)):
        with pytest.raises(BmcFault, match=r"127\.0\.0\.1 is the controller itself"):
            act(Endpoint("127.0.0.1", bmc.port, bmc.sha256, EVERYWHERE))
    assert bmc.heard == []


def elsewhere(target: str) -> Callable[[Handler], bool]:
    def answer(handler: Handler) -> bool:
        handler.give(307, {}, Location=target)
        return True

    return answer


@pytest.mark.parametrize(
    "target",
    [
        "https://127.0.0.1:{other}/redfish/v1/",
        "http://127.0.0.1:{other}/redfish/v1/",
        "//127.0.0.1:{other}/redfish/v1/",
        "https://127.0.0.1:{own}@127.0.0.1:{other}/redfish/v1/",
        "/etc/passwd",
        "/redfish/v1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_it_leads_nobody_elsewhere(tmp_path: Path, bmc: Bmc, target: str) -> None:
    with Bmc(tmp_path, {}, number=2) as other:
        bmc.answer = elsewhere(target.format(other=other.port, own=bmc.port))
        with pytest.raises(BmcFault) as error:
            read(at(bmc), LOGIN, wanted)
        assert error.value.id == "bmc-leads-elsewhere"
        assert other.heard == []
        assert not any(method == "POST" for method, *_ in bmc.heard)


@pytest.mark.parametrize("sessions", ["https://{other}/redfish/v1/Sessions", "@{other}/redfish/v1/Sessions", "/reset"])
def test_the_password_goes_to_its_sessions_alone(tmp_path: Path, bmc: Bmc, sessions: str) -> None:
    with Bmc(tmp_path, {}, number=2) as other:
        root = bmc.documents["/redfish/v1/"]
        root["Links"] = {"Sessions": {"@odata.id": sessions.format(other=f"127.0.0.1:{other.port}")}}
        with pytest.raises(BmcFault):
            read(at(bmc), LOGIN, wanted)
        assert other.heard == []
        assert not any(method == "POST" for method, *_ in bmc.heard)


def huge(handler: Handler) -> bool:
    handler.give(200, {"Systems": {}, "x": "y" * 3_000_000})
    return True


def huge_in_chunks(handler: Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    with suppress(OSError):
        for _ in range(3_000):
            handler.wfile.write(b"400\r\n" + b"x" * 1024 + b"\r\n")
    return True


def a_bomb(handler: Handler) -> bool:
    import gzip

    body = gzip.compress(b"0" * 50_000_000)
    handler.send_response(200)
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
    return True


@pytest.mark.parametrize("answer", [huge, huge_in_chunks, a_bomb])
def test_a_huge_answer_is_not_taken(bmc: Bmc, answer: Callable[[Handler], bool]) -> None:
    bmc.answer = answer
    with pytest.raises(BmcFault) as error:
        read(at(bmc), LOGIN, wanted)
    assert error.value.id == "bmc-answer-too-large"


def slow_head(handler: Handler) -> bool:
    drip(handler, b"X")
    return True


def endless_headers(handler: Handler) -> bool:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    drip(handler, b"X-A: b\r\n", pause=0.2)
    return True


def slow_body(handler: Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    drip(handler, b"{")
    return True


def slow_chunks(handler: Handler) -> bool:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    drip(handler, b"1\r\n{\r\n")
    return True


@pytest.mark.parametrize("answer", [slow_head, endless_headers, slow_body, slow_chunks])
def test_a_slow_answer_ends_at_the_deadline(bmc: Bmc, answer: Callable[[Handler], bool]) -> None:
    """A time-out from byte to byte would never be met."""
    bmc.answer = answer
    begin = time.monotonic()
    with pytest.raises(BmcFault) as error:
        read(at(bmc), LOGIN, wanted, seconds=1.0)
    assert error.value.id == "bmc-timed-out"
    assert time.monotonic() - begin < 30


def test_a_slow_handshake_ends_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def trickle() -> None:
            with suppress(OSError):
                made, _ = listening.accept()
                with made:
                    made.sendall(b"\x16\x03\x03\x40\x00")
                    for _ in range(10_000):
                        made.sendall(b"\x02")
                        time.sleep(0.05)

        threading.Thread(target=trickle, daemon=True).start()
        with pytest.raises(BmcFault) as error:
            certificate(Endpoint("127.0.0.1", port), seconds=1.0)
        assert error.value.id == "bmc-timed-out"


def test_a_session_that_runs_out_of_time_is_closed_all_the_same(bmc: Bmc) -> None:
    def slow_systems(handler: Handler) -> bool:
        if "Systems" in handler.path:
            drip(handler, b"X")
            return True
        return False

    bmc.answer = slow_systems
    with pytest.raises(BmcFault) as error:
        read(at(bmc), LOGIN, wanted, seconds=2.0)
    assert error.value.id == "bmc-timed-out"
    assert bmc.heard[-1][0] == "DELETE"
    assert bmc.sessions == 0


def test_a_cancelled_session_is_closed_all_the_same(bmc: Bmc) -> None:
    cancel = threading.Event()

    def cancelled(handler: Handler) -> bool:
        if "Processors" in handler.path:
            cancel.set()
            drip(handler, b"X")
            return True
        return False

    bmc.answer = cancelled
    with pytest.raises(Interrupted):
        read(at(bmc), LOGIN, wanted, cancel=cancel)
    assert bmc.heard[-1][0] == "DELETE"


def garbled(body: bytes) -> Callable[[Handler], bool]:
    """In place of the system's own document."""

    def answer(handler: Handler) -> bool:
        if handler.path.rstrip("/").endswith("Systems/1"):
            handler.give(200, body)
            return True
        return False

    return answer


@pytest.mark.parametrize(
    "body",
    [
        b'{"MemorySummary": {"TotalSystemMemoryGiB": 1e999}, "Model": "X"}',
        b'{"MemorySummary": {"TotalSystemMemoryGiB": ' + b"9" * 100_000 + b'}, "Model": "X"}',
        b'{"MemorySummary": {"TotalSystemMemoryGiB": NaN}}',
        b'{"Model": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"Model": ' + b'{"Model": ' * 50_000,
        b'{"Processors": {"@odata.id": "/redfish/v1/' + b"../" * 50_000 + b'"}}',
        b'{"Memory": {"@odata.id": "https://198.51.100.9/redfish/v1/"}, "Storage": {"@odata.id": "//198.51.100.9/x"}}',
        b'{"Links": {"Chassis": [' + b'{"@odata.id": "/redfish/v1/Systems/1"}, ' * 20_000 + b"{}]}}",
        b'{"Model": "\\u0000\\ud800\\u202e"}',
        b'{"Model": "A", "Model": "B", "model": "C"}',
    ],
)
def test_a_hostile_document_ends_nothing_and_the_session_is_closed(bmc: Bmc, body: bytes) -> None:
    bmc.answer = garbled(body)
    found = read(at(bmc), LOGIN, wanted)
    facts = from_bmc(found, gathered_at="")
    assert facts.memory_mib is None
    assert all(character.isprintable() for character in repr(facts))
    assert bmc.heard[-1][0] == "DELETE"
    assert bmc.sessions == 0


def leads_elsewhere_later(handler: Handler) -> bool:
    if "Systems" in handler.path:
        handler.give(302, {}, Location="https://198.51.100.9/redfish/v1/Systems")
        return True
    return False


def huge_later(handler: Handler) -> bool:
    return "Systems" in handler.path and huge(handler)


@pytest.mark.parametrize(
    ("answer", "fault"), [(leads_elsewhere_later, "bmc-leads-elsewhere"), (huge_later, "bmc-answer-too-large")]
)
def test_a_session_that_ends_in_a_fault_is_closed(bmc: Bmc, answer: Callable[[Handler], bool], fault: str) -> None:
    bmc.answer = answer
    with pytest.raises(BmcFault) as error:
        read(at(bmc), LOGIN, wanted)
    assert error.value.id == fault
    assert bmc.heard[-1][0] == "DELETE"
    assert bmc.sessions == 0


def test_a_session_is_closed_whatever_the_reader_does(bmc: Bmc) -> None:
    def breaks(_: object) -> list[str]:
        raise RuntimeError("a fault of our own")

    with pytest.raises(RuntimeError):
        read(at(bmc), LOGIN, breaks)
    assert bmc.heard[-1][0] == "DELETE"


def test_a_session_only_reads(bmc: Bmc) -> None:
    """Whatever a document offers (Actions, Settings), nothing is sent but the login and the logout."""
    read(at(bmc), LOGIN, wanted)
    assert [(method, path) for method, path, *_ in bmc.heard if method != "GET"] == [
        ("POST", "/redfish/v1/SessionService/Sessions/"),
        ("DELETE", "/redfish/v1/SessionService/Sessions/7"),
    ]
    assert not any("Actions" in path for _, path, *_ in bmc.heard)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[" * 200_000, b"\xff\xfe", b'{"a":' * 50_000])
def test_an_answer_that_is_no_redfish(bmc: Bmc, body: bytes) -> None:
    def answer(handler: Handler) -> bool:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        return True

    bmc.answer = answer
    with pytest.raises(BmcFault) as error:
        read(at(bmc), LOGIN, wanted)
    assert error.value.id in ("bmc-answer-unreadable", "bmc-login-refused")


def test_what_a_session_may_not_see_is_left_out(bmc: Bmc) -> None:
    def forbidden(handler: Handler) -> bool:
        if "SmartStorage" in handler.path:
            handler.give(403, {"error": {}})
            return True
        return False

    bmc.answer = forbidden
    found = read(at(bmc), LOGIN, wanted)
    assert found["/redfish/v1/Systems/1/SmartStorage/"] is None
    assert from_bmc(found, gathered_at="").product == "ProLiant DL380 Gen10"


def test_no_proxy_and_no_netrc_of_the_controller_counts(
    bmc: Bmc, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    read(at(bmc), LOGIN, wanted)
    assert not any(basic for *_, basic in bmc.heard)
