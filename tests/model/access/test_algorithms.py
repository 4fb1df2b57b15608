"""Which old SSH algorithms a record may allow, and who may."""

import re
from collections.abc import Collection
from importlib.metadata import version
from typing import Any, get_args

import msgspec
import pytest

from sopctl.adapters.spoken import Transport
from sopctl.model.access.algorithms import LEGACY, MODERN, OLD, Kind, Old, allowed
from sopctl.model.deposit import Access, Adoption, ApplianceAccess, RequestedAccess
from sopctl.model.ports.switch import SwitchRecord

SWITCH = {
    "name": "sw-a1",
    "platform": "cisco_ios",
    "address": "192.0.2.2",
    "account": "sopctl",
    "password": "sw-a1",
    "ports": "GigabitEthernet1/0/{n}",
    "service_vlan": "110",
    "quarantine_vlan": "999",
}
CONTACT = {"user": "dinas", "password": "fw1"}
ACCOUNTS = [
    {"name": "dinas", "keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleE"]}
]


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ("true", set(LEGACY)),
        ("false", set()),
        (["diffie-hellman-group14-sha1", "ssh-rsa"], {"diffie-hellman-group14-sha1", "ssh-rsa"}),
        (["diffie-hellman-group1-sha1", "3des-cbc"], {"diffie-hellman-group1-sha1", "3des-cbc"}),
    ],
)
def test_a_switchs_record_allows_old_algorithms_all_or_by_name(said: object, means: set[str]) -> None:
    """Records are read as text."""
    record = msgspec.convert({**SWITCH, "legacy": said}, SwitchRecord, strict=False)
    assert set(allowed(record.legacy)) == means
    assert allowed(msgspec.convert(SWITCH, SwitchRecord, strict=False).legacy) == ()


@pytest.mark.parametrize("said", ["ssh-rsa", ["arcfour"], ["none"], ["ssh-dss"], ["hmac-md5"], ["rsa-sha2-256"], "yes"])
def test_what_is_no_old_algorithm_or_too_bad_a_one_is_refused(said: object) -> None:
    with pytest.raises(msgspec.ValidationError, match="legacy"):
        msgspec.convert({**SWITCH, "legacy": said}, SwitchRecord, strict=False)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (ApplianceAccess, {"first_contact": CONTACT}),
        (RequestedAccess, {"first_contact": {"user": "dinas"}, "accounts": ACCOUNTS}),
    ],
)
def test_a_letter_allows_none(kind: type[Access], more: dict[str, Any]) -> None:
    said = {"address": "192.0.2.20", **more}
    assert msgspec.convert(said, kind, strict=False).legacy is False
    with pytest.raises(msgspec.ValidationError, match=re.escape("for the office to allow, not for a letter")):
        msgspec.convert({**said, "legacy": ["ssh-rsa"]}, kind, strict=False)


def test_the_office_may_allow_some_for_an_appliance_and_none_for_a_server() -> None:
    said = {
        "unit": "Dinas Contoh",
        "contacts": {"administrative": {"name": "A"}, "technical": {"name": "B"}},
        "server": {"name": "fw1.example.org", "brand_model": "Contoh", "height_units": "1"},
        "access": {"address": "192.0.2.20", "first_contact": CONTACT, "legacy": ["ssh-rsa"]},
        "kind": "appliance",
        "platform": "cisco_ios",
    }
    assert allowed(msgspec.convert(said, Adoption, strict=False).access.legacy) == ("ssh-rsa",)
    server = {**said, "kind": "server", "platform": None}
    server["access"] = {"address": "192.0.2.20", "first_contact": {"user": "dinas"}, "legacy": "true"}
    with pytest.raises(msgspec.ValidationError, match="Expected `legacy` for an appliance only"):
        msgspec.convert(server, Adoption, strict=False)


@pytest.mark.skipif(version("paramiko") < "5", reason="an older one lacks some, and they are not offered")
def test_every_modern_algorithm_is_one_that_our_transport_knows() -> None:
    known: dict[Kind, Collection[str]] = {
        Kind.KEX: Transport._kex_info,
        Kind.HOST_KEY: Transport._key_info,
        Kind.CIPHER: Transport._cipher_info,  # type: ignore[attr-defined]  # not in the stubs
        Kind.MAC: Transport._mac_info,  # type: ignore[attr-defined]
        Kind.COMPRESSION: Transport._compression_info,  # type: ignore[attr-defined]
    }
    assert [each for kind in Kind for each in MODERN[kind] if each not in known[kind]] == []


def test_an_old_algorithm_is_of_one_kind_and_not_modern() -> None:
    old = [each for names in OLD.values() for each in names]
    assert sorted(old) == sorted(get_args(Old))
    assert set(LEGACY) == set(old) - {"diffie-hellman-group1-sha1", "3des-cbc"}
    assert not set(old) & {each for names in MODERN.values() for each in names}
