"""What a person types about a target: pins, endpoints, services, jump hosts."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.errors import InvalidRecord
from sopctl.model.access.target import Jump, Pin, Service, ServiceKind, endpoint, fingerprint, jump, pin, service

BLOB = b"\0\0\0\x0bssh-ed25519" + b"\0\0\0\x20" + bytes(32)
LINE = f"ssh-ed25519 {base64.b64encode(BLOB).decode()}"
PRINT = fingerprint(BLOB)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (PRINT, Pin(PRINT)),
        (f"  {PRINT}\n", Pin(PRINT)),
        (f"ssh-ed25519 {PRINT}", Pin(PRINT, "ssh-ed25519")),
        (LINE, Pin(PRINT, "ssh-ed25519")),
        (f"{LINE} root@server", Pin(PRINT, "ssh-ed25519")),
    ],
)
def test_pin(text: str, read: Pin) -> None:
    assert pin(text) == read
    assert pin(str(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SHA256:",
        "SHA256:short",
        "no key",
        "MD5:aa:bb",
        PRINT + "x",
        "ssh-ed25519",
        "ssh-ed25519 !!!",
        LINE.replace("ssh-ed25519", "ssh-rsa"),
    ],
)
def test_no_pin(text: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        pin(text)
    assert caught.value.id == "not-a-host-key"


@given(st.text())
def test_a_pin_is_read_or_refused(text: str) -> None:
    try:
        pin(text)
    except InvalidRecord:
        return
    assert "SHA256:" in text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("web.example.org", ("web.example.org", 22)),
        ("WEB.example.org:2222", ("web.example.org", 2222)),
        ("192.0.2.7", ("192.0.2.7", 22)),
        ("192.0.2.7:65535", ("192.0.2.7", 65535)),
        ("2001:db8::7", ("2001:db8::7", 22)),
        ("[2001:db8::7]", ("2001:db8::7", 22)),
        ("[2001:db8::7]:23", ("2001:db8::7", 23)),
        ("localhost:1", ("localhost", 1)),
    ],
)
def test_endpoint(text: str, read: tuple[str, int]) -> None:
    assert endpoint(text) == read


@pytest.mark.parametrize(
    "text",
    ["", "-oProxyCommand=x", "a b", "a/b", "@file", "~web", "[1:9]", "web_1", "web:", "web:0", "web:65536", "web:22a",
     "web:١", "[::1]22", "[::1]:", "web.example.org\n", "a..b", "a" * 64, "\x1b[2J"],
)  # fmt: skip
def test_no_endpoint(text: str) -> None:
    with pytest.raises(InvalidRecord):
        endpoint(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [("443", Service(443)), ("443/tls", Service(443, ServiceKind.TLS)), ("80/http", Service(80, ServiceKind.HTTP))],
)
def test_service(text: str, read: Service) -> None:
    assert service(text) == read


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "443/", "443/TLS", "443/udp", "٤٤٣", "443/tls\n", "/tls", "80/http/x"]
)
def test_no_service(text: str) -> None:
    with pytest.raises(InvalidRecord):
        service(text)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("hop@gate.example.org", Jump("gate.example.org", 22, "hop", Pin(PRINT))),
        ("gate.example.org:2222", Jump("gate.example.org", 2222, "deposit", Pin(PRINT))),
        ("hop@[2001:db8::7]:23", Jump("2001:db8::7", 23, "hop", Pin(PRINT))),
    ],
)
def test_jump(text: str, read: Jump) -> None:
    assert jump(text, PRINT, user="deposit") == read


@pytest.mark.parametrize(
    ("text", "key", "name"),
    [
        ("gate.example.org", PRINT, "jump-user-missing"),
        ("@gate.example.org", PRINT, "jump-user-missing"),
        ("a@", PRINT, "not-a-host"),
        ("a@-oProxyCommand=x", PRINT, "not-a-host"),
        ("a@gate.example.org:0", PRINT, "not-a-port"),
        ("a@gate.example.org", "nonsense", "not-a-host-key"),
    ],
)
def test_no_jump(text: str, key: str, name: str) -> None:
    with pytest.raises(InvalidRecord) as caught:
        jump(text, key)
    assert caught.value.id == name
