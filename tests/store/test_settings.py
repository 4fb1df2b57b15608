"""What sopctl.yml may say, and what is read from it."""

from typing import Any

import msgspec
import pytest

from sopctl.model.principal import Principal
from sopctl.store.settings import Settings

PEOPLE: dict[str, Any] = {
    "ayu": {"role": "kabid", "name": "Ayu", "login": "ayu", "email": "ayu@example.org"},
    "budi": {"role": "pelaksana", "name": "Budi", "login": "budi"},
    "ayu-2": {"role": "kadis", "name": "Ayu", "login": "ayu"},
}
MAIL = {"host": "mail.example.org", "sender": "sopctl@example.org"}
PLAIN = {"office": {"agency": "Pemerintah", "name": "Dinas", "address": "Jalan"}, "people": PEOPLE}
HOOK = {"url": "hook"}
NETBOX = {"url": "https://netbox.example.org", "token": "netbox"}
OPENID = {"issuer": "https://id.example.org", "client": "page", "accounts": {}}


def settings(**said: Any) -> Settings:
    return msgspec.convert({**PLAIN, **said}, Settings)


@pytest.mark.parametrize(
    "said",
    [
        {"management": {"before": "older"}},
        {"resolvers": {"servers": ["192.0.2.53"], "search": ["example.org"]}},
        {"resolvers": {"servers": ["192.0.2.53"]}},
        {"mail": {**MAIL, "host": "localhost"}},
        {"mail": {**MAIL, "user": "sopctl", "password": "smtp"}},
        {"netbox": {**NETBOX, "url": "http://127.0.0.1:8000"}},
        {"netbox": {**NETBOX, "url": "http://localhost"}},
        {"page": {"url": "https://titipan.example.org", "oidc": {**OPENID, "issuer": "http://localhost:9"}}},
        {"page": {"url": "https://titipan.example.org", "oidc": {**OPENID, "issuer": "http://127.0.0.1:9"}}},
        {"signing": {"tsa": "https://tsa.example.org", "level": "b-t", "stamp_journal": True}},
        {"engine": {"url": "tls://localhost:4222", "networks": ["a", "b"]}},
        {"checks": {"notify": ["hook"]}, "channels": {"hook": HOOK}},
        {"checks": {"notify": ["ayu"]}, "mail": MAIL, "report_to": ["ayu"]},
        {"networks": ["192.0.2.0/24"], "rehearsal_networks": ["127.0.0.0/8"]},
        {"controllers": ["192.0.2.1", "admin.example.org"], "time_servers": ["192.0.2.123", "ntp.example.org"]},
        {"units": {"dinkes": {"name": "Dinas Kesehatan", "also": ["Dinkes"]}, "rsud": {"name": "RSUD"}}},
    ],
)
def test_what_settings_may_say(said: dict[str, Any]) -> None:
    assert settings(**said)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"management": {"before": "management"}}, "Expected another key in `before` than in `key`"),
        ({"resolvers": {"servers": ["dns.example.org"]}}, "Expected IP addresses in `servers`"),
        (
            {"resolvers": {"servers": ["192.0.2.53"], "search": ["-x"]}},
            "Expected domains such as example.org in `search`",
        ),
        ({"resolvers": {"search": ["example.org"]}}, "Expected `servers` beside `search`"),
        ({"mail": {**MAIL, "host": "not a host"}}, "Expected an IP address or a host name in `host`"),
        ({"mail": {**MAIL, "user": "sopctl"}}, "Expected `user` and `password` (a file in keys/) together"),
        ({"mail": {**MAIL, "password": "smtp"}}, "Expected `user` and `password` (a file in keys/) together"),
        (
            {"netbox": {**NETBOX, "url": "http://netbox.example.org"}},
            "Expected an encrypted address (https://) in `url`",
        ),
        (
            {"page": {"url": "https://titipan.example.org", "oidc": {**OPENID, "issuer": "http://id.example.org"}}},
            "Expected an encrypted address (https://) in `issuer`",
        ),
        ({"signing": {"level": "b-t"}}, "Expected a timestamp authority (`tsa`)"),
        ({"signing": {"stamp_journal": True}}, "Expected a timestamp authority (`tsa`)"),
        ({"engine": {"url": "tls://a..b:4222"}}, "Expected an IP address or a host name in `url`"),
        ({"engine": {"url": "tls://engine.example.org:4222", "networks": ["a", "a"]}}, "Expected each network once"),
        ({"time_zone": "Asia/Nowhere"}, "Expected a time zone such as Asia/Jakarta in `time_zone`"),
        ({"controllers": ["192.0.2.1", "not one"]}, "Expected IP addresses in `controllers`"),
        ({"time_servers": ["192.0.2.1", "not one"]}, "Expected IP addresses or host names in `time_servers`"),
        ({"networks": ["192.0.2.0/24", "x"]}, "Expected networks such as 10.20.0.0/16 in `networks`"),
        ({"rehearsal_networks": ["x"]}, "Expected networks such as 10.20.0.0/16 in `rehearsal_networks`"),
        (
            {"units": {"dinkes": {"name": "Dinas Kesehatan"}, "rsud": {"name": "RSUD", "also": ["dinas  KESEHATAN"]}}},
            "Expected each name in `units` once; `dinas  KESEHATAN` is of dinkes too",
        ),
        (
            {"checks": {"notify": ["nobody"]}},
            "Expected names of `channels` or of `people` with an `email` in `checks.notify`",
        ),
        ({"checks": {"notify": ["budi"]}, "mail": MAIL}, "Expected names of `channels` or of `people` with an `email`"),
        (
            {"checks": {"notify": ["ayu"]}, "channels": {"ayu": HOOK}, "mail": MAIL},
            "Expected names of `channels` or of",
        ),
        (
            {"checks": {"notify": ["ayu"]}},
            "Expected a mail server (`mail`) where `checks.notify` names a person, `ayu`",
        ),
        (
            {"report_to": ["budi"], "mail": MAIL},
            "Expected names of `people` with an `email` in `report_to`, not `budi`",
        ),
        (
            {"report_to": ["nobody"], "mail": MAIL},
            "Expected names of `people` with an `email` in `report_to`, not `nobody`",
        ),
        ({"report_to": ["ayu"]}, "Expected a mail server (`mail`) where `report_to` names a person, `ayu`"),
        (
            {"first_contact_keys": ["management"]},
            "Expected in `first_contact_keys` keys that are for nothing else, not `management`",
        ),
        ({"first_contact_keys": ["vault"]}, "not `vault`"),
        ({"first_contact_keys": ["owner.pub"]}, "not `owner.pub`"),
        ({"first_contact_keys": ["older"], "management": {"before": "older"}}, "not `older`"),
        ({"first_contact_keys": ["hook"], "channels": {"hook": HOOK}}, "not `hook`"),
    ],
)
def test_what_settings_may_not_say(said: dict[str, Any], why: str) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        settings(**said)
    assert why in str(refused.value)


