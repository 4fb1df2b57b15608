"""A network appliance on deposit, from its letter to its return, over real SSH sessions with strict devices."""

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import Interrupted, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.access.ladder import Verdict
from sopctl.model.deposit import FirstContact, Platform
from sopctl.model.facts.appliance import from_answers
from sopctl.model.sop.entries import HostKeyPinned
from sopctl.store import dossiers, register
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.papers import export, request_letter
from sopctl.workflow.ports import change
from sopctl.workflow.servers import ansible_view, checking, logins
from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_REQUEST
from sopctl.workflow.steps import (
    advancing,
    collecting,
    configuring,
    handover,
    inspecting,
    letters,
    notifying,
    releasing,
    reservation,
    verifying,
)
from sopctl.workflow.views import inventories
from tests.adapters.switch.appliances import PROMPTS, machine
from tests.adapters.switch.conftest import HOST_KEY, OTHER_KEY, pin
from tests.adapters.switch.fake import Device, Faults, running
from tests.cases import rows
from tests.conftest import Ran
from tests.model.facts.test_appliance import said_by
from tests.workflow.ports.conftest import ONE, Lan, plugged

CISCO: Platform = "cisco_ios"
MIKROTIK: Platform = "mikrotik_routeros"

PORT = 1
"""Where nothing listens: a device that is down."""


@pytest.fixture
def start() -> Iterator[Callable[..., Device]]:
    """Start a device that answers as this machine of tests/cases/appliances does."""
    with ExitStack() as held:

        def begin(name: str, key: Any = HOST_KEY, platform: str = "", **faults: Any) -> Device:
            device = Device(machine(said_by(name), platform), key, user="dinas", faults=Faults(**faults))
            return held.enter_context(running(device))

        yield begin


@pytest.fixture
def take_in(desk: Desk, tmp_path: Path) -> Callable[..., str]:
    """Take an appliance in until it stands in its place; the site keeps the owner's password for it."""
    (desk.site.root / "racks/A1.yml").write_text(
        "name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 9000\nswitch: {name: sw1, ports: 24}\n"
    )

    def take(port: int, platform: str, serial: str = "SN-0002", text: str = EXAMPLE_APPLIANCE) -> str:
        text = text.replace("192.0.2.20", "127.0.0.1").replace("port: 22", f"port: {port}").replace("SN-0002", serial)
        if dossiers.ids(desk.site):  # another one
            text = text.replace("fw1.", f"fw-{serial.lower()}.").replace("090/2/", f"090/{serial}/")
        record = tmp_path / "request.yml"
        record.write_text(text.replace("platform: cisco_ios", f"platform: {platform}"))
        deposit = letters.request(desk.knowing("satu alamat uji", clock_is_right=True), record).id
        logins.set_password(desk, deposit, Device(_never, HOST_KEY).password)
        letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti")
        letters.dispose(desk, deposit, instruction="Siapkan tempat")
        reservation.reserve(desk, deposit)
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        inspecting.inspect(desk, deposit, serial=serial)
        handover.handover(desk, deposit)
        reservation.place(desk, deposit)
        return deposit

    return take


def _never() -> Any:
    raise AssertionError


@pytest.fixture
def due(desk: Desk) -> Callable[[str], str]:
    """Bring a deposit, whose host key is HOST_KEY, to where its inventory is due."""

    def bring(deposit: str) -> str:
        with turn(desk.knowing("satu alat uji", clock_is_right=True), deposit, "configure") as mine:
            mine.start(HostKeyPinned(host_key=pin(), host_key_confirmed="fingerprint"))
            mine.record("selesai")
        for verb, outcome in (("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
        return deposit

    return bring


def outcomes(desk: Desk, deposit: str, step: int) -> list[str]:
    events = dossiers.read(desk.site, deposit).events
    return [each.outcome for each in events if (each.procedure, each.step) == ("konfigurasi", step)]


# The letter


@pytest.mark.parametrize("row", rows("appliance_records"), ids=lambda row: row["name"])
def test_what_is_refused_and_where(row: dict[str, Any], desk: Desk, tmp_path: Path) -> None:
    text = EXAMPLE_APPLIANCE
    for old, new in row["change"].items():
        assert old in text, f"the example has no {old!r}"
        text = text.replace(old, new)
    record = tmp_path / "request.yml"
    record.write_text(text)
    with pytest.raises(InvalidRecord) as caught:
        request_letter.read(desk.site, record)
    assert row["message"] in caught.value.message
    assert caught.value.where == f"{record}:{row['where']}"


def test_a_server_keeps_no_password(desk: Desk, tmp_path: Path) -> None:
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_REQUEST.replace("key: owner}", "password: owner}"))
    with pytest.raises(InvalidRecord, match="Expected no `password` in `first_contact`"):
        request_letter.read(desk.site, record)


def test_a_letter_comes_back_as_a_spreadsheet(desk: Desk, tmp_path: Path) -> None:
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_APPLIANCE)
    sheet = export.letter(desk, kind="xlsx", output=tmp_path / "surat.xlsx", filled=record)
    before, after = request_letter.read(desk.site, record), request_letter.read(desk.site, sheet)
    assert (after.kind, after.platform, after.server) == ("appliance", "cisco_ios", before.server)  # type: ignore[union-attr]
    assert after.access.first_contact == before.access.first_contact == FirstContact("dinas"), "no secret is named"


