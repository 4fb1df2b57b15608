"""`sopctl inspect`: the machine against the papers, by flags, by a file, or question by question."""

import re
import sys
from typing import TYPE_CHECKING, Any

import click

from sopctl.cli.language import _
from sopctl.cli.options import (
    DEPOSIT,
    FILE,
    TEXT,
    Command,
    decider_options,
    despite_option,
    end,
    example,
    json_option,
    only_due,
    open_desk,
    seen_option,
)
from sopctl.cli.render import put_step
from sopctl.errors import UsageError

if TYPE_CHECKING:
    from sopctl.model.inspection import Answer, Inspection
    from sopctl.workflow.desk import Desk, StepDone


def found_options(command: Command) -> Command:
    """What was found at the machine, for `inspected`."""
    options = (
        click.option("--serial", type=TEXT, help="The serial number as read off the machine."),
        click.option(
            "--item", "items", multiple=True, metavar="N=RESULT[: NOTE]", help="ok, tidak or 'tidak berlaku'."
        ),
        click.option("--fault", "faults", type=int, multiple=True, help="Number of a question whose answer is no."),
        click.option("--all-ok", is_flag=True, help="Every question not answered otherwise was looked at and is ok."),
        click.option("--answers", type=FILE, help="A YAML file with the answers; --checklist prints one to fill in."),
        click.option(
            "--accessory",
            "accessories",
            type=TEXT,
            multiple=True,
            help="An accessory that came with the server; once for each.",
        ),
        click.option("--height", type=click.IntRange(1, 60), help="Measured: rack units."),
        click.option("--depth", type=click.IntRange(1, 2000), help="Measured: mm."),
        click.option("--psu", type=click.IntRange(0, 16), help="Counted: power supplies."),
        click.option("--watts", type=click.IntRange(1, 20000), help="Read: watts."),
        click.option("--disks", type=click.IntRange(0, 1000), help="Counted: disks."),
        click.option("--ports", type=click.IntRange(0, 128), help="Counted: network ports."),
        click.option("--photo", "photos", type=FILE, multiple=True, help="A photo: PNG, JPEG or PDF."),
        click.option("--condition", type=click.Choice(["baik", "rusak ringan", "rusak berat"]), help="Its condition."),
        click.option("--note", type=TEXT, default="", help="A remark."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(
    "inspect",
    epilog=example(
        "sopctl inspect PS-2026-0001  # asks",
        'sopctl inspect PS-2026-0001 --serial SN-0001 --all-ok --accessory rel --item "6=tidak: bezel retak"',
        'sopctl inspect PS-2026-0001 --accept "bezel tidak berpengaruh" --by kabid',
        "sopctl inspect --checklist > jawaban.yml",
    ),
)
@click.argument("deposit_id", metavar="[ID]", type=DEPOSIT, required=False)
@found_options
@click.option("--missing", type=TEXT, multiple=True, help="Return: an accessory that is not there.")
@click.option(
    "--returned", type=TEXT, multiple=True, help="Return: an accessory that is there; --all-ok: all others, too."
)
@click.option(
    "--taken-by", type=TEXT, default="", help="Return: who takes the server home [default: administrative contact]."
)
@click.option("--authority", type=FILE, help="Return: their letter of authority.")
@click.option("--accept", type=TEXT, metavar="NOTE", help="Accept a server that failed its inspection, and say why.")
@click.option("--checklist", is_flag=True, help="Print the questions as a file to fill in, and do nothing else.")
@despite_option
@decider_options
@seen_option
@json_option
@click.pass_context
def command(ctx: click.Context, /, deposit_id: str | None, *, checklist: bool, as_json: bool, **said: Any) -> None:
    """Compare the machine with the papers (penitipan 8, pengembalian 4 and 7). Exit 1: something differs.

    Without flags, on a terminal, it asks question by question; nothing is recorded before the last answer.
    """
    from sopctl.workflow.steps import inspecting

    if checklist:
        click.echo(_template(), nl=False)
        return
    deposit_id = ctx.params["deposit_id"] = deposit_id or only_due(ctx)
    desk = open_desk(ctx)
    if said["accept"] is not None:
        put_step(inspecting.accept(desk, deposit_id, note=said["accept"]), as_json=as_json)
        return
    done = inspected(desk, deposit_id, said, ask=not as_json)
    put_step(done, as_json=as_json)
    end(done.answer)


def inspected(desk: "Desk", deposit_id: str, said: dict[str, Any], *, ask: bool) -> "StepDone":
    """The inspection that is due, with what the options said; where they said nothing, a person is asked, at a terminal
    and if that is wanted."""
    from sopctl.workflow.steps import inspecting

    if not any(said.values()) and ask and sys.stdin.isatty() and sys.stderr.isatty():
        _ask(desk, deposit_id, said)
    return inspecting.inspect(
        desk,
        deposit_id,
        serial=said["serial"],
        found=_inspection(said),
        photos=said["photos"],
        missing=said.get("missing", ()),
        returned=said.get("returned", ()),
        taken_by=said.get("taken_by", ""),
        authority=said.get("authority"),
        note=said["note"],
    )


def _inspection(said: dict[str, Any]) -> "Inspection":
    """What the flags and the file say; a flag overrides the file."""
    from msgspec.structs import replace

    from sopctl.model.inspection import CONDITIONS, NOTHING_FOUND, Answer, Measured
    from sopctl.workflow.steps.inspecting import read_answers

    found = read_answers(said["answers"]) if said["answers"] else NOTHING_FOUND
    answers = {**found.answers, **{_question(n): Answer("tidak") for n in said["faults"]}}
    answers.update(dict(_answer(item) for item in said["items"]))
    flags = {
        "height_units": said["height"],
        "depth_mm": said["depth"],
        "power_supplies": said["psu"],
        "power_watts": said["watts"],
        "disks": said["disks"],
        "network_ports": said["ports"],
    }
    before = found.measured
    measured = Measured(**{key: value if value is not None else getattr(before, key) for key, value in flags.items()})
    return replace(
        found,
        answers=answers,
        measured=measured,
        accessories=(*found.accessories, *said["accessories"]),
        rest_ok=found.rest_ok or said["all_ok"],
        condition=next((each for each in CONDITIONS if each == said["condition"]), found.condition),
    )


def _answer(text: str) -> "tuple[int, Answer]":
    from sopctl.model.inspection import RESULTS, Answer

    found = re.match(r"^\s*(\d{1,2})\s*=\s*([a-z ]+?)\s*(?::\s*(.*))?$", text)
    result = next((each for each in RESULTS if found and each == found[2]), None)
    if found is None or result is None:
        raise UsageError(
            "not-an-answer",
            "{text!r} is not an answer",
            remedy='Write number, result and note: --item "6=tidak: bezel retak"',
            text=text,
        )
    return _question(int(found[1])), Answer(result, (found[3] or "").strip())


def _question(number: int) -> int:
    from sopctl.model.inspection import CHECKLIST

    if not 1 <= number <= len(CHECKLIST):
        raise UsageError(
            "no-such-question",
            "the checklist has questions 1 to {last}, not {number}",
            remedy="Name a question by its number on the checklist.",
            last=len(CHECKLIST),
            number=number,
        )
    return number


def _ask(desk: "Desk", deposit_id: str, said: dict[str, Any]) -> None:
    """Ask what the inspection that is due needs, one question after the other; nothing where none is due."""
    from sopctl.model.inspection import CHECKLIST, CONDITIONS, SERIAL
    from sopctl.model.sop.entries import ConditionInspected
    from sopctl.store import dossiers

    each = dossiers.read(desk.site, deposit_id).summary
    if each.verb != "inspect":
        return
    if each.task in ("condition", "serial"):
        said["serial"] = click.prompt(
            _("1. {question}; read off the machine", question=CHECKLIST[SERIAL - 1]), err=True
        )
    if each.task == "serial":
        return
    click.echo(_("Answer o (ok), t (tidak) or b (tidak berlaku); Ctrl-C records nothing."), err=True)
    answers = []
    for number, question in enumerate(CHECKLIST[1:-1], start=2):
        short = click.prompt(f"{number}. {question}", type=click.Choice(["o", "t", "b"]), show_choices=True, err=True)
        note = "" if short == "o" else click.prompt(_("   note"), default="", show_default=False, err=True)
        result = {"o": "ok", "t": "tidak", "b": "tidak berlaku"}[short]
        answers.append(f"{number}={result}: {note}")
    said["items"] = tuple(answers)
    said["condition"] = click.prompt(_("Condition"), type=click.Choice(CONDITIONS), err=True)
    if each.task == "completeness":
        taken_in = dossiers.read(desk.site, deposit_id).newest(ConditionInspected)
        brought = taken_in.accessories if taken_in else ()
        there = {
            one: click.confirm(_("Accessory {accessory!r} is there?", accessory=one), default=None, err=True)
            for one in brought
        }
        said["returned"] = tuple(one for one in brought if there[one])
        said["missing"] = tuple(one for one in brought if not there[one])
    if each.task == "condition":
        named = click.prompt(_("Accessories, separated by commas"), default="", show_default=False, err=True)
        said["accessories"] = tuple(part.strip() for part in named.split(",") if part.strip())


def _template() -> str:
    from sopctl.model.inspection import CHECKLIST

    lines = [_("# result: ok, tidak, tidak berlaku. What stays empty was not looked at."), "answers:"]
    lines += [f"  {number}: {{result: '', note: ''}}   # {text}" for number, text in enumerate(CHECKLIST, start=1)]
    lines += [
        _("measured: {}   # such as {height_units: 2, depth_mm: 700, power_supplies: 2, power_watts: 400, disks: 4}")
    ]
    lines += [_("accessories: []   # such as [rel, kabel daya]"), "condition: ''   # baik, rusak ringan, rusak berat"]
    return "\n".join(lines) + "\n"
