"""`sopctl take-in`, short ids, and the only one that is due: what makes the way from the letter to the form short."""

import json
import re
import sys
from collections.abc import Callable

import click
import pexpect  # type: ignore[import-untyped]  # has no stubs
import pytest
from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.cli.options import DEPOSIT
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import notifying
from tests.conftest import Ran
from tests.printed import DOCS, printed


def parameters(command: click.Command) -> list[click.Parameter]:
    found = list(command.params)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            found += parameters(below)
    return found


def test_wherever_an_id_is_given_it_may_be_short() -> None:
    named = [each for each in parameters(cli) if re.fullmatch(r"\[?ID\]?(\.\.\.|…)?", each.metavar or "")]
    assert len(named) > 40
    assert [each.name for each in named if each.type is not DEPOSIT] == []


@pytest.mark.parametrize("said", ["1", "0001", "26-1", "2026-01", "ps-2026-0001", "PS-2026-0001"])
def test_a_short_id_means_the_deposit(site: Site, file_request: Callable[..., str], said: str) -> None:
    assert file_request() == "PS-2026-0001"
    ran = CliRunner().invoke(cli, ["--site", str(site.root), "show", said, "--json"])
    assert json.loads(ran.output)["standing"]["id"] == "PS-2026-0001"


@pytest.mark.parametrize(("said", "id"), [("7", "no-such-deposit"), ("25-1", "no-such-deposit"), ("x y", "not-an-id")])
def test_what_means_none_is_told(
    sopctl: Callable[..., Ran], file_request: Callable[..., str], said: str, id: str
) -> None:
    file_request()
    ran = sopctl("show", said, "--json")
    assert (ran.code, json.loads(ran.out)["error"]["id"]) == (2, id)


def test_of_several_due_one_has_to_be_named(sopctl: Callable[..., Ran], file_request: Callable[..., str]) -> None:
    first, second = file_request(), file_request()
    ran = sopctl("dispose", "--instruction", "x", "--json")
    error = json.loads(ran.out)["error"]
    assert error["id"] == "several-due"
    assert all(each in error["message"] for each in (first, second))


def test_what_is_not_due_names_the_step_that_was_wanted(
    sopctl: Callable[..., Ran], file_request: Callable[..., str]
) -> None:
    file_request()
    ran = sopctl("receive")
    assert ran.code == 4
    assert "receive (penitipan 7) is not due for PS-2026-0001; what is due is penitipan 2: Mendisposisi" in ran.err


def test_a_server_is_taken_in_by_one_command(
    desk: Desk, until_space: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    ran = sopctl("take-in", "--serial", "SN-0001", "--fault", "6", "--item", "6=tidak: bezel retak")
    assert ran.code == 1
    assert [event.outcome for event in dossiers.read(desk.site, deposit).events[-2:]] == ["selesai", "tidak sesuai"]
    assert sopctl("inspect", "--accept", "tidak berpengaruh", "--by", "kabid").code == 0
    ran = sopctl("take-in", "1", "--json")
    steps = [f"{each['procedure']} {each['step']}" for each in json.loads(ran.out)["steps"]]
    assert (ran.code, steps) == (0, ["penitipan 9", "penitipan 10"])
    assert [event.step for event in dossiers.read(desk.site, deposit).events[-5:]] == [7, 8, 8, 9, 10]
    assert "take-in" not in {event.outcome for event in dossiers.read(desk.site, deposit).events}
    again = sopctl("take-in")
    assert again.code == 4
    assert "what is due is konfigurasi 1" in again.err


def test_from_the_letter_to_the_first_form_are_eight_commands() -> None:
    """As the tutorial goes, which is run on a real server (tests/lab/test_docs.py)."""
    lines = [line for line in printed(DOCS / "tutorial.md") if line.startswith("sopctl")]
    begin = next(number for number, line in enumerate(lines) if "request --example" in line)
    end = next(number for number, line in enumerate(lines) if "advance" in line or "inventory collect" in line)
    assert end - begin + 1 <= 8


def test_do_asks_one_question_at_a_time(site: Site, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    child = pexpect.spawn(sys.executable, ["-m", "sopctl", "do"], cwd=str(site.root), encoding="utf-8", timeout=60)
    child.expect("penitipan 2: .*Do it.*: ")
    child.sendline("y")
    child.expect("what the head wrote: ")
    child.sendline("Mohon ditindaklanjuti")
    child.expect("sopctl dispose PS-2026-0001 --instruction 'Mohon ditindaklanjuti'")
    child.expect("penitipan 3: .*Do it.*: ")
    child.sendline("n")
    child.expect("Nothing else is due. 1 step is still to be done: sopctl todo")
    child.expect(pexpect.EOF)
    assert [event.note for event in dossiers.read(site, deposit).events][1:] == ["Mohon ditindaklanjuti"]


def test_do_asks_for_what_a_step_turns_out_to_lack(desk: Desk, until_space: Callable[..., str]) -> None:
    """That a site has no mail server shows only when the contact person is to be informed."""
    deposit = until_space()
    child = pexpect.spawn(sys.executable, ["-m", "sopctl", "do"], cwd=str(desk.site.root), encoding="utf-8", timeout=60)
    child.expect("penitipan 5: .*Do it.*: ")
    child.sendline("y")
    child.expect("has no mail server")
    child.expect("phone, letter or meeting: ")
    child.sendline("phone")
    child.expect("sopctl notify PS-2026-0001 --via phone")
    child.expect("penitipan 7: .*Do it.*: ")
    child.sendline("n")
    child.expect("1 step is still to be done")
    child.expect(pexpect.EOF)
    assert dossiers.read(desk.site, deposit).events[-1].step == 5
