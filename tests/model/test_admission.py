"""The gate of letters by itself. What letters may say is in tests/cases/letters.yml."""

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sopctl.errors import Action
from sopctl.locale import Text
from sopctl.model import admission
from sopctl.model.access import public_key
from sopctl.model.access.destinations import Destinations
from sopctl.model.admission import House, added, objections
from sopctl.model.deposit import (
    Adoption,
    ApplianceRequest,
    Bmc,
    Contact,
    Deposit,
    FirstContact,
    Network,
    Request,
    RequestedAccount,
    StaticAddress,
)
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from tests.cases import rows
from tests.model.letters import letter

RECORD = msgspec.convert({**yaml.load(EXAMPLE_REQUEST, yaml.BaseLoader), "id": "PS-2026-0001"}, Deposit, strict=False)
HIDDEN = [chr(code) for code in (0x200B, 0x200F, 0x202E, 0x2066, 0x2069, 0xFEFF, 0x00AD, 0x2028, 0xE0041, 0x3164)]


def test_an_edit_answers_for_what_it_brings_in_alone() -> None:
    """A record of earlier days says what is no longer let in; its other fields can still be mended."""
    old = replace(RECORD, access=replace(RECORD.access, first_contact=FirstContact("titipan", key="management")))
    mended = replace(old, server=replace(old.server, application="Web"))
    worse = replace(mended, access=replace(mended.access, address="127.0.0.1"))
    assert [each.field for each in objections(old, House())] == ["access.first_contact.key"]
    assert added(old, mended, House()) == []
    assert [each.field for each in added(old, worse, House())] == ["access.address"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda each: f"{ord(each):04X}")
def test_nothing_hides_in_any_text_of_a_letter(hidden: str) -> None:
    """Each field that takes a line of text, found in the record's own type: a new one is looked at from its first
    day."""

    def texts(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
        if isinstance(value, dict):
            return [found for key, each in value.items() for found in texts(each, (*path, key))]
        if isinstance(value, list):
            return [found for key, each in enumerate(value) for found in texts(each, (*path, key))]
        return [path] if isinstance(value, str) else []

    server = replace(RECORD.server, processor="Xeon", application="Web", disks=("SSD",), operating_system="Debian")
    people = replace(RECORD.contacts.technical, phone="0812")
    full = replace(RECORD, server=server, contacts=replace(RECORD.contacts, technical=people, administrative=people))
    plain = msgspec.to_builtins(full)
    for path in texts(plain):
        changed = msgspec.json.decode(msgspec.json.encode(plain))
        here = changed
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] += hidden
        try:
            record = msgspec.convert(changed, Deposit, strict=False)
        except msgspec.ValidationError:
            continue
        assert any(each.path == path for each in objections(record, House())), path


OFFICE_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"


@pytest.mark.parametrize(
    "row", [row for row in rows("letters") if not row.keys() & {"site", "switch"}], ids=lambda row: row["name"]
)
def test_what_a_letter_may_say_by_itself(row: dict[str, Any]) -> None:
    """Where no setting of the site decides; what its type refuses is not asked of the gate."""
    types = {"server": Request, "appliance": ApplianceRequest}
    try:
        record = msgspec.convert(letter(row, OFFICE_KEY), types[row.get("of", "server")], strict=False)
    except msgspec.ValidationError:
        assert row["says"]
        return
    house = House(own_keys=frozenset({public_key.blob(OFFICE_KEY)}))
    found = [f"{each.field}: {each.reason}" for each in objections(record, house)]
    assert any(row["says"] in each for each in found) if row["says"] else found == []


MANY: dict[str, tuple[Callable[[int], Any], int]] = {
    "access.accounts": (lambda n: RequestedAccount(f"u{n}", ("ssh-ed25519 AAAA",)), 50),
    "access.ports": (lambda n: n + 1000, 256),
    "access.sources": (lambda n: "192.0.2.0/24", 256),
    "server.disks": (lambda n: "SSD", 128),
    "network.tagged": (lambda n: 7, 128),
    "network.macs": (lambda n: "52:54:00:12:34:56", 32),
}


