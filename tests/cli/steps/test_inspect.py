"""`sopctl inspect` as a person meets it: questions at a terminal, flags, and a file."""

import sys
from collections.abc import Callable
from pathlib import Path

import pexpect  # type: ignore[import-untyped]  # has no stubs
import pytest

from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import handover, notifying
from tests.conftest import Ran


@pytest.fixture
def brought(desk: Desk, until_space: Callable[..., str]) -> str:
    """A deposit whose server has been brought: its inspection is due."""
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    return deposit


def at_terminal(site: Site, deposit: str) -> "pexpect.spawn[str]":
    words = ["-m", "sopctl", "inspect", deposit]
    return pexpect.spawn(sys.executable, words, cwd=str(site.root), encoding="utf-8", timeout=120)


def test_question_by_question(site: Site, brought: str) -> None:
    with at_terminal(site, brought) as terminal:
        terminal.expect("read off the machine:")
        terminal.sendline("SN-0001")
        for number in range(2, 11):
            terminal.expect(rf"{number}\. [^\n]*\(o, t, b\):")
            terminal.sendline("t" if number == 6 else "o")
            if number == 6:
                terminal.expect("note:")
                terminal.sendline("bezel retak")
        terminal.expect("Condition")
        terminal.sendline("rusak ringan")
        terminal.expect("Accessories")
        terminal.sendline("rel, kabel daya")
        terminal.expect("tidak sesuai")
        terminal.expect(pexpect.EOF)
    assert terminal.exitstatus == 1
    event = dossiers.read(site, brought).events[-1]
    assert event.note == "berbeda: Tidak ada kerusakan yang terlihat (bezel retak)"
    assert (event.data["condition"], event.data["accessories"]) == ("rusak ringan", ["rel", "kabel daya"])


def test_ctrl_c_records_nothing(site: Site, brought: str) -> None:
    before = dossiers.read(site, brought).events
    with at_terminal(site, brought) as terminal:
        terminal.expect("read off the machine:")
        terminal.sendline("SN-0001")
        terminal.expect(r"2\. ")
        terminal.sendintr()
        terminal.expect("interrupted")
        terminal.expect(pexpect.EOF)
    assert terminal.exitstatus == 130
    assert dossiers.read(site, brought).events == before


def test_the_template_is_a_file_of_answers(
    sopctl: Callable[..., Ran], site: Site, brought: str, tmp_path: Path
) -> None:
    answers = tmp_path / "jawaban.yml"
    answers.write_text(sopctl("inspect", "--checklist").out)
    ran = sopctl("inspect", brought, "--serial", "SN-0001", "--answers", str(answers), "--item", "10=tidak berlaku: x")
    assert ran.code == 0, ran.err
    event = dossiers.read(site, brought).events[-1]
    assert event.data["checklist"][9] == {
        "item": "BMC dapat dijangkau atau direset",
        "result": "tidak berlaku",
        "note": "x",
    }
    assert [each["result"] for each in event.data["checklist"][1:9]] == [""] * 8, "the file printed no answers"
    assert (event.data["measured"], event.data["condition"]) == ({}, "")
    assert event.note == "nomor seri sesuai; belum diperiksa: 8 pertanyaan"


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "the serial number was not read"),
        (["--serial", "S", "--item", "12=ok"], 2, "questions 1 to 11"),
        (["--serial", "S", "--item", "3=mungkin"], 2, "is not an answer"),
        (["--serial", "S", "--answers", "none.yml"], 6, "none.yml: cannot read"),
        (["--serial", "S", "--photo", "none.png"], 6, "none.png: cannot read"),
    ],
)
def test_without_a_terminal_nothing_is_asked_and_errors_say_what_to_do(
    sopctl: Callable[..., Ran], brought: str, words: list[str], code: int, says: str
) -> None:
    ran = sopctl("inspect", brought, *words)
    assert (ran.code, says in ran.err) == (code, True), ran.err
