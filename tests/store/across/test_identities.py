"""One server, one open deposit: wherever an address, number, name, key or letter begins to be someone's."""

import multiprocessing
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import convert

from sopctl.cli import terminal
from sopctl.errors import InvalidRecord, NotNow, SopctlError
from sopctl.model.access.target import HostKey
from sopctl.model.intake.identity import Holder, Mark
from sopctl.model.sop.entries import Despite, HostKeyPinned
from sopctl.page import words
from sopctl.store import dossiers, register
from sopctl.store.across import identities
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, act
from sopctl.workflow.setup import init, validation
from sopctl.workflow.steps import acts, editing, handover, inspecting, letters, notifying
from sopctl.workflow.views import details
from tests.cases import rows
from tests.conftest import edit
from tests.keys import public_key
from tests.model.intake.test_identity import holder

KEY = convert({"type": "ssh-ed25519", "key": "AAAA", "sha256": "SHA256:abc"}, HostKey)
SHARED = {
    "the address": {"192.0.2.10 ": "192.0.2.10 # "},
    "the serial number": {"SN-0001": "sn 0001"},
    "the host name": {"web1.example.org": "web1.example.org "},
    "the letter": {"090/1/2026": "90/01/2026"},
}


@pytest.mark.parametrize("what", SHARED)
def test_what_one_has_no_other_can_file(desk: Desk, file_request: Callable[..., str], what: str) -> None:
    first = file_request()
    with pytest.raises(InvalidRecord, match=rf"^{what} .* is that of {first} \(Dinas Contoh: web1\.example\.org\)"):
        file_request(SHARED[what])
    assert dossiers.ids(desk.site) == [first]
    acts.withdraw(desk, first, reason="batal")
    assert file_request(SHARED[what]) == "PS-2026-0002", "a closed deposit has nothing"


def test_the_index_decides_nothing(desk: Desk, file_request: Callable[..., str], monkeypatch: Any) -> None:
    first = file_request()
    monkeypatch.setattr(register, "read", lambda *_, **__: register.Reading([], {}, {}, []))
    with pytest.raises(InvalidRecord, match=f"the serial number SN-0001 is that of {first}"):
        file_request({"SN-0001": "SN-0001"})


@pytest.mark.parametrize("row", rows("identities"), ids=lambda row: row["name"])
def test_every_spelling_leaves_a_trace(desk: Desk, file_request: Callable[..., str], row: dict[str, Any]) -> None:
    """What is looked for in the files before they are read finds whatever the comparison would find."""
    deposit = file_request()
    one, two = holder("PS-1", row["one"], 1), holder("PS-2", row["two"], 2)
    record = desk.site.root / "deposits" / deposit / "deposit.yml"
    keys = [public_key(str(row["one"]["key"]))] if "key" in row["one"] else []
    written = record.read_text() + "".join(
        f"# {said}\n" for said in [*one.marks.values(), *map(str, row["one"].values()), *keys]
    )
    for mark in {mark for mark in two.marks if mark in one.marks}:
        trace = identities._trace(mark)
        assert trace(identities._Text(written.encode())), mark
        assert trace(identities._Text((written + "…").encode())), "not in ASCII alone"
        assert not trace(identities._Text(b"unit: Dinas Lain\n")), "every dossier would be read"


@pytest.mark.parametrize("hidden", ['serial: "\\x53N-0001"', "serial:\n    SN-0001", "{}"], ids=repr)
def test_a_record_in_other_yaml_or_behind_an_edit_by_hand_counts(
    desk: Desk, file_request: Callable[..., str], hidden: str
) -> None:
    first = file_request()
    record = desk.site.root / "deposits" / first / "deposit.yml"
    record.write_text(record.read_text().replace("serial: SN-0001", hidden) if hidden != "{}" else "{}")
    if hidden != "{}":
        editing.accept(desk.decided_by("staf"), first, note="ralat")
    with pytest.raises(InvalidRecord, match=f"the serial number SN-0001 is that of {first}"):
        file_request({"SN-0001": "SN-0001"})