@pytest.mark.parametrize("path", MANY)
def test_how_many_entries_a_list_may_have(path: str) -> None:
    (part, field), (entry, most) = path.split("."), MANY[path]
    full = replace(RECORD, network=Network())
    said = []
    for entries in (most, most + 1):
        longer = replace(getattr(full, part), **{field: tuple(map(entry, range(entries)))})
        said.append([each.field for each in objections(replace(full, **{part: longer}), House())])
    assert [path in each for each in said] == [False, True]


def test_every_list_that_is_counted_is_in_the_table() -> None:
    assert {".".join(path) for path in admission.MOST} == MANY.keys()


@pytest.mark.parametrize(("keys", "said"), [(20, []), (21, ["access.accounts.0.keys"])])
def test_how_many_keys_an_account_may_have(keys: int, said: list[str]) -> None:
    many = RequestedAccount("webadmin", tuple(f"ssh-ed25519 {n:04}" for n in range(keys)))
    found = objections(replace(RECORD, access=replace(RECORD.access, accounts=(many,))), House())
    assert [each.field for each in found if each.path[-1] == "keys"] == said


@pytest.mark.parametrize(("year", "meant"), [(1944, False), (1945, True), (2199, True), (2200, False)])
def test_which_years_are_meant(year: int, meant: bool) -> None:
    assert RECORD.letter is not None
    said = replace(RECORD, valid_until=date(year, 1, 1), letter=replace(RECORD.letter, date=date(year, 1, 1)))
    assert [each.field for each in objections(said, House())] == ([] if meant else ["valid_until", "letter.date"])


def test_what_an_adoption_leaves_out_is_not_objected_to() -> None:
    assert objections(adopted(letter=None, valid_until=None), House()) == []


def adopted(**changed: Any) -> Adoption:
    """The example, as one adopts a server."""
    plain = {name: getattr(RECORD, name) for name in Adoption.__struct_fields__}
    return Adoption(**{**plain, **changed})


@pytest.mark.parametrize("gives", [False, True])
@pytest.mark.parametrize("record", [RECORD, adopted()], ids=["a request", "an adoption"])
def test_without_an_address_only_the_office_can_give_one(record: Adoption, gives: bool) -> None:
    """What is adopted stands there already, and answers somewhere."""
    said = objections(replace(record, access=replace(record.access, address="")), House(gives_addresses=gives))
    opened = not isinstance(record, Deposit)
    assert [each.field for each in said] == (["access.address"] if opened or not gives else [])
    assert all(("networks/" in str(each.remedy)) != opened for each in said)


@pytest.mark.parametrize("role", ["administrative", "technical"])
@pytest.mark.parametrize(
    ("email", "mailable"),
    [
        (f"{'a' * 64}@example.org", True),
        (f"{'a' * 65}@example.org", False),
        ("a.b@example.org", True),
        ("a.@example.org", False),
        (".a@example.org", False),
        ("-a@example.org", False),
        ("a-@EXAMPLE.org", True),
        (None, True),
    ],
)
def test_where_messages_can_be_sent(role: str, email: str | None, mailable: bool) -> None:
    contacts = replace(RECORD.contacts, **{role: Contact("Kepala", email=email)})
    found = objections(replace(RECORD, contacts=contacts), House())
    assert [each.field for each in found] == ([] if mailable else [f"contacts.{role}.email"])


def test_the_office_has_accounts_of_its_own() -> None:
    """Those of the site, and on this server the one that the letter names."""
    house = House(management_accounts=frozenset({"kominfo"}))
    accounts = tuple(RequestedAccount(name, ("ssh-ed25519 AAAA",)) for name in ("kominfo", "sopctl"))
    way = FirstContact("kominfo2")
    access = replace(RECORD.access, management_account="kominfo2", accounts=accounts, first_contact=way)
    found = [
        each.field for each in objections(replace(RECORD, access=access), house) if each.path[-1] in ("name", "user")
    ]
    assert found == ["access.first_contact.user", "access.accounts.0.name"]


