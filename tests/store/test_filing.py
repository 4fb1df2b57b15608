"""Opening dossiers: what is there afterwards, together or not at all, and whatever fails in between."""

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import json

from sopctl.errors import InvalidRecord, NotNow, OutsideFailure
from sopctl.model.deposit import Request
from sopctl.model.sop import procedure
from sopctl.model.sop.entries import Despite, Filed, Letter, LetterScan, Pinned, RequestLetter, from_data, to_data
from sopctl.model.sop.history import Event
from sopctl.store import codec, dossiers, filing, staging
from sopctl.store.filing import New
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup import journal
from sopctl.workflow.setup.init import EXAMPLE_REQUEST

TODAY = date(2026, 3, 2)


def new(desk: Desk, number: int, like: int | None = None, **more: Any) -> New:
    """A request to open, of another server than those of other numbers; one `like` another has its address."""
    text = EXAMPLE_REQUEST.replace("SN-0001", f"SN-{number:04}").replace("web1", f"web{number}")
    text = text.replace("192.0.2.10 ", f"192.0.2.{like or number} ").replace("090/1/2026", f"090/{number}/2026")
    record = codec.parse(text.encode(), Request, where="request.yml")
    pins = {name: each.version for name, each in desk.site.procedures.items()}
    opening = procedure.opening(desk.site.procedures)
    first = Event(
        seq=0,
        at=desk.now(),
        procedure=opening.name,
        step=1,
        outcome="selesai",
        by="pemohon",
        typed="staf",
        prev="",
        data=to_data((Pinned(procedures=pins), RequestLetter(letter=Letter("090/1", TODAY)))),
    )
    return New(record, first, name=f"letter {number}")._replace(**more)


def below(record: dict[str, Any]) -> Iterator[Any]:
    """What the fields of a record hold, and those in it."""
    for each in record.values():
        yield each
        yield from below(each) if isinstance(each, dict) else ()


def deposits(desk: Desk) -> list[str]:
    return sorted(path.name for path in (desk.site.root / "deposits").iterdir())


def test_a_dossier_has_its_record_its_letter_and_a_history_that_names_them(desk: Desk) -> None:
    made = filing.create(desk.site, new(desk, 1, letter=("surat.pdf", b"scan")), TODAY)
    folder = desk.site.root / "deposits" / "PS-2026-0001"
    assert made == dossiers.read(desk.site, "PS-2026-0001")
    filed, letter = from_data(Filed, made.events[0]), from_data(LetterScan, made.events[0])
    assert filed
    assert letter
    assert (filed.filed.file, letter.document.file) == ("documents/0001-permohonan.yml", "documents/0001-surat.pdf")
    assert (folder / letter.document.file).read_bytes() == b"scan"
    assert (folder / filed.filed.file).read_bytes() == (folder / "deposit.yml").read_bytes()
    assert {stat.S_IMODE(each.stat().st_mode) for each in (folder, folder / "documents")} == {0o750}
    assert desk.site.committed == [("PS-2026-0001", 1)]
    assert journal.check(desk).gaps == []


def test_a_record_is_written_as_people_like_to_read_it(desk: Desk) -> None:
    """The id on top; no field that says nothing, at any depth."""
    made = filing.create(desk.site, new(desk, 1), TODAY)
    text = filing.record_of(made.deposit).decode()
    assert text.startswith("id: PS-2026-0001\n")
    assert [each for each in below(yaml.safe_load(text)) if each in (None, "")] == []
    assert codec.parse(text.encode(), type(made.deposit), where="") == made.deposit


def test_numbers_go_on_after_all_that_were_given_this_year(desk: Desk) -> None:
    """Also after those of which nothing is left but the journal's line, and those that it does not name yet."""
    filing.create_all(desk.site, [new(desk, number) for number in (1, 2)], TODAY)
    assert deposits(desk) == ["PS-2026-0001", "PS-2026-0002"]
    filing._undo(desk.site.root / "deposits/PS-2026-0002")
    for other in ("PS-2026-0015", "PS-2026-0009x", "PS-2026-1234567890", "XPS-2026-0008", "PS-2025-0007"):
        (desk.site.root / "deposits" / other).mkdir()
    assert filing.create(desk.site, new(desk, 3), TODAY).id == "PS-2026-0016"
    filing._undo(desk.site.root / "deposits/PS-2026-0016")
    (desk.site.root / "deposits/PS-2026-0015").rmdir()
    assert filing.create(desk.site, new(desk, 4), TODAY).id == "PS-2026-0017"
    assert filing.create(desk.site, new(desk, 5), TODAY.replace(year=2027)).id == "PS-2027-0001"


def test_the_folder_of_deposits_is_made_where_there_is_none(desk: Desk) -> None:
    (desk.site.root / "deposits").rmdir()
    assert filing.create(desk.site, new(desk, 1), TODAY).id == "PS-2026-0001"


def test_what_a_crash_left_ready_comes_first(desk: Desk) -> None:
    filing.create(desk.site, new(desk, 1), TODAY)
    ready = desk.site.root / "deposits" / f"{staging.PREFIX}x"
    ready.mkdir()
    os.rename(desk.site.root / "deposits/PS-2026-0001", ready / "PS-2026-0001")
    (ready / staging.READY).write_bytes(json.encode([]))
    (desk.site.root / "deposits" / f"{staging.PREFIX}half").mkdir()
    assert filing.create(desk.site, new(desk, 2), TODAY).id == "PS-2026-0002"
    assert deposits(desk) == ["PS-2026-0001", "PS-2026-0002"]


