"""How errors and actions are worded for someone at a terminal: sentences, and command lines to paste.

What a person has to supply stands in angle brackets. A shell takes those for redirections and refuses the line before
anything runs, so that a line which is pasted as it is records nothing.
"""

import shlex
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sopctl.cli import language
from sopctl.cli.language import _
from sopctl.errors import Action, Advice, SopctlError
from sopctl.locale import Language, Text, gettext_noop
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

_NEEDS: dict[str, tuple[str, str]] = {
    "accept": ("--accept", gettext_noop("why it is accepted")),
    "asked_by": ("--asked-by", gettext_noop("who asked for it")),
    "because": ("--because", gettext_noop("why")),
    "by_hand": ("--by-hand", gettext_noop("how it was done")),
    "despite": ("--despite", gettext_noop("why both are right")),
    "disks": ("", gettext_noop("--keep-disks or --wipe-disks")),
    "disk": ("--disk", gettext_noop("serial number")),
    "document": ("--document", gettext_noop("letter of authority")),
    "done_by": ("--done-by", gettext_noop("who did it")),
    "file": ("", gettext_noop("file")),
    "fingerprint": ("--confirm", gettext_noop("SHA256 fingerprint")),
    "folder": ("", gettext_noop("folder")),
    "how": ("--how", gettext_noop("by which means")),
    "id": ("", gettext_noop("id of the deposit")),
    "instruction": ("--instruction", gettext_noop("what the head wrote")),
    "method": ("--method", gettext_noop("clear, purge, destroy or returned")),
    "minutes": ("--minutes", gettext_noop("minutes")),
    "letter_number": ("--letter-number", gettext_noop("number of the letter")),
    "network": ("--network", gettext_noop("network")),
    "not_signed": ("--not-signed", gettext_noop("how that is known")),
    "note": ("--note", gettext_noop("note")),
    "person": ("--by", gettext_noop("person")),
    "reason": ("--reason", gettext_noop("why")),
    "rack": ("--rack", gettext_noop("rack")),
    "rack_unit": ("--rack-unit", gettext_noop("lowest rack unit")),
    "result": ("--result", gettext_noop("ok or failed")),
    "serial": ("--serial", gettext_noop("serial number")),
    "tool": ("--tool", gettext_noop("with what, and how")),
    "what": ("--what", gettext_noop("what was done")),
    "user": ("--user", gettext_noop("account on the BMC")),
    "until": ("--until", gettext_noop("YYYY-MM-DD")),
    "via": ("--via", gettext_noop("phone, letter or meeting")),
}
"""What a person has to supply: with which option, and what it is."""

_NEEDS_OF: dict[tuple[str, str], tuple[str, str]] = {
    ("accept", "note"): _NEEDS["accept"],
    ("advance", "fingerprint"): ("--host-key", gettext_noop("SHA256 fingerprint")),
    ("configure", "by_hand"): ("--by-hand", gettext_noop("who configured what")),
    ("configure", "file"): ("--password-file", gettext_noop("file")),
    ("configure", "fingerprint"): ("--host-key", gettext_noop("SHA256 fingerprint")),
    ("edit", "file"): ("--from", gettext_noop("file")),
    ("login", "file"): ("--key-file", gettext_noop("file")),
    ("init", "file"): _NEEDS["folder"],
    ("inventory", "file"): ("--from", gettext_noop("filled-in sheet")),
    ("inventory collect", "file"): ("--from", gettext_noop("filled-in sheet")),
    ("probe", "fingerprint"): ("--expect-key", gettext_noop("SHA256 fingerprint")),
    ("release", "note"): _NEEDS["by_hand"],
    ("say-access", "person"): ("--confirmed-by", gettext_noop("person")),
    ("write-off", "how"): ("--how", gettext_noop("stolen, broken or seized")),
    ("verify", "person"): ("--confirmed-by", gettext_noop("person")),
}
"""The same, where one verb asks for it differently from the others."""


