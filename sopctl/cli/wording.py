"""How errors and actions are worded for someone at a terminal: sentences, and command lines to paste.

What a person has to supply stands in angle brackets. A shell takes those for redirections and refuses the line before
anything runs, so that a line which is pasted as it is records nothing.
"""

import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sopctl.errors import Action, Advice, SopctlError
from sopctl.model.text import printable

KINDS = 1_000
"""Of actions, so many at most are kept in words: lists have thousands of the same."""
LONGEST = 2_000
"""Characters of a sentence, or of what helps, that are printed."""


class Asked(NamedTuple):
    """How a verb is asked for, where that is not the verb followed by the id."""

    words: str
    id: str = "{id}"
    """How the id is given; empty where the command takes none."""
    options: str = ""
    """What the command takes besides."""


_VERBS = {
    "expire": Asked("queue run", id=""),
    "lab down": Asked("lab down", id="--name {id}"),
    "lab hardware": Asked("lab hardware", id="--name {id}"),
    "lab status": Asked("lab status", id="--name {id}"),
    "lab switch": Asked("lab switch", id="--name {id}"),
    "lab up": Asked("lab up", id="--name {id}"),
    "sign": Asked("document file-signed <file>"),
    "return data-saved": Asked("return", options="--data-saved"),
}
"""By verb, or by verb and task where its tasks differ; for a verb that is not here, the command in the table of
verbs counts, else the verb's own name."""

_NEEDS = {
    "accept": "--accept <why it is accepted>",
    "asked_by": "--asked-by <who asked for it>",
    "because": "--because <why>",
    "by_hand": "--by-hand <how it was done>",
    "despite": "--despite <why both are right>",
    "disks": "<--keep-disks or --wipe-disks>",
    "disk": "--disk <serial number>",
    "document": "--document <letter of authority>",
    "done_by": "--done-by <who did it>",
    "file": "<file>",
    "fingerprint": "--confirm <SHA256 fingerprint>",
    "folder": "<folder>",
    "how": "--how <by which means>",
    "id": "<id of the deposit>",
    "instruction": "--instruction <what the head wrote>",
    "method": "--method <clear, purge, destroy or returned>",
    "minutes": "--minutes <minutes>",
    "letter_number": "--letter-number <number of the letter>",
    "network": "--network <network>",
    "not_signed": "--not-signed <how that is known>",
    "note": "--note <note>",
    "person": "--by <person>",
    "reason": "--reason <why>",
    "rack": "--rack <rack>",
    "rack_unit": "--rack-unit <lowest rack unit>",
    "result": "--result <ok or failed>",
    "serial": "--serial <serial number>",
    "tool": "--tool <with what, and how>",
    "what": "--what <what was done>",
    "user": "--user <account on the BMC>",
    "until": "--until <YYYY-MM-DD>",
    "via": "--via <phone, letter or meeting>",
}
"""What a person has to supply, and how."""

_NEEDS_OF = {
    ("accept", "note"): _NEEDS["accept"],
    ("advance", "fingerprint"): "--host-key <SHA256 fingerprint>",
    ("configure", "by_hand"): "--by-hand <who configured what>",
    ("configure", "file"): "--password-file <file>",
    ("configure", "fingerprint"): "--host-key <SHA256 fingerprint>",
    ("edit", "file"): "--from <file>",
    ("login", "file"): "--key-file <file>",
    ("init", "file"): _NEEDS["folder"],
    ("inventory", "file"): "--from <filled-in sheet>",
    ("inventory collect", "file"): "--from <filled-in sheet>",
    ("probe", "fingerprint"): "--expect-key <SHA256 fingerprint>",
    ("release", "note"): _NEEDS["by_hand"],
    ("write-off", "how"): "--how <stolen, broken or seized>",
    ("verify", "person"): "--confirmed-by <person>",
}
"""The same, where one verb asks for it differently from the others."""

_SENTENCES: dict[str, str] = {}
"""By error id: a sentence for the terminal, in place of the one written where the error is raised."""


def command(action: Action) -> str:
    """The command line of an action, safe to paste: nothing runs while a part of it is still missing.

    What is needed comes last: there, the shell refuses the line even where a file has the placeholder's name.
    """
    asked = _asked(action.verb, action.task)
    words = [f"sopctl {asked.words}"]
    if action.id and asked.id:
        words.append(asked.id.format(id=shlex.quote(_operand(action.id))))
    if asked.options:
        words.append(asked.options)
    if action.given:
        words += [_given(name, value) for name, value in action.given.items()]
    if action.needs:
        words.append(_needs(action.verb, action.needs))
    return " ".join(words)


