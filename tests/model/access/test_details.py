"""What was seen is worded at the edge, part by part; in English it is what the record has."""

import pytest

from sopctl.locale import Text
from sopctl.model.access import details

OURS = [
    "192.0.2.1: connection refused",
    "192.0.2.1: no answer; 2001:db8::1: network is unreachable",
    "tcp: 192.0.2.1: no answer",
    "the server refuses the key; the server says: go away",
    "expected ssh-ed25519 SHA256:a, but the server shows ssh-ed25519 SHA256:b",
    "keys: the key SHA256:a is not in /home/x/.ssh/authorized_keys",
    "jump host gate.example.org: 192.0.2.1: no answer",
]


@pytest.mark.parametrize("detail", OURS)
def test_a_detail_is_a_text_that_says_the_same(detail: str) -> None:
    found = details.read(detail)
    assert isinstance(found, Text)
    assert found.values
    assert found == detail


def test_a_detail_is_looked_at_to_its_bound() -> None:
    assert [isinstance(details.read("tcp: " + "a" * length), Text) for length in (1995, 1996)] == [True, False]


@pytest.mark.parametrize("detail", ["", "SSH-2.0-OpenSSH_9.2", "{braces} of: theirs", "a" * 5000])
def test_what_a_server_said_is_as_it_said_it(detail: str) -> None:
    assert details.read(detail) == detail