LAIN = {"unit: Dinas Contoh": "unit: Dinas Lain"}


def test_a_public_key_opens_the_servers_of_one_unit(desk: Desk, file_request: Callable[..., str]) -> None:
    first = file_request()
    of_first = _key(desk.site, first)
    assert file_request() == "PS-2026-0002", "one unit's people have one key for all of its servers"
    theirs = {**LAIN, f"{of_first} admin@example.org": f"{of_first} lain@example.org"}
    with pytest.raises(InvalidRecord) as refused:
        file_request(theirs)
    first_of_two = rf"SHA256:\S+ of webadmin is that of {first} \(Dinas Contoh: web1\.example\.org\), PS-2026-0002"
    assert re.match(rf"the public key {first_of_two}", refused.value.message)
    assert str(refused.value.remedy[0]).startswith("Ask the unit for a key of its own: ssh-keygen -t ed25519.")
    assert first not in words.error(refused.value, "id", outsider=True), "whose it is concerns no other unit"
    third = file_request(LAIN)
    with pytest.raises(InvalidRecord, match=f"the public key .* is that of {first}"):
        edit(desk, third, _key(desk.site, third), of_first)
    with pytest.raises(InvalidRecord, match=f"the public key .* is that of {first}"):
        edit(desk, "PS-2026-0002", "unit: Dinas Contoh", "unit: Dinas Ketiga", by="kabid")


def test_one_who_serves_two_units_may_have_one_key_for_both(desk: Desk, file_request: Callable[..., str]) -> None:
    first = file_request()
    of_first = _key(desk.site, first)
    text = _record(desk.site, "SN-0002", "192.0.2.11").read_text().replace("Dinas Contoh", "Dinas Lain")
    record = desk.site.root / "lain.yml"
    record.write_text(text)
    assert of_first in text
    second = letters.request(desk.knowing("satu penyedia untuk dua dinas"), record).id
    found = validation.validate(desk)
    assert (found.errors, len(found.exceptions)) == ([], 1)
    kept = dossiers.read(desk.site, second).newest(Despite)
    assert kept is not None
    assert [(each.kind, each.others) for each in kept.shares] == [("key", (first,))]


def test_an_edit_cannot_take_what_another_has(desk: Desk, file_request: Callable[..., str]) -> None:
    first, second = file_request(), file_request()
    with pytest.raises(InvalidRecord, match=f"the address 192.0.2.10:22 is that of {first}"):
        edit(desk, second, "192.0.2.11", "192.0.2.10")
    assert dossiers.read(desk.site, second).deposit.access.address == "192.0.2.11"
    edit(desk, first, "192.0.2.10", "192.0.2.12")
    assert editing.accept(desk, second, note="ralat").id == second, "the address is free now"


def test_a_host_key_is_pinned_for_one(desk: Desk, file_request: Callable[..., str]) -> None:
    first, second = file_request(), file_request()
    for deposit in (first, second):
        with act(desk, deposit, "host-key") as mine:
            entry = HostKeyPinned(host_key=KEY, host_key_confirmed="fingerprint")
            if deposit == first:
                mine.record(mine.verb.outcome, entry)
                continue
            with pytest.raises(InvalidRecord, match=f"the host key SHA256:abc is that of {first}"):
                mine.record(mine.verb.outcome, entry)
    assert dossiers.read(desk.site, second).newest(HostKeyPinned) is None


def test_the_wrong_machine_on_the_bench_is_noticed(desk: Desk, until_space: Callable[..., str]) -> None:
    first, second = until_space(), until_space()
    for deposit in (first, second):
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
    with pytest.raises(InvalidRecord, match=f"the serial number SN-0001 is that of {first}"):
        inspecting.inspect(desk, second, serial="SN-0001")
    assert inspecting.inspect(desk, second, serial="SN-0002").answer