def command(action: Action) -> str:
    """The command line of an action, safe to paste: nothing runs while a part of it is still missing.

    What is needed comes last: there, the shell refuses the line even where a file has the placeholder's name.
    """
    asked, needs = _in_words(action.verb, action.task, action.needs, language.spoken())
    words = [asked.words]
    if action.id and asked.id:
        words.append(asked.id.replace("{id}", shlex.quote(_operand(action.id))))
    if asked.options:
        words.append(asked.options)
    if action.given:
        words += [_given(name, value) for name, value in action.given.items()]
    if needs:
        words.append(needs)
    return " ".join(words)


@lru_cache(KINDS)
def _in_words(verb: str, task: str, needs: tuple[str, ...], _spoken: Language) -> tuple[Asked, str]:
    """How a command line is written: what is the same in thousands of them, and its needs."""
    asked = _asked(verb, task)
    name, opened, asks = asked.words.partition("<")
    words = f"sopctl {name}<{_(asks.rstrip('>'))}>" if opened else f"sopctl {name}"
    questions = (_question(verb, name, _spoken) for name in needs)
    return asked._replace(words=words), " ".join(f"{each.option} <{each.asks}>".lstrip() for each in questions)


def argv(action: Action) -> list[str]:
    """The words of an action's command line, up to what a person has to supply (`needed`)."""
    asked = _asked(action.verb, action.task)
    words, placeholder, _asks = asked.words.partition("<")
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
    asks = _asked(action.verb, action.task).words.partition("<")[2].rstrip(">")
    return [*([Question("", _(asks))] if asks else []), *questions(action)]


class Question(NamedTuple):
    """What a person has to supply: with which option (empty: the value alone), what it is, and between what it is to be
    chosen, where that is so."""

    option: str
    asks: str
    choices: tuple[str, ...] = ()


def questions(action: Action) -> list[Question]:
    """What a person has to supply for an action, in order."""
    return [_question(action.verb, name, language.spoken()) for name in action.needs]


@lru_cache(KINDS)
def _question(verb: str, name: str, _spoken: Language) -> Question:
    """In the language that is spoken: what is kept of one is not said in another."""
    option, asks = _need(verb, name)
    return Question(option, _(asks), tuple(asks.split(" or ")) if asks.startswith("--") else ())


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


def _need(verb: str, name: str) -> tuple[str, str]:
    key, option = name.replace("-", "_"), name.replace("_", "-")
    return _NEEDS_OF.get((verb, key)) or _NEEDS.get(key) or (f"--{option}", option)


def line(action: Action) -> str:
    """The command line of an action, and those of what may be done instead."""
    return _("; or: ").join(map(command, _ways(action))) if action.alternatives else command(action)


def advice(remedy: Advice) -> str:
    """What helps, in one line: sentences, and commands in the order in which they are run."""
    said, ran = "", False
    for each in (remedy,) if isinstance(remedy, str | Text | Action) else remedy:
        goes_on = bool(said) and not said.endswith((".", ":", "?", "!"))
        if isinstance(each, Action):
            lead = "" if said.endswith(":") else _("then: ") if ran else _("run: ") if goes_on else _("Run: ")
            text = lead + line(each)
        else:
            text = language.said(each)
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
    if not found.values:
        return _(found.template)
    from sopctl.workflow import terms  # only an error needs it

    return language.said(Text(found.template, **terms.in_words(found.values)))


def told(found: SopctlError) -> str:
    """The whole of an error, safe to print: where, what, and below it what helps."""
    place = f"{printable(found.where)}: " if found.where else ""
    helps = advice(found.remedy)
    lines = "".join(f"\n  {printable(language.said(line), LONGEST)}" for line in found.lines)
    return f"{place}{printable(error(found), LONGEST)}{lines}" + (f"\n  → {printable(helps, LONGEST)}" if helps else "")