def test_the_default_key_of_letters_is_left_out_where_it_is_the_offices() -> None:
    assert settings().for_letters == ("owner",)
    assert settings(management={"key": "owner"}).for_letters == ()
    assert settings(first_contact_keys=["owner", "dinkes"]).for_letters == ("owner", "dinkes")


def test_which_secrets_the_settings_name() -> None:
    said = settings(
        channels={"chat": {"url": "chat-url"}, "events": {"url": "events-url", "signed_with": "events-key"}},
        mail={**MAIL, "user": "sopctl", "password": "smtp"},
        signing={"bsre": {"url": "https://bsre.example.org", "user": "app", "password": "bsre"}},
        netbox=NETBOX,
    )
    assert {name: str(each) for name, each in said.secrets.items()} == {
        "chat-url": "the channel chat",
        "events-url": "the channel events",
        "smtp": "the mail server",
        "bsre": "BSrE's service",
        "netbox": "NetBox",
    }
    assert (list(said.message_channels), list(said.receivers)) == (["chat"], ["events"])
    assert settings(mail=MAIL).secrets == {}


@pytest.mark.parametrize(
    ("clerks", "login", "who"),
    [
        ("everyone", "ayu", Principal("ayu", "person", ("ayu", "ayu-2"), clerk=True)),
        ("everyone", "x", Principal("x", "nobody", clerk=True)),
        (["x"], "x", Principal("x", "nobody", clerk=True)),
        (["x"], "budi", Principal("budi", "person", ("budi",), clerk=False)),
        (["x"], "", Principal("", "nobody", clerk=False)),
    ],
)
def test_who_has_a_login(clerks: object, login: str, who: Principal) -> None:
    nameless = {**PEOPLE, "citra": {"role": "staf", "name": "Citra"}}
    assert settings(clerks=clerks, people=nameless).principal(login) == who


def test_which_roles_are_named_and_who_has_one() -> None:
    said = settings(papers={"letter_signer": "kabid"}, escalation={2: "kabid"}, head="kadis")
    assert list(said.roles()) == [
        (("people", "ayu", "role"), "kabid"),
        (("people", "budi", "role"), "pelaksana"),
        (("people", "ayu-2", "role"), "kadis"),
        (("head",), "kadis"),
        (("papers", "letter_signer"), "kabid"),
        (("escalation", "2"), "kabid"),
    ]
    assert (("papers", "letter_signer"), "") not in list(settings().roles())
    assert (said.with_role("kabid"), said.with_role("staf")) == (["ayu"], [])


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("tls://engine.example.org:4222", "engine.example.org", 4222),
        ("tls://192.0.2.7:1", "192.0.2.7", 1),
        ("tls://[2001:db8::7]:4222", "2001:db8::7", 4222),
    ],
)
def test_where_the_broker_is(url: str, host: str, port: int) -> None:
    engine = settings(engine={"url": url}).engine
    assert engine is not None
    assert (engine.host, engine.port) == (host, port)
