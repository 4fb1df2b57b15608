"""NetBox follows the deposits: what is known of each is there, who has left is not active, and one stops no other."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec import structs

from sopctl.adapters.netbox import Outcome
from sopctl.cli.main import cli
from sopctl.errors import Conflict, InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.store import dossiers, locks
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.house import netbox
from sopctl.workflow.setup import doctor, scheduling
from sopctl.workflow.steps.mending import leaving
from tests.adapters.netbox.fake_netbox import TOKEN, FakeNetBox, Next
from tests.adapters.netbox.fake_netbox import netbox as served
from tests.conftest import Clock
from tests.contract import hold
from tests.printed import DOCS, printed
from tests.workflow.views.test_inventories import RACK, gather

KEY = {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}


@pytest.fixture
def fake() -> Iterator[FakeNetBox]:
    with served() as found:
        yield found


@pytest.fixture
def office(desk: Desk, fake: FakeNetBox) -> Desk:
    """A desk whose site names the NetBox."""
    path = desk.site.root / "sopctl.yml"
    path.write_text(f"{path.read_text()}\nnetbox: {{url: '{fake.url}', token: netbox}}\n")
    _keep_token(desk.site)
    return replace(desk, site=Site(desk.site.root))


def _keep_token(site: Site) -> None:
    file = site.root / "keys/netbox"
    file.touch(0o600)
    file.write_text(f"{TOKEN}\n")


def sync(desk: Desk, *ids: str, dry_run: bool = False) -> tuple[list[Outcome], list[SopctlError]]:
    errors: list[SopctlError] = []
    return netbox.sync(desk, ids, dry_run=dry_run, errors=errors), errors


def facts_of(clock: Clock, serial: str) -> ServerFacts:
    return structs.replace(from_script(RACK, gathered_at=clock.now.isoformat()), serial=serial)


def gathered(desk: Desk, clock: Clock, deposit: str, serial: str) -> None:
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, deposit, verb) as mine:
            mine.record(outcome)
    gather(desk, deposit, facts_of(clock, serial))


def test_from_the_place_to_the_last_day(
    office: Desk, fake: FakeNetBox, clock: Clock, until_space: Callable[..., str], placed: Callable[..., str]
) -> None:
    planned = until_space({"address: 192.0.2.10 ": "address: 192.0.2.8 ", "SN-0001": "SN-2"})
    deposit = placed("192.0.2.7", 22, KEY)
    assert sync(office)[1] == []
    states = {each["asset_tag"]: each["status"] for each in fake.objects["dcim/devices"].values()}
    assert states == {planned: "planned", deposit: "staged"}
    gathered(office, clock, deposit, "SN-192.0.2.7-22")
    found, errors = sync(office)
    assert errors == []
    device = fake.only("dcim/devices", asset_tag=deposit)
    assert device["status"] == "active"
    assert fake.objects["dcim/inventory-items"]
    fake.asked.clear()
    again, errors = sync(office)
    assert (errors, [each for one in again for each in one.changes], fake.writes) == ([], [], [])
    leaving.write_off(office.decided_by("kabid"), deposit, lost="dicuri", reason="pembobolan")
    found, errors = sync(office, dry_run=True)
    assert [each.deposit for each in found if each.changes] == [deposit]
    assert fake.writes == []
    assert sync(office)[1] == []
    device = fake.only("dcim/devices", asset_tag=deposit)
    assert (device["status"], device["rack"], device["position"]) == ("offline", None, None)
    fake.asked.clear()
    assert [each.deposit for each in sync(office)[0]] == [planned], "who is gone there too is not asked for"


def test_what_one_deposit_meets_stops_no_other(
    office: Desk, fake: FakeNetBox, clock: Clock, placed: Callable[..., str]
) -> None:
    first, second = (placed(f"192.0.2.{number}", 22, KEY) for number in (7, 8))
    site = fake.add("dcim/sites", name=office.site.settings.office.name, slug="pd")
    rack = dossiers.read(office.site, first).summary.place
    assert rack
    here = fake.add("dcim/racks", name=rack.rack, site=site)
    maker = fake.add("dcim/manufacturers", name="Lain", slug="lain")
    kind = fake.add("dcim/device-types", manufacturer=maker, model="X", slug="x", u_height=1)
    role = fake.add("dcim/device-roles", name="Storage", slug="storage")
    fake.add(
        "dcim/devices", name="milik lain", site=site, rack=here, position=rack.unit, face="front", device_type=kind,
        role=role,
    )  # fmt: skip
    found, errors = sync(office)
    assert [(each.id, each.where.partition(",")[0]) for each in errors] == [("netbox-refuses", first)]
    assert "already occupied" in errors[0].message
    assert [each.deposit for each in found] == [first, second]
    assert fake.only("dcim/devices", asset_tag=second)["status"] == "staged"
    gathered(office, clock, first, "SN-192.0.2.7-22")
    (facts,) = (office.site.folder("deposits") / first / "facts").glob("*.json")
    facts.write_text("{}")
    fake.asked.clear()
    found, errors = sync(office)
    assert [(type(each), each.where.partition(",")[0]) for each in errors] == [(InvalidRecord, first)]
    assert fake.writes == [], "what is known of it cannot be read, and so nothing of it is changed"


def test_where_it_falls_silent_the_rest_is_not_tried(
    office: Desk, fake: FakeNetBox, placed: Callable[..., str]
) -> None:
    placed("192.0.2.7", 22, KEY), placed("192.0.2.8", 22, KEY)
    fake.script.append(Next("POST", "dcim/sites", 302))
    found, errors = sync(office)
    assert ([each.id for each in errors], len(found)) == (["netbox-moved"], 1)


def test_what_is_missing_is_said(office: Desk, fake: FakeNetBox, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError) as none:
        sync(_without(office))
    assert none.value.id == "no-netbox"
    with locks.hold(office.site.root / "var/locks/netbox", "another"), pytest.raises(Conflict):
        sync(office)
    with pytest.raises(SopctlError):
        sync(office, "PS-2026-0999")
    (office.site.root / "keys/netbox").unlink()
    with pytest.raises(OutsideFailure) as gone:
        sync(office)
    assert gone.value.id == "no-such-key"
    assert fake.writes == []
    monkeypatch.setitem(sys.modules, "pynetbox", None)
    _keep_token(office.site)
    with pytest.raises(OutsideFailure, match="needs libraries") as extra:
        sync(office)
    assert extra.value.id == "extra-missing"


@pytest.mark.parametrize("token", ["", "dua kata", "satu\nbaris-kedua", "tokén", "x" * 301])
def test_what_is_no_token_is_not_sent_nor_shown(office: Desk, fake: FakeNetBox, token: str) -> None:
    (office.site.root / "keys/netbox").write_text(token)
    with pytest.raises(OutsideFailure) as refused:
        sync(office)
    assert (refused.value.id, fake.asked) == ("netbox-token-unusable", [])
    assert not any(word in str(refused.value) for word in ("baris-kedua", "tokén", "xxx"))


def test_no_letter_may_name_the_token(office: Desk) -> None:
    path = office.site.root / "sopctl.yml"
    path.write_text(f"{path.read_text()}first_contact_keys: [netbox, dinkes]\n")
    with pytest.raises(InvalidRecord, match="keys that are for nothing else, not `netbox`"):
        assert Site(office.site.root).settings


@pytest.mark.parametrize(
    ("spoiled", "says"),
    [
        (lambda root, _fake: (root / "keys/netbox").chmod(0o644), "can be read by others"),
        (lambda root, _fake: (root / "keys/netbox").write_text("f" * 40), "does not let this token"),
        (lambda _root, fake: fake.script.append(Next("GET", "status", 503, times=9)), "too busy"),
        (lambda _root, fake: fake.script.append(Next("GET", "status", 302)), "has moved"),
        (lambda _root, fake: fake.script.append(Next("GET", "status", 200, body=b"<html>")), "not of its API"),
    ],
)
def test_to_try_it_is_to_ask_for_its_version_alone(
    office: Desk, fake: FakeNetBox, spoiled: Callable[[Path, FakeNetBox], object], says: str
) -> None:
    assert netbox.tried(office.site) == fake.version
    spoiled(office.site.root, fake)
    with pytest.raises(OutsideFailure, match=says) as raised:
        netbox.tried(office.site)
    assert set(fake.asked) == {"GET status"}
    assert TOKEN not in str(raised.value)


def test_the_doctor_says_whether_it_answers(office: Desk, fake: FakeNetBox) -> None:
    def told() -> dict[str, tuple[bool, str]]:
        return {each.what: (each.ok, each.detail) for each in doctor.diagnose(str(office.site.root))}

    assert told()["netbox"] == (True, f"NetBox {fake.version} answers")
    (office.site.root / "keys/netbox").unlink()
    found = told()
    assert (found["netbox"][0], "there is no key 'netbox'" in found["netbox"][1]) == (False, True)
    assert "the secret for NetBox" in found["keys/netbox"][1]
    path = office.site.root / "sopctl.yml"
    path.write_text(path.read_text().partition("\nnetbox:")[0])
    fake.asked.clear()
    assert netbox.tried(Site(office.site.root)) == ""
    assert fake.asked == []


def test_a_timer_does_it_where_the_settings_say_so(office: Desk) -> None:
    def jobs() -> dict[str, tuple[str, ...]]:
        return {job.name: job.commands[0][-2:] for job in scheduling.jobs(Site(office.site.root))}

    assert "netbox" not in jobs()
    path = office.site.root / "sopctl.yml"
    path.write_text(path.read_text().replace("token: netbox}", "token: netbox, nightly: true}"))
    assert jobs()["netbox"] == ("netbox", "sync")


def _without(office: Desk) -> Desk:
    path = office.site.root / "sopctl.yml"
    whole = path.read_text()
    path.write_text(whole.partition("\nnetbox:")[0])
    found = replace(office, site=Site(office.site.root))
    assert found.site.settings.netbox is None
    path.write_text(whole)
    return found


def test_the_command_lines_of_the_documentation_run_as_they_are_printed(
    office: Desk, fake: FakeNetBox, clock: Clock, placed: Callable[..., str]
) -> None:
    deposit = placed("192.0.2.7", 22, KEY)
    gathered(office, clock, deposit, "SN-192.0.2.7-22")
    lines = printed(DOCS / "howto/netbox.md")
    assert len(lines) == 2
    for line in lines:
        before = len(fake.writes)
        ran = CliRunner().invoke(cli, ["--site", str(office.site.root), *line.split()[1:]])
        assert ran.exit_code == 0, f"{line}: {ran.output} {ran.exception}"
        assert f"{deposit}\n  new: " in ran.output
        assert (len(fake.writes) == before) == ("--dry-run" in line)
    again = CliRunner().invoke(cli, ["--site", str(office.site.root), "netbox", "sync", "--json"])
    document = json.loads(again.output)
    hold(again.output)
    assert (document["devices"], document["errors"]) == ([{"deposit": deposit, "changes": [], "untouched": []}], [])
    fake.only("dcim/devices", asset_tag=deposit)["serial"] = "SN-X"
    fake.script.append(Next("PATCH", "dcim/devices", 400, body=b'{"serial": ["no"]}'))
    refused = CliRunner().invoke(cli, ["--site", str(office.site.root), "netbox", "sync", "--json"])
    hold(refused.stdout)
    assert (refused.exit_code, json.loads(refused.stdout)["errors"][0]["id"]) == (6, "netbox-refuses")
    changed = CliRunner().invoke(cli, ["--site", str(office.site.root), "netbox", "sync"])
    assert "serial SN-X → SN-192.0.2.7-22" in changed.output
    assert TOKEN not in again.output + refused.output + changed.output