def test_a_reason_is_kept_shown_and_known_to_validate(desk: Desk, file_request: Callable[..., str]) -> None:
    first = file_request()
    nat = desk.knowing(" satu alamat untuk klaster ")
    second = letters.request(nat, _record(desk.site, "SN-0002", "192.0.2.10")).id
    kept = dossiers.read(desk.site, second).newest(Despite)
    assert kept is not None
    assert (kept.despite, [(each.kind, each.others) for each in kept.shares]) == (
        "satu alamat untuk klaster",
        [("address", (first,))],
    )
    found = validation.validate(desk)
    assert found.errors == []
    assert found.exceptions == [
        f"{second}: the address 192.0.2.10:22 is that of {first} (Dinas Contoh: web1.example.org): "
        "satu alamat untuk klaster"
    ]
    assert details.exceptions(dossiers.read(desk.site, second)) == [
        f"the address with {first}: satu alamat untuk klaster"
    ]
    edit(desk, second, "memory_gib: 32", "memory_gib: 64")  # what it may have is not asked about again
    with pytest.raises(InvalidRecord, match=f"is that of {first}"):
        letters.request(desk, _record(desk.site, "SN-0003", "192.0.2.10"))


def test_what_an_older_version_let_through_is_told_by_validate_and_can_be_explained(
    desk: Desk, file_request: Callable[..., str], monkeypatch: Any
) -> None:
    first = file_request()
    with monkeypatch.context() as before:
        before.setattr(identities, "clashes", lambda *_: [])
        second = file_request({"SN-0001": "SN-0001"})
    (error,) = validation.validate(desk).errors
    assert error.message == f"{second}: the serial number SN-0001 is that of {first} (Dinas Contoh: web1.example.org)"
    record = desk.site.root / "deposits" / second / "deposit.yml"
    with pytest.raises(NotNow, match="nothing was changed"):
        editing.edit(desk, second, source=record, note="x")
    editing.edit(desk.knowing("pabrik memberi nomor yang sama"), second, source=record)
    found = validation.validate(desk)
    assert (found.errors, len(found.exceptions)) == ([], 1)


def test_a_dossier_that_cannot_be_read_holds_up_nobody(desk: Desk, file_request: Callable[..., str]) -> None:
    first = file_request()
    (desk.site.root / "deposits" / first / "history.yml").write_text("- SN-0002 web2.example.org")
    assert file_request({"SN-0001": "SN-0002"}) == "PS-2026-0002"
    assert any("history.yml" in str(error) for error in desk.site.lagging)


def test_many_marks_are_compared_with_every_record(desk: Desk, file_request: Callable[..., str]) -> None:
    file_request()
    marks = {Mark("serial", f"x{n}"): f"X{n}" for n in range(identities.FEW + 1)}
    (found,) = identities.clashes(desk.site, [Holder("row 2", {**marks, Mark("serial", "sn0001"): "SN-0001"})])
    assert found.said == "SN-0001"


def _key(site: Site, deposit: str) -> str:
    """The public key of a deposit's account, without its comment."""
    return dossiers.read(site, deposit).deposit.access.accounts[0].keys[0].rpartition(" ")[0]


def _record(site: Site, serial: str, address: str) -> Path:
    """The example request as a file: another server, at this address."""
    number = serial[-4:]
    text = init.EXAMPLE_REQUEST.replace("SN-0001", serial).replace("192.0.2.10 ", f"{address} ")
    path = site.root / f"request-{number}.yml"
    path.write_text(text.replace("web1.", f"web{number}.").replace("090/1/2026", f"090/{number}/2026"))
    return path


def _file(root: Path, record: Path, start: Any, answers: Any) -> None:
    start.wait()
    try:
        answers.put(letters.request(terminal.desk(Site(root), user="root"), record).id)
    except SopctlError as error:
        answers.put(error.id)


def test_of_filings_at_the_same_time_one_passes(site: Site) -> None:
    context = multiprocessing.get_context("fork")
    start, answers = context.Barrier(4), context.Queue()
    record = _record(site, "SN-0001", "192.0.2.10")
    processes = [context.Process(target=_file, args=(site.root, record, start, answers)) for _ in range(4)]
    for process in processes:
        process.start()
    said = sorted(answers.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    assert said[0].startswith("PS-")
    assert said[1:] == ["identity-taken"] * 3
