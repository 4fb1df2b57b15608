"""The table of verbs, beside what does them."""

import re
import shlex
from pathlib import Path

import click
import pytest

import sopctl
from sopctl.cli import wording
from sopctl.cli.main import cli
from sopctl.errors import Action
from sopctl.model.sop import verbs
from sopctl.model.sop.procedure import Step
from sopctl.model.text import words
from sopctl.store.library import SHIPPED, Library

WORKFLOW = Path(sopctl.__file__).parent / "workflow"
PLACEHOLDER = re.compile("<[^<>]*>")

ACTS = {
    "BMC": "bmc",
    "alasan terlambat": "late",
    "dikoreksi": "correct",
    "dilanjutkan": "resume",
    "diingatkan": "remind",
    "dipindahkan": "move",
    "diperpanjang": "extend",
    "diprioritaskan": "prioritise",
    "disk disanitasi": "sanitise",
    "ditahan": "hold",
    "ditandatangani": "sign",
    "diubah": "edit",
    "duplikat": "void",
    "formulir diperbaiki": "reissue",
    "hak sudo diubah": "sudo",
    "kata pemohon": "say-access",
    "keluar tanpa pengembalian": "write-off",
    "konfigurasi diperbaiki": "repair",
    "kunci host": "host-key",
    "kunci kantor diganti": "rotate",
    "langkah dibatalkan": "undo",
    "lembar persetujuan": "consent",
    "pekerjaan": "task",
    "permintaan tanda tangan": "ask-signature",
    "port switch": "switch",
    "rahasia disimpan": "login",
    "sertifikat sanitasi": "certify",
    "surat palsu": "forged",
}
"""What histories call what happened beside the steps. They are kept for ever, and so are these words."""
HOLDS_FOR = {
    "unattended": "notify/place-ready notify/place-full notify/try-access notify/accessible expire configure verify"
    " inventory remind",
    "undoable": "dispose reserve receive inspect/condition inspect/serial inspect/completeness accept handover place"
    " refuse withdraw return/letter return/data-saved void write-off",
    "requesters": "say-access",
    "by_role": "correct undo move reissue void forged write-off",
    "closes": "void write-off",
    "after_end": "correct undo reissue forged sign ask-signature certify",
    "opens": "request adopt",
    "own_ends": "inspect/condition inspect/serial inspect/completeness",
    "only_while": "accept",
}
"""Who is let do what hangs on these: each verb that is none of them is left at the stricter answer."""
STEPS = [step for each in Library(SHIPPED).current.values() for step in each.steps]


def test_every_verb_is_done_somewhere() -> None:
    """The steps and acts of the workflow take their turn by the name that the table has."""
    said = "".join(path.read_text() for path in sorted(WORKFLOW.rglob("*.py")))
    assert [verb.name for verb in verbs.VERBS if f'"{verb.name}"' not in said] == []


def test_a_row_is_found_by_its_name_and_an_act_by_its_outcome() -> None:
    for verb in verbs.VERBS:
        assert verbs.find(verb.name, verb.task) is verbs.row(verb.name, verb.task) is verb
        assert verbs.act_of(verb.outcome) is (verb if verb.kind == "act" else None)
        assert verb.name in verbs.names(verb.kind)
        assert verb.task in verbs.tasks(verb.name)
    assert verbs.find("no-verb") is None


def test_histories_of_today_are_read_tomorrow() -> None:
    assert {verb.outcome: verb.name for verb in verbs.VERBS if verb.kind == "act"} == ACTS


@pytest.mark.parametrize("what", HOLDS_FOR)
def test_what_holds_for_which_verbs(what: str) -> None:
    found = {f"{verb.name}/{verb.task}".rstrip("/") for verb in verbs.VERBS if getattr(verb, what)}
    assert found == words(HOLDS_FOR[what])


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.verb} {step.task}")
def test_the_steps_of_the_sop_are_done_by_these_verbs(step: Step) -> None:
    verb = verbs.row(step.verb, step.task)
    own = tuple(label for label, outcome in step.outcomes.items() if not outcome.verb)
    asides = {outcome.verb for outcome in step.outcomes.values() if outcome.verb}
    assert verb.kind == "step"
    assert verb.ends in ((), own)
    assert verb.own_ends in (0, len(own))
    assert asides <= set(verbs.names("outcome"))


def test_what_a_step_may_wait_for() -> None:
    """Rack space is waited for by the step that reserves it, and by no other."""
    assert [verb.name for verb in verbs.VERBS if "space" in verb.may_wait] == ["reserve"]
    assert all({"month", "decision"} <= set(verb.may_wait) for verb in verbs.VERBS)
    assert {verb.only_while for verb in verbs.VERBS} == {"", "decision"}
    assert verbs.row("accept").only_while == "decision"


def test_the_command_line_can_say_what_a_verb_needs() -> None:
    for verb in verbs.VERBS:
        for needs in (verb.needs, verb.needs_for_appliance or (), verb.needs_by_hand or ()):
            line = wording.command(Action(verb.name, "PS-2026-0001", verb.task, needs))
            said = shlex.split(PLACEHOLDER.sub("X", line))[1:]
            found: click.Command = cli
            while isinstance(found, click.Group):
                below = found.get_command(click.Context(found), said.pop(0))
                assert below, line
                found = below
            known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
            assert {word for word in said if word.startswith("--")} <= known, line
