"""NetBox is asked in bounds, at one address, over TLS of an authority that is trusted; each refusal is a sentence."""

import ssl
from pathlib import Path

import pytest

from sopctl.adapters.netbox import transport
from sopctl.adapters.netbox.faults import NetBoxFault, Server
from sopctl.adapters.netbox.session import NetBox
from tests.adapters.netbox.fake_netbox import TOKEN, FakeNetBox, Next, netbox
from tests.authority import Authority, real_now


def opened(fake: FakeNetBox, waited: list[float] | None = None, **more: str) -> NetBox:
    waits = [] if waited is None else waited
    return NetBox(Server(fake.url, more.get("token", TOKEN)), wait=waits.append)


@pytest.mark.parametrize(
    ("script", "id", "says"),
    [
        (Next("GET", "status", 404, body=b"<html>no such page"), "netbox-refuses", "HTTP 404"),
        (Next("GET", "status", 200, body=b"<html>welcome"), "netbox-answer-unreadable", "not of its API"),
        (Next("GET", "status", 200, body=b"[]"), "netbox-answer-unreadable", "not of its API"),
        (Next("GET", "status", 200, body=b'{"netbox-version": "4.1.11"}'), "netbox-too-old", "NetBox 4.1.11"),
        (Next("GET", "status", 200, body=b'{"netbox-version": null}'), "netbox-too-old", "NetBox None"),
        (Next("GET", "status", 200, body=b"{}"), "netbox-too-old", "NetBox ?"),
        (Next("GET", "status", 500, body=b"\xff\xfe"), "netbox-refuses", "HTTP 500"),
        (Next("GET", "status", 302, headers={"Location": "http://198.18.0.1/"}), "netbox-moved", "moved"),
    ],
)
def test_what_is_no_netbox_or_not_this_one_is_said(script: Next, id: str, says: str) -> None:
    with netbox() as fake:
        fake.script.append(script)
        with pytest.raises(NetBoxFault) as raised:
            opened(fake)
        assert (raised.value.id, says in raised.value.message) == (id, True), raised.value.message
        assert TOKEN not in str(raised.value)
        assert fake.asked == ["GET status"]


def test_a_token_that_it_does_not_know_ends_it_at_once() -> None:
    with netbox() as fake:
        with pytest.raises(NetBoxFault, match="Invalid token") as raised:
            opened(fake, token="f" * 40)
        assert raised.value.id == "netbox-forbids"
        assert "ffff" not in str(raised.value)


@pytest.mark.parametrize(
    ("said", "waits"), [("7", 7.0), ("100000", 30.0), ("soon", 1.0), ("-5", 1.0), ("9" * 400, 1.0)]
)
def test_where_it_asks_for_patience_it_is_waited_in_bounds(said: str, waits: float) -> None:
    waited: list[float] = []
    with netbox() as fake:
        fake.script.append(Next("GET", "status", 429, headers={"Retry-After": said}))
        opened(fake, waited)
        assert waited == [waits]


def test_it_is_not_asked_for_ever() -> None:
    waited: list[float] = []
    with netbox() as fake:
        fake.script.append(Next("GET", "status", 503, times=9))
        with pytest.raises(NetBoxFault) as raised:
            opened(fake, waited)
        assert (raised.value.id, len(waited), len(fake.asked)) == ("netbox-busy", 3, 4)


def test_a_whole_run_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "RUN_SECONDS", 0.0)
    with netbox() as fake:
        with pytest.raises(NetBoxFault) as raised:
            opened(fake)
        assert (raised.value.id, fake.asked) == ("netbox-took-too-long", [])


def test_an_answer_that_is_too_large_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "MAX_ANSWER", 10)
    with netbox() as fake, pytest.raises(NetBoxFault, match="larger than 10 bytes"):
        opened(fake)


def test_pages_that_lie_elsewhere_are_not_fetched() -> None:
    page = b'{"count": 2, "next": "http://198.18.0.1/api/dcim/sites/?limit=1", "previous": null, "results": [%s]}'
    one = b'{"id": 1, "url": "http://198.18.0.1/api/dcim/sites/1/", "name": "a"}'
    with netbox() as fake:
        session = opened(fake)
        fake.script += [Next("GET", "dcim/sites", 200, times=2, body=page % one)]
        with pytest.raises(NetBoxFault) as raised:
            session.find("dcim.sites", name="a")
        assert raised.value.id == "netbox-leads-elsewhere"


def test_more_than_there_can_be_is_not_read() -> None:
    with netbox() as fake:
        session = opened(fake)
        for number in range(3):
            fake.add("dcim/sites", name=f"a{number}", slug=f"a{number}")
        fake.ignores_filters = True
        with pytest.raises(NetBoxFault, match="more than 2"):
            session.find("dcim.sites", 2, name="a")


def test_neither_netrc_nor_a_proxy_nor_anothers_authorities_play_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://198.18.0.1:3128")
    with netbox() as fake:
        opened(fake)  # it refuses any other authorization than the token's


def test_only_the_authority_that_is_named_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours, others = Authority(real_now()), Authority(real_now())
    context = served(ours, tmp_path)
    for name, authority in (("ours", ours), ("others", others)):
        (tmp_path / name).write_bytes(authority.root.pem)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ours"))
    with netbox(context) as fake:
        NetBox(Server(fake.url, TOKEN, tmp_path / "ours"))
        fake.asked.clear()
        for ca in (tmp_path / "others", None):
            with pytest.raises(NetBoxFault, match="certificate verify failed") as raised:
                NetBox(Server(fake.url, TOKEN, ca))
            assert raised.value.id == "netbox-unreachable"
        assert fake.asked == []


def served(authority: Authority, folder: Path) -> ssl.SSLContext:
    """TLS of a server on this machine with a certificate of this authority."""
    certificate = authority.server("localhost", name="localhost")
    (folder / "served.pem").write_bytes(certificate.pem + authority.middle.pem + certificate.key_pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "served.pem")
    return context
