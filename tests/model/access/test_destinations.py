"""Where a deposit may be. How addresses are written in letters is in tests/cases/letters.yml."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.access.destinations import EVERYWHERE, REFUSED, Destinations

OURS = Destinations(ours={"192.0.2.1": "the switch sw1", "mail.example.org": "the office's mail server"})


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}", "::ffff:0:{}", "fd00:1::5efe:{}"]))
def test_an_ipv4_address_stays_what_it_is_in_any_dress(inner: ipaddress.IPv4Address, dress: str) -> None:
    plain = EVERYWHERE.judged(str(inner))
    assert EVERYWHERE.judged(dress.format(inner)) == plain or not plain


@pytest.mark.parametrize(("network", "what"), REFUSED)
def test_the_ends_of_what_is_refused(network: str, what: str) -> None:
    ends = ipaddress.ip_network(network)
    assert EVERYWHERE.judged(str(ends[0]))
    assert EVERYWHERE.judged(str(ends[-1]))


def test_this_machine_is_refused_but_in_a_rehearsal() -> None:
    assert EVERYWHERE.judged("192.0.2.7", here=True) == "an address of the controller itself"
    lab = Destinations(rehearsal=("192.0.2.0/24", "127.0.0.0/8"), networks=("198.18.0.0/15",), ours={"127.0.0.1": "x"})
    assert lab.judged("192.0.2.7", here=True) == ""
    assert lab.judged("127.0.0.1", here=True) == ""
    assert lab.judged("::1") == "the controller itself"
    assert str(lab.judged("192.0.3.7")).startswith("in none of the networks")


def test_our_own_machines_by_what_their_names_resolved_to() -> None:
    assert OURS.names == (("mail.example.org", "the office's mail server"),)
    assert OURS.judged("192.0.2.9") == ""
    knowing = OURS.knowing({"192.0.2.9": "the office's mail server"})
    assert (knowing.judged("192.0.2.9"), knowing.judged("192.0.2.1")) == ("the office's mail server", "the switch sw1")
    assert OURS.written("MAIL.example.org.") == "the office's mail server"


def test_a_network_of_one_or_two_addresses_has_no_ends() -> None:
    for network in ("192.0.2.7/32", "192.0.2.6/31"):
        assert Destinations(networks=(network,)).judged("192.0.2.7") == ""