@pytest.mark.parametrize(
    ("kind", "user", "said"),
    [
        ("server", "root", []),
        ("server", "daemon", ["access.first_contact.user"]),
        ("server", "sopctl", ["access.first_contact.user"]),
        ("appliance", "daemon", []),
    ],
)
def test_which_account_first_contact_may_name(kind: Any, user: str, said: list[str]) -> None:
    platform = "cisco_ios" if kind == "appliance" else None
    access = replace(RECORD.access, first_contact=FirstContact(user), accounts=())
    found = objections(replace(RECORD, kind=kind, platform=platform, access=access), House())
    assert [each.field for each in found] == said


def test_what_helps_with_a_secret_names_how_the_office_gives_it() -> None:
    advised = {}
    for way in (FirstContact("titipan", password="vault"), FirstContact("titipan", key="vault")):
        access = replace(RECORD.access, first_contact=way, accounts=())
        (found,) = objections(replace(RECORD, kind="appliance", platform="cisco_ios", access=access), House())
        assert isinstance(found.remedy, tuple)
        advised[found.field] = found.remedy[1]
    assert advised == {
        "access.first_contact.password": Action("login", needs=("id",), given={"ask-password": ""}),
        "access.first_contact.key": Action("login", needs=("file", "id")),
    }


@pytest.mark.parametrize("name", ["root", "sudo", "nginx", "_new", "systemd-new"])
def test_the_systems_accounts_are_nobodys(name: str) -> None:
    found = objections(replace(RECORD, access=replace(RECORD.access, management_account=name)), House())
    assert [each.field for each in found] == ["access.management_account"]


def test_a_network_of_the_site_holds_for_servers_and_not_for_gateways() -> None:
    said = replace(
        RECORD, bmc=Bmc("192.0.2.200"), access=replace(RECORD.access, static_address=StaticAddress(24, "192.0.2.254"))
    )
    house = House(Destinations(networks=("192.0.2.0/25",)))
    assert [each.field for each in objections(said, house)] == ["bmc.address"]


@pytest.mark.parametrize(
    ("text", "exact", "latin", "plain"),
    [
        ("", True, True, True),
        (" ", False, False, False),
        ("\u00a0", False, False, False),
        ("SN-1 /~", True, True, True),
        ("é", False, True, True),
        ("e\u0301", False, True, True),
        ("\ufb01", False, False, True),
        *((each, False, True, True) for each in "–—‘’“”«»·°×…"),
        ("¬", False, False, True),
        ("я", False, False, True),
        ("яa", False, False, False),
        ("яé", False, False, False),
        ("漢かカーㄅ한", False, False, True),
        ("漢a", False, False, False),
        ("aª", False, False, True),
        ("aº", False, False, True),
        ("aµ", False, False, True),
        ("aʰ", False, False, True),
        ("a\u00a0b", False, False, True),
        ("a\u0301\u0302", False, False, True),
        ("a\u0301\u0302b\u0301\u0302", False, False, True),
        ("a\u0301\u0302\u0303", False, False, False),
        ("\u200b", False, False, False),
        ("\x7f", False, False, False),
    ],
)
def test_what_each_kind_of_text_may_be(text: str, exact: bool, latin: bool, plain: bool) -> None:
    """As it stands on a machine; by which a unit is known again; as people read it."""
    looks = (admission._not_exact, admission._not_latin, admission._not_plain)
    assert [look(text) == "" for look in looks] == [exact, latin, plain]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\u200b", "the character U+200B (zero width space) cannot be seen"),
        ("a\ue000", "the character U+E000 cannot be seen"),
        ("я漢a", "letters of two scripts look alike (cjk, cyrillic, latin)"),
    ],
)
def test_what_is_wrong_with_a_text_is_named(text: str, said: str) -> None:
    assert str(admission._not_plain(text)) == said


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    for look in (admission._not_exact, admission._not_latin, admission._not_plain):
        assert isinstance(look(text), str | Text)
    assert isinstance(admission._mailable(text), bool)