# Its life here


def test_from_the_letter_to_the_return(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    device = start("ios-xe-router")
    deposit = take_in(device.port, "cisco_ios", "FDO0000B001")
    form = dossiers.read(desk.site, deposit).last("handover")
    assert form is not None
    said = (desk.site.folder("deposits") / deposit / form.data["document"]["data"]["file"]).read_text()
    assert "Perangkat jaringan fw1.example.org" in said

    ran = sopctl("configure", deposit, "--host-key", pin().sha256, "--json")
    assert ran.code == 0, ran.err
    (done,) = json.loads(ran.out)["steps"]
    who = "perangkat jaringan: dinas bisa masuk dengan kata sandi (ISR4331/K9 Cisco IOS XE 17.3.4a)"
    assert done["note"] == f"{who}; tidak ada yang diubah"
    assert ansible_view.hosts(desk.site.root) == [], "Ansible never sees it"
    with pytest.raises(NotNow, match="is a network appliance: sopctl configures nothing on it"):
        configuring.repair(desk, [deposit]).only()

    notifying.notify(desk, deposit, via="phone")
    verified, found = verifying.verify(desk, deposit)
    assert (verified.outcome, found.access.verdict) == ("bisa", Verdict.ACCESSIBLE)
    assert [rung.rung for rung in found.access.rungs][-3:] == ["host-key", "login", "command"]
    assert [(each.view, each.who, each.ok) for each in found.established] == [("management-login", "dinas", True)]
    notifying.notify(desk, deposit, via="phone")

    gathered = collecting.collect(desk, deposit)
    assert (gathered.outcome, gathered.answer) == ("selesai", True), gathered.note
    facts = inventories.kept_facts(desk, deposit)
    assert (facts.hostname, facts.serial, len(facts.modules)) == ("rtr-batas", "FDO0000B001", 6)
    assert inventories.kept_form(desk, deposit).read_bytes().startswith(b"%PDF-")
    assert inventories.diff(desk, deposit, since_handover=True).changes == ()
    listed = json.loads(sopctl("list", "--json").out)["deposits"]
    assert [(row["id"], row["platform"]) for row in listed] == [(deposit, "cisco_ios")]
    asked = {line for line in device.lines if line.split()[0] not in ("terminal", "exit")}
    assert all(line.startswith("show ") for line in asked), "it is only looked at"

    letters.ask_back(desk, deposit, letter_number="090/9/2026")
    for instruction in ("Setuju", "Laksanakan"):
        letters.dispose(desk, deposit, instruction=instruction)
    inspecting.inspect(desk, deposit, serial="FDO0000B001")
    letters.confirm_data_saved(desk, deposit, wipe=False)
    (summary,) = register.summaries(desk.site)
    assert "--by-hand" in json.loads(sopctl("todo", "--json").out)["steps"][0]["command"]
    before = list(device.lines)
    with pytest.raises(UsageError, match="sopctl put nothing on it"):
        releasing.release(desk, deposit)
    done_by_hand = releasing.release(desk, deposit, by_hand="dimatikan staf")
    assert done_by_hand.note.startswith(
        "perangkat jaringan, tidak ada yang dicabut oleh sopctl; dengan tangan: dimatikan staf; hapus "
        f"keys/login/{deposit}"
    )
    assert summary.place
    assert f"port {summary.place.port} rak A1 dilepas" in done_by_hand.note
    assert device.lines == before


FIRST_OF_EACH = {row["platform"]: row["machine"] for row in reversed(rows("appliances")) if row["platform"] in PROMPTS}


@pytest.mark.parametrize(("platform", "name"), FIRST_OF_EACH.items())
def test_every_platform_is_configured_verified_and_inventoried(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], platform: str, name: str
) -> None:
    device = start(name, platform=platform)
    deposit = take_in(device.port, platform)
    assert configuring.configure(desk, deposit, host_key=pin().sha256).answer
    steps = [(each.step, each.outcome) for each in advancing.advance(desk, deposit, via="phone")]
    assert steps == [(2, "selesai"), (3, "bisa"), (5, "selesai"), (6, "selesai")]
    facts = inventories.summary(desk).servers[0].facts
    assert facts == from_answers(platform, said_by(name), gathered_at=facts.gathered_at)
    assert facts.os_version


