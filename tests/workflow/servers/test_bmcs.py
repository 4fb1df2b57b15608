"""The BMC of a deposited server: confirmed by the office, and asked where the server itself cannot be."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.model.sop.entries import BmcTrusted, Gathered, HostKeyPinned
from sopctl.store import dossiers
from sopctl.store import facts as kept
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.papers import request_letter
from sopctl.workflow.servers import bmcs
from sopctl.workflow.setup.init import EXAMPLE_OTHER, EXAMPLE_REQUEST
from sopctl.workflow.steps import (
    collecting,
    configuring,
    editing,
    handover,
    inspecting,
    letters,
    notifying,
    reservation,
)
from tests.adapters.bmc.fake import PASSWORD, USER, Bmc, Handler
from tests.adapters.switch.conftest import pin
from tests.model.facts.readers.test_redfish import mockup

DOWN = 1
"""A port where nothing listens: a server that is off."""


@pytest.fixture
def bmc(tmp_path: Path) -> Iterator[Bmc]:
    with Bmc(tmp_path, mockup("hpe-ilo5")["documents"]) as made:
        yield made


@pytest.fixture
def take_in(desk: Desk, tmp_path: Path) -> Callable[..., str]:
    """Take a server with a BMC in, until its inventory is due; the owner's key and the BMC's password are there."""
    site = desk.site.root
    (site / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 9000\n")

    def secret(name: str, text: str) -> None:
        path = site / "keys" / name
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(text)
        path.chmod(0o600)

    def take(port: int, *, key: bool = True) -> str:
        record = tmp_path / "request.yml"
        text = EXAMPLE_REQUEST.replace("192.0.2.10", "127.0.0.1").replace("SN-0001", "CZJ0000001")
        record.write_text(f"{text}\nbmc: {{address: 127.0.0.1, port: {port}}}\n".replace("port: 22", f"port: {DOWN}"))
        deposit = letters.request(desk, record).id
        letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti")
        letters.dispose(desk, deposit, instruction="Siapkan tempat")
        reservation.reserve(desk, deposit)
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        inspecting.inspect(desk, deposit, serial="CZJ0000001")
        handover.handover(desk, deposit)
        reservation.place(desk, deposit)
        with turn(desk, deposit, "configure") as mine:
            mine.start(HostKeyPinned(host_key=pin(), host_key_confirmed="fingerprint"))
            mine.record("selesai")
        for verb, outcome in (("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
        if not key:
            for name in ("owner", desk.site.settings.management.key):
                (site / "keys" / name).unlink(missing_ok=True)
        secret(f"bmc/{deposit}", f"{PASSWORD}\n")
        return deposit

    return take


def newest(desk: Desk, deposit: str) -> Any:
    return dossiers.read(desk.site, deposit).events[-1]


# What is confirmed


def test_a_certificate_is_shown_then_pinned(desk: Desk, bmc: Bmc, take_in: Callable[..., str]) -> None:
    deposit = take_in(bmc.port)
    before = bmcs.look(desk, deposit)
    assert (before.pinned, before.shown, before.changed) == (None, bmc.sha256, False)
    colons = ":".join(bmc.sha256[n : n + 2] for n in range(0, 64, 2)).upper()
    bmcs.confirm(desk, deposit, user=USER, fingerprint=f"SHA256:{colons}")
    entry = dossiers.read(desk.site, deposit).newest(BmcTrusted)
    assert entry
    assert (entry.bmc.address, entry.bmc.port, entry.bmc.certificate, entry.bmc.user, entry.bmc_confirmed) == (
        "127.0.0.1",
        bmc.port,
        bmc.sha256,
        USER,
        "fingerprint",
    )
    assert bmcs.look(desk, deposit).pinned == entry.bmc
    assert bmc.heard == [], "nobody logged in"
    assert PASSWORD not in (dossiers.read(desk.site, deposit).folder / "history.yml").read_text()


def test_another_certificate_is_not_pinned(desk: Desk, bmc: Bmc, take_in: Callable[..., str]) -> None:
    deposit = take_in(bmc.port)
    with pytest.raises(OutsideFailure) as error:
        bmcs.confirm(desk, deposit, user=USER, fingerprint="ab" * 32)
    assert error.value.id == "bmc-certificate-not-expected"
    assert dossiers.read(desk.site, deposit).newest(BmcTrusted) is None


@pytest.mark.parametrize("text", ["", "SHA256:abc", "zz" * 32, "ab" * 33, "SHA256:" + "A" * 43, "ab" * 31 + "a\n"])
def test_what_is_no_fingerprint(text: str) -> None:
    with pytest.raises(UsageError):
        bmcs.sha256_of(text)


@pytest.mark.parametrize("user", ["", "a\nb", "\x1b[31m", "x" * 100])
def test_what_is_no_account(desk: Desk, bmc: Bmc, take_in: Callable[..., str], user: str) -> None:
    with pytest.raises(UsageError):
        bmcs.confirm(desk, take_in(bmc.port), user=user, fingerprint=bmc.sha256)


@pytest.mark.parametrize("line", ["user: admin", "password: mail", "credential: mail", "key: owner"])
def test_a_letter_names_no_account_and_no_secret(desk: Desk, tmp_path: Path, line: str) -> None:
    record = tmp_path / "request.yml"
    record.write_text(f"{EXAMPLE_REQUEST}\nbmc:\n  address: 192.0.2.110\n  {line}\n")
    with pytest.raises(InvalidRecord, match="there is no such key in this record"):
        request_letter.read(desk.site, record)


@pytest.mark.parametrize("name", ["bmc/PS-2026-0001", "../keys/bmc/PS-2026-0001", "bmc"])
def test_a_letter_cannot_name_the_password_of_a_bmc(desk: Desk, tmp_path: Path, name: str) -> None:
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_REQUEST.replace("key: owner}", f"key: {name}}}"))
    with pytest.raises(InvalidRecord, match=r"access\.first_contact\.key: "):
        request_letter.read(desk.site, record)


# What is asked


def test_a_server_that_is_off_is_read_through_its_bmc(desk: Desk, bmc: Bmc, take_in: Callable[..., str]) -> None:
    deposit = take_in(bmc.port)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    done = collecting.collect(desk, deposit)
    assert done.answer
    assert "dibaca lewat BMC (server tidak terjangkau: " in done.note
    dossier = dossiers.read(desk.site, deposit)
    gathered = dossier.newest(Gathered)
    assert gathered
    assert gathered.document.data
    (month,) = kept.months(dossier).values()
    facts = kept.read(dossier.folder, month)
    assert (facts.via, facts.serial, facts.power_state) == ("bmc", "CZJ0000001", "Off")
    form = (dossier.folder / gathered.document.data.file).read_text()
    assert "BMC (Redfish); server mati; kesehatan Warning" in form
    assert bmc.sessions == 0


def test_without_a_way_in_the_bmc_alone_is_asked(desk: Desk, bmc: Bmc, take_in: Callable[..., str]) -> None:
    deposit = take_in(bmc.port, key=False)
    with pytest.raises(SopctlError):
        collecting.collect(desk, deposit)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    assert "tidak ada jalan masuk" in collecting.collect(desk, deposit).note


def test_a_machine_that_takes_no_ssh_is_read_through_its_bmc(desk: Desk, bmc: Bmc, tmp_path: Path) -> None:
    record = tmp_path / "request.yml"
    text = EXAMPLE_OTHER.replace("192.0.2.30 ", "127.0.0.1 ").replace("SN-0003", "CZJ0000001")
    record.write_text(f"{text.replace('[443, 3389]', '[]')}\nbmc: {{address: 127.0.0.1, port: {bmc.port}}}\n")
    deposit = letters.request(desk, record).id
    for _ in range(2):
        letters.dispose(desk, deposit, instruction="x")
    reservation.reserve(desk, deposit)
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="CZJ0000001")
    handover.handover(desk, deposit)
    reservation.place(desk, deposit)
    configuring.configure(desk, deposit, by_hand="Staf: alamat lewat konsol")
    for verb, outcome in (("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, deposit, verb) as mine:
            mine.record(outcome)
    with pytest.raises(UsageError, match="a sheet that someone fills in"):
        collecting.collect(desk, deposit)
    assert collecting.due(desk) == [], "no timer asks it"
    password = desk.site.root / "keys" / "bmc" / deposit
    password.parent.mkdir(exist_ok=True, mode=0o700)
    password.write_text(f"{PASSWORD}\n")
    password.chmod(0o600)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    assert collecting.due(desk) == [deposit], "its BMC can be asked, so a timer may"
    done = collecting.collect(desk, deposit)
    assert done.answer
    dossier = dossiers.read(desk.site, deposit)
    (month,) = kept.months(dossier).values()
    facts = kept.read(dossier.folder, month)
    assert (facts.via, facts.serial, facts.power_state) == ("bmc", "CZJ0000001", "Off")
    gathered = dossier.newest(Gathered)
    assert gathered
    assert gathered.document.data
    assert "BMC (Redfish)" in (dossier.folder / gathered.document.data.file).read_text()
    assert bmc.sessions == 0


def test_a_bmc_that_nobody_confirmed_is_not_asked(desk: Desk, bmc: Bmc, take_in: Callable[..., str]) -> None:
    deposit = take_in(bmc.port)
    with pytest.raises(OutsideFailure) as error:
        collecting.collect(desk, deposit)
    assert error.value.id == "server-unreachable"
    assert bmc.heard == []


def test_a_bmc_that_the_letter_moves_gets_no_password(
    desk: Desk, bmc: Bmc, tmp_path: Path, take_in: Callable[..., str]
) -> None:
    deposit = take_in(bmc.port)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    record = dossiers.read(desk.site, deposit).folder / "deposit.yml"
    with Bmc(tmp_path, mockup("hpe-ilo5")["documents"], number=2) as other:
        moved = tmp_path / "moved.yml"
        moved.write_text(record.read_text().replace(f"port: {bmc.port}", f"port: {other.port}"))
        editing.edit(desk, deposit, source=moved, note="ralat")
        with pytest.raises(OutsideFailure) as error:
            collecting.collect(desk, deposit)
        assert error.value.id == "bmc-moved"
        assert other.heard == bmc.heard == []


def test_another_certificate_is_told_with_both_fingerprints(
    desk: Desk, bmc: Bmc, tmp_path: Path, take_in: Callable[..., str]
) -> None:
    deposit = take_in(bmc.port)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    bmc.__exit__()
    with Bmc(tmp_path, {}, number=2, port=bmc.port) as other:
        assert bmcs.look(desk, deposit).changed
        with pytest.raises(OutsideFailure) as error:
            collecting.collect(desk, deposit)
        assert error.value.id == "bmc-certificate-changed"
        note = newest(desk, deposit).note
        assert bmc.sha256 in note
        assert other.sha256 in note
        assert other.heard == []


def test_what_a_bmc_refuses_is_noted_beside_why_the_server_was_not_asked(
    desk: Desk, bmc: Bmc, take_in: Callable[..., str]
) -> None:
    deposit = take_in(bmc.port)
    bmcs.confirm(desk, deposit, user="orang-lain", fingerprint=bmc.sha256)
    (desk.site.root / "keys/bmc" / deposit).write_text("salah\n")
    with pytest.raises(OutsideFailure) as error:
        collecting.collect(desk, deposit)
    assert error.value.id == "bmc-login-refused"
    assert "BMC tidak membuka sesi untuk orang-lain" in newest(desk, deposit).note
    assert "salah" not in newest(desk, deposit).note


ROOTS = {
    "another service's": b'{"Name": "x"}',
    "null": b"null",
    "a list": b"[]",
    "a number that is none": b"NaN",
    "a text": b'"Redfish"',
    "a page": b"<html>",
    "nothing": b"",
}
"""What may stand where the root of a Redfish service should."""
UNREADABLE = (b"<html>", b"")
"""What is not even JSON."""


@pytest.mark.parametrize("root", ROOTS.values(), ids=ROOTS)
def test_a_service_that_is_no_redfish(desk: Desk, bmc: Bmc, take_in: Callable[..., str], root: bytes) -> None:
    def nothing(handler: Handler) -> bool:
        handler.give(200, root if handler.path == "/redfish/v1/" else None)
        return True

    deposit = take_in(bmc.port)
    bmcs.confirm(desk, deposit, user=USER, fingerprint=bmc.sha256)
    bmc.answer = nothing
    with pytest.raises(OutsideFailure) as error:
        collecting.collect(desk, deposit)
    assert error.value.id == ("bmc-answer-unreadable" if root in UNREADABLE else "bmc-not-redfish")