def argv(action: Action) -> list[str]:
    """The words of an action's command line, up to what a person has to supply (`needed`)."""
    asked = _asked(action.verb, action.task)
    words, placeholder, _ = asked.words.partition("<")
    made = ["sopctl", *words.split()]
    if action.id and not placeholder:
        made += [each.format(id=_operand(action.id)) for each in asked.id.split()]
    made += asked.options.split()
    for name, value in action.given.items():
        made += [*([f"--{name.replace('_', '-')}"] if name else []), *([value] if value else [])]
    return made


def _operand(id: str) -> str:
    """An id, or a file that could be taken for an option."""
    return f"./{id}" if id.startswith("-") else id


def needed(action: Action) -> "list[Question]":
    """What a person has to supply after `argv`, in order."""
    _, _, asks = _asked(action.verb, action.task).words.partition("<")
    return [*([Question("", asks.rstrip(">"))] if asks else []), *questions(action)]


class Question(NamedTuple):
    """What a person has to supply: with which option (empty: the value alone), what it is, and between what it is to be
    chosen, where that is so."""

    option: str
    asks: str
    choices: tuple[str, ...] = ()


def questions(action: Action) -> list[Question]:
    """What a person has to supply for an action, in order."""
    return [_question(action.verb, name) for name in action.needs]


@lru_cache(KINDS)
def _question(verb: str, name: str) -> Question:
    option, _, asks = _need(verb, name).rpartition("<")
    asks = asks.rstrip(">")
    return Question(option.strip(), asks, tuple(asks.split(" or ")) if asks.startswith("--") else ())


@lru_cache(KINDS)
def _asked(verb: str, task: str) -> Asked:
    return _VERBS.get(f"{verb} {task}") or _VERBS.get(verb) or Asked(_asked_by(verb, task))


def _asked_by(verb: str, task: str) -> str:
    from sopctl.model.sop import verbs  # imports the records of a history, which --help can do without

    found = verbs.find(verb, task) or verbs.find(verb)
    return (found.command if found else "") or verb


def _given(name: str, value: str) -> str:
    """An option, or (without a name) what stands behind the id."""
    if not name:
        return shlex.quote(value)
    option = f"--{name.replace('_', '-')}"
    return f"{option} {shlex.quote(value)}" if value else option


@lru_cache(KINDS)
def _needs(verb: str, names: tuple[str, ...]) -> str:
    return " ".join(_need(verb, name) for name in names)


def _need(verb: str, name: str) -> str:
    key, option = name.replace("-", "_"), name.replace("_", "-")
    return _NEEDS_OF.get((verb, key)) or _NEEDS.get(key) or f"--{option} <{option}>"


def line(action: Action) -> str:
    """The command line of an action, and those of what may be done instead."""
    return "; or: ".join(map(command, _ways(action))) if action.alternatives else command(action)


def advice(remedy: Advice) -> str:
    """What helps, in one line: sentences, and commands in the order in which they are run."""
    said, ran = "", False
    for each in (remedy,) if isinstance(remedy, str | Action) else remedy:
        goes_on = bool(said) and not said.endswith((".", ":", "?", "!"))
        if isinstance(each, Action):
            lead = "" if said.endswith(":") else "then: " if ran else "run: " if goes_on else "Run: "
            text = lead + line(each)
        else:
            text = each
        if text:
            said += ("; " if goes_on else " " if said else "") + text
        ran = isinstance(each, Action)
    return said


def _ways(action: Action) -> Iterator[Action]:
    yield action
    for other in action.alternatives:
        yield from _ways(other)


def error(found: SopctlError) -> str:
    """The sentence that says what is wrong."""
    own = _SENTENCES.get(found.id)
    return own.format(**found.values) if own else found.sentence


def told(found: SopctlError) -> str:
    """The whole of an error, safe to print: where, what, and below it what helps."""
    place = f"{printable(found.where)}: " if found.where else ""
    helps = advice(found.remedy)
    lines = "".join(f"\n  {printable(line, LONGEST)}" for line in found.lines)
    return f"{place}{printable(error(found), LONGEST)}{lines}" + (f"\n  → {printable(helps, LONGEST)}" if helps else "")