def test_one_that_is_not_what_its_letter_says(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str]
) -> None:
    """Another platform: the question is one that it does not know, and its answer no facts."""
    no = dict.fromkeys(("terminal width 511", "terminal length 0", "show version"), "bad command name (line 1)\n")
    device = start("routeros7-virtual", refuse=no)
    deposit = take_in(device.port, "cisco_ios")
    done = configuring.configure(desk, deposit, host_key=pin().sha256)
    assert not done.answer
    assert outcomes(desk, deposit, 1) == ["started", "failed"]
    assert done.note.startswith("jawabannya bukan jawaban cisco_ios")


def test_what_keeps_us_out_is_a_cause_like_any_other(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str]
) -> None:
    device = start("ios-router-old")
    deposit = take_in(device.port, "cisco_ios")
    device.password, right = "another one", device.password
    with pytest.raises(OutsideFailure, match="does not accept this account"):
        configuring.configure(desk, deposit, host_key=pin().sha256)
    assert outcomes(desk, deposit, 1) == ["started", "failed"]
    device.password = right
    assert configuring.configure(desk, deposit).answer
    notifying.notify(desk, deposit, via="phone")
    as_owner = verifying.Vantage(user="admin", key=Path("/nowhere"))
    with pytest.raises(UsageError, match="it is tried from here"):
        verifying.verify(desk, deposit, vantage=as_owner)
    device.password = ""
    done, found = verifying.verify(desk, deposit)
    assert (done.outcome, done.data["cause"], found.access.rung) == ("tidak bisa", "denied", "login")
    device.password = right
    steps = [(each.step, each.outcome) for each in advancing.advance(desk, deposit, via="phone")]
    assert steps == [(1, "selesai"), (2, "selesai"), (3, "bisa"), (5, "selesai"), (6, "selesai")]


def test_nothing_is_sent_to_another_host_key(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], due: Callable[[str], str]
) -> None:
    device = start("ios-router-old", OTHER_KEY)
    deposit = due(take_in(device.port, "cisco_ios"))
    with pytest.raises(OutsideFailure) as caught:
        collecting.collect(desk, deposit)
    assert {pin().sha256, pin(OTHER_KEY).sha256} <= set(caught.value.message.replace(",", "").split())
    assert device.logins == []
    assert outcomes(desk, deposit, 6) == ["started", "failed"]


def test_a_password_that_others_can_read_is_not_used(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str]
) -> None:
    device = start("ios-router-old")
    deposit = take_in(device.port, "cisco_ios")
    os.chmod(desk.site.root / "keys/login" / deposit, 0o644)
    with pytest.raises(OutsideFailure, match="can be read by others"):
        configuring.configure(desk, deposit, host_key=pin().sha256)
    assert device.logins == []


