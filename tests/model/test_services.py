"""Ports, ranges and protocols: as letters and people write them."""

import socket

import pytest

from sopctl.errors import UsageError
from sopctl.model import services
from sopctl.model.services import Ports


@pytest.mark.parametrize(
    ("text", "read", "written"),
    [
        ("443", Ports("tcp", 443, 443), 443),
        (443, Ports("tcp", 443, 443), 443),
        ("443/tcp", Ports("tcp", 443, 443), 443),
        ("53/udp", Ports("udp", 53, 53), "53/udp"),
        ("8000-8010", Ports("tcp", 8000, 8010), "8000-8010"),
        ("8000-8000", Ports("tcp", 8000, 8000), 8000),
        ("65535-65535/udp", Ports("udp", 65535, 65535), "65535/udp"),
        ("443/https", Ports("tcp", 443, 443), "443/https"),
        ("25/smtp", Ports("tcp", 25, 25), "25/smtp"),
    ],
)
def test_a_port_or_a_range(text: str | int, read: Ports, written: str | int) -> None:
    assert services.ports(text) == read
    assert services.plain(text) == written
    assert services.ports(str(read)) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "65536",
        "80-",
        "90-80",
        "80/sctp",
        "53/UDP",
        "080",
        "80,81",
        "8 0",
        "80\n",
        "٨٠",
        "80-90/http",
        "443/HTTPS",
        "443/",
    ],
)
def test_what_is_no_port(text: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        services.ports(text)


def test_a_list() -> None:
    assert [str(each) for each in services.listed(" 6379,161/udp  8000-8010, GRE ")] == [
        "6379",
        "161/udp",
        "8000-8010",
        "gre",
    ]
    for wrong in ("redis", "6379;161", "gre/udp", "99999"):
        with pytest.raises(UsageError, match="not a port or a protocol") as caught:
            services.listed(wrong)
        assert caught.value.id == "not-a-port-or-protocol"


@pytest.mark.parametrize(
    ("number", "name"),
    [
        (socket.IPPROTO_IGMP, "igmp"),
        (socket.IPPROTO_IPIP, "ipip"),
        (socket.IPPROTO_IPV6, "sit"),
        (socket.IPPROTO_GRE, "gre"),
        (socket.IPPROTO_ESP, "esp"),
        (socket.IPPROTO_AH, "ah"),
        (88, "eigrp"),
        (89, "ospf"),
        (socket.IPPROTO_PIM, "pim"),
        (112, "vrrp"),
        (115, "l2tp"),
        (socket.IPPROTO_SCTP, "sctp"),
        (250, "proto-250"),
    ],
)
def test_a_protocol_is_called_what_its_number_means(number: int, name: str) -> None:
    """IANA's numbers, as the system's own headers have them."""
    assert services.protocol(number) == name
    assert services.listed(name) == (name,)


def test_which_are_among_others() -> None:
    wide = Ports("tcp", 8000, 8010)
    assert services.port(443) == Ports("tcp", 443, 443)
    assert services.port(53, "udp") == Ports("udp", 53, 53)
    for within in (wide, Ports("tcp", 8000, 8000), Ports("tcp", 8010, 8010), Ports("tcp", 8001, 8009)):
        assert services.covered(within, ["gre", wide])
    for outside in (Ports("tcp", 7999, 8000), Ports("tcp", 8010, 8011), Ports("udp", 8000, 8000), "8000-8010", "esp"):
        assert not services.covered(outside, ["gre", wide])
    assert services.covered("gre", ["gre", wide])


def test_which_can_be_tried_from_outside() -> None:
    asked = (443, "53/udp", "8000-8010", "22", "443/https", "25/smtp")
    assert [str(each) for each in services.tried(asked)] == ["443", "22", "443/https", "25/smtp"]