def test_nothing_is_opened_on_a_site_that_was_moved(desk: Desk) -> None:
    (desk.site.root / "moved.yml").touch()
    with pytest.raises(NotNow):
        filing.create(desk.site, new(desk, 1), TODAY)
    assert deposits(desk) == []


def test_a_record_that_could_not_be_read_again_is_not_opened(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filing, "record_of", lambda _deposit: b"id: [")
    with pytest.raises(InvalidRecord):
        filing.create(desk.site, new(desk, 1), TODAY)
    assert deposits(desk) == []


def failing(function: Callable[..., None], at: int) -> Callable[..., None]:
    """As a function, but its call of this number fails."""
    calls = iter(range(1, 99))

    def fail(*given: object) -> None:
        if next(calls) == at:
            raise OSError(5, "Input/output error")
        function(*given)

    return fail


def test_what_fails_before_the_first_is_in_its_place_leaves_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, name, at in ((os, "rename", 1), (filing, "_stage", 1), (filing, "_stage", 2)):
        with monkeypatch.context() as broken:
            broken.setattr(module, name, failing(getattr(module, name), at))
            with pytest.raises((OSError, OutsideFailure)):
                filing.create_all(desk.site, [new(desk, 1), new(desk, 2)], TODAY)
        assert deposits(desk) == []
        assert (desk.site.lagging, desk.site.committed) == ([], [])


def test_what_fails_after_it_is_told_and_done_by_the_next(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(os, "rename", failing(os.rename, 2))
        filing.create_all(desk.site, [new(desk, 1), new(desk, 2)], TODAY)
    assert deposits(desk)[1:] == ["PS-2026-0001"]
    [told] = desk.site.lagging
    assert (told.id, Path(told.where).name) == ("opening-lags", deposits(desk)[0])
    assert "Input/output error" in str(told.values["reason"])
    assert desk.site.committed == [("PS-2026-0001", 1), ("PS-2026-0002", 1)]
    filing.create(desk.site, new(desk, 3), TODAY)
    assert deposits(desk) == ["PS-2026-0001", "PS-2026-0002", "PS-2026-0003"]
    assert journal.check(desk).gaps == []


def test_what_fails_when_all_are_in_their_places_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(staging, "note", failing(staging.note, 1))
        filing.create(desk.site, new(desk, 1), TODAY)
    assert [each.id for each in desk.site.lagging] == ["opening-lags"]
    assert "PS-2026-0001" in deposits(desk)


def test_what_of_it_was_an_error_of_ours_is_told_in_its_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: object) -> None:
        raise OutsideFailure("disk-full", "the disk is full", where="journal.jsonl")

    monkeypatch.setattr(staging, "note", full)
    filing.create(desk.site, new(desk, 1), TODAY)
    assert [str(each.values["reason"]) for each in desk.site.lagging] == ["the disk is full"]


def test_what_cannot_be_taken_back_is_not_ready(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody opens later what was refused now."""
    with monkeypatch.context() as broken:
        broken.setattr(os, "rename", failing(os.rename, 1))
        broken.setattr(shutil, "rmtree", failing(shutil.rmtree, 1))
        with pytest.raises(OutsideFailure):
            filing.create(desk.site, new(desk, 1), TODAY)
    [left] = deposits(desk)
    assert not (desk.site.root / "deposits" / left / staging.READY).exists()
    assert filing.create(desk.site, new(desk, 2), TODAY).id == "PS-2026-0001"
    assert deposits(desk) == ["PS-2026-0001"]


def test_a_mark_of_another_needs_a_reason_of_its_own(desk: Desk) -> None:
    """Who says why has it in the first event; who shares nothing has none, though it said one."""
    filing.create(desk.site, new(desk, 1), TODAY)
    with pytest.raises(InvalidRecord) as refused:
        filing.create(desk.site, new(desk, 2, like=1), TODAY)
    assert refused.value.id == "identity-taken"
    assert not str(refused.value).startswith("letter 2: "), "there is but one"
    with pytest.raises(InvalidRecord, match=r"^letter 3: "):
        filing.create_all(desk.site, [new(desk, 2), new(desk, 3, like=1)], TODAY)
    assert deposits(desk) == ["PS-2026-0001"]
    both = filing.create_all(
        desk.site, [new(desk, 2, despite="two of them"), new(desk, 3, like=1, despite="one address")], TODAY
    )
    first, second = (from_data(Despite, each.events[0]) for each in both)
    assert first is None
    assert second
    assert (second.despite, [(each.kind, each.others) for each in second.shares]) == (
        "one address",
        [("address", ("PS-2026-0001",))],
    )


def test_what_two_new_ones_share_is_told(desk: Desk) -> None:
    with pytest.raises(InvalidRecord, match=r"^letter 2: the address .* is that of letter 1"):
        filing.create_all(desk.site, [new(desk, 1), new(desk, 2, like=1)], TODAY)
    assert deposits(desk) == []