def test_its_port_is_set_before_it_is_looked_at(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(change, "HEAR_SECONDS", 0.0)
    switch, device = plugged(), start("ios-router-old")
    with ExitStack() as held:
        Lan(desk.site, held).add("sw-a1", switch)
        deposit = take_in(device.port, "cisco_ios", "FTX0000C001")
        assert configuring.configure(desk, deposit, host_key=pin().sha256).answer
    assert switch.running[ONE].lines["switchport access vlan"] == "110"
    begun = [each for each in dossiers.read(desk.site, deposit).events if each.outcome == "started"]
    assert ["switch_port" in each.data for each in begun] == [True, False]
    assert outcomes(desk, deposit, 1)[-1] == "selesai"


# Many in one run


def test_a_run_over_appliances_and_servers(
    desk: Desk,
    start: Callable[..., Device],
    take_in: Callable[..., str],
    due: Callable[[str], str],
    placed: Callable[..., str],
) -> None:
    """Two appliances that are well, one that is down, a server that is down; then the rest is gathered."""
    one, two = start("ios-switch-stack"), start("routeros7-router")
    stack = due(take_in(one.port, "cisco_ios", "FOC0000A001"))
    router = due(take_in(two.port, "mikrotik_routeros", "HCT00000001"))
    down = due(take_in(PORT, "cisco_ios", "SN-0009"))
    server = due(placed("127.0.0.1", PORT + 1, {"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:x"}))
    told: list[str] = []

    def on_end(deposit: str, _answer: StepDone | SopctlError) -> None:
        told.append(deposit)

    answers = collecting.collect_all(desk, collecting.due(desk), on_end=on_end)
    assert sorted(told) == sorted([stack, router, down, server])
    assert set(answers.done) == {stack, router}
    assert all(done.answer for done in answers.done.values())
    assert set(answers.errors) == {down, server}
    assert "no connection" in answers.errors[down].message
    assert outcomes(desk, down, 6) == ["started", "failed"]
    assert collecting.due(desk) == [down, server], "what was gathered is not gathered again"
    months = {row.deposit.id: row for row in inventories.summary(desk).servers}
    for deposit, name, platform in ((stack, "ios-switch-stack", CISCO), (router, "routeros7-router", MIKROTIK)):
        kept = months[deposit].facts
        assert kept == from_answers(platform, said_by(name), gathered_at=kept.gathered_at)
    items = inventories.for_netbox(desk, inventories.summary(desk).servers, "inventory-items")
    assert "FNS0000T001" in items, "NetBox gets the transceiver, too"


def test_a_check_of_the_fleet_logs_in_nowhere(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], due: Callable[[str], str]
) -> None:
    device = start("ios-router-old")
    deposit = due(take_in(device.port, "cisco_ios"))
    chosen, _ = checking.chosen(desk.site)
    errors: list[SopctlError] = []
    (checked,) = checking.run(desk, chosen, errors=errors)
    assert errors == []
    assert (checked.id, checked.result.verdict, checked.result.rung) == (deposit, Verdict.ACCESSIBLE, "host-key")
    assert device.logins == []


def test_a_run_that_is_stopped_keeps_what_it_has(
    desk: Desk, start: Callable[..., Device], take_in: Callable[..., str], due: Callable[[str], str]
) -> None:
    """Stopped in the moment in which the first was kept, while the other hangs; the same command goes on with that."""
    well, hanging = start("ios-router-old"), start("ios-router-old", hang_at="show file systems")
    kept = due(take_in(well.port, "cisco_ios", "FTX0000C001"))
    cut_off = due(take_in(hanging.port, "cisco_ios", "FTX0000C002"))
    cancel, told = threading.Event(), []

    def on_end(deposit: str, _answer: StepDone | SopctlError) -> None:
        told.append(deposit)
        cancel.set()

    with pytest.raises(Interrupted):
        collecting.collect_all(desk, [cut_off, kept], on_end=on_end, cancel=cancel)
    assert told == [kept]
    assert outcomes(desk, kept, 6) == ["started", "selesai"]
    assert outcomes(desk, cut_off, 6) == ["started", "interrupted"]
    assert collecting.due(desk) == [cut_off]


def test_one_that_was_here_before_is_adopted(desk: Desk, sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    rack = desk.site.root / "racks/A1.yml"
    rack.write_text(rack.read_text().replace("units: 4", "units: 42"))
    listed = tmp_path / "daftar.csv"
    listed.write_text(
        "unit,name,brand_model,height_units,address,contact,rack,rack_unit,platform\n"
        "Dinas Contoh,sw-lama.example.org,Contoh SW24,1,192.0.2.30,Administrator,A1,30,mikrotik_routeros\n"
        "Dinas Contoh,web-lama.example.org,Contoh R200,1,192.0.2.31,Administrator,A1,31,\n"
    )
    ran = sopctl("import", str(listed))
    assert ran.code == 0, ran.err
    appliance, server = register.summaries(desk.site)
    assert (appliance.platform, server.platform) == ("mikrotik_routeros", None)
    assert "access.accounts" not in dossiers.read(desk.site, appliance.id).events[0].data["unknown"]
    ran = sopctl("configure", appliance.id, "--host-key", pin().sha256)
    assert ran.code == 3
    assert "no first contact is known" in ran.err
