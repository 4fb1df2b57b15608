"""Parts of many documents: a place in a rack, what can be done next, what went wrong."""

import re
from datetime import datetime, tzinfo
from typing import Any

from msgspec import Struct

from sopctl.cli import wording
from sopctl.errors import Action, SopctlError
from sopctl.model.rack import Face
from sopctl.model.rack import Place as Kept
from sopctl.model.text import printable

_IN_A_DOSSIER = re.compile(r"(?:^|/)deposits/([^/]+)/")


class Place(Struct, frozen=True, kw_only=True):
    """A place in a rack. `unit` is the lowest rack unit that the server fills (counted from the bottom), `height` how
    many it fills, `face` which side of the rack; `port` is its port on the rack's switch."""

    rack: str
    unit: int
    height: int
    face: Face
    port: int | None


def place(found: Kept | None) -> Place | None:
    """A place of the records, as it is printed."""
    if found is None:
        return None
    return Place(rack=found.rack, unit=found.unit, height=found.height, face=found.face, port=found.port)


class Need(Struct, frozen=True, kw_only=True):
    """What a person has to supply for a command. `option` comes before it; where that is empty, it stands by itself.
    With `choices`, one of them is to be given, as it is."""

    option: str
    asks: str
    choices: list[str]


class Command(Struct, frozen=True, kw_only=True):
    """What can be done: `argv` is the command line up to what a person has to supply, ready for exec. Each of `needs`
    is appended in order: its option and its value. Without needs, `argv` is the whole command. `alternatives` are
    what can be done instead."""

    verb: str
    task: str
    argv: list[str]
    needs: list[Need]
    alternatives: list["Command"]


def command(action: Action) -> Command:
    """An action, as it is printed."""
    asked = wording.needed(action)
    return Command(
        verb=action.verb,
        task=action.task,
        argv=wording.argv(action),
        needs=[Need(option=each.option, asks=each.asks, choices=list(each.choices)) for each in asked],
        alternatives=[command(each) for each in action.alternatives],
    )


class Failure(Struct, frozen=True, kw_only=True):
    """What is wrong: `id` identifies the error and stays the same (docs/reference/errors.md); `message` is its
    sentence, `lines` the problems one by one, `where` the file, with line and column if known, `remedy` what helps,
    `actions` the commands in it. `deposit`: which one it concerns, empty if none or several."""

    id: str
    message: str
    lines: list[str]
    where: str
    remedy: str
    actions: list[Command]
    exit_code: int
    deposit: str


def failure(error: SopctlError, deposit: str = "", exit_code: int | None = None) -> Failure:
    """An error, as it is printed."""
    return Failure(
        id=error.id,
        message=printable(f"{wording.error(error)} {'; '.join(map(str, error.lines))}".strip(), wording.LONGEST),
        lines=[printable(str(each), wording.LONGEST) for each in error.lines],
        where=printable(error.where),
        remedy=printable(wording.advice(error.remedy), wording.LONGEST),
        actions=[command(each) for each in error.remedy if isinstance(each, Action)],
        exit_code=int(error.exit_code) if exit_code is None else exit_code,
        deposit=deposit or _concerned(error),
    )


def _concerned(error: SopctlError) -> str:
    """The deposit that the error names, or whose dossier it was found in; empty if there is none."""
    inside = _IN_A_DOSSIER.search(error.where)
    return str(error.values.get("deposit") or (inside[1] if inside else ""))


class Refused(Struct, frozen=True, kw_only=True):
    """What any command prints if it fails without a result: the error, which is also on standard error."""

    error: Failure


def moment(seconds: int | None, zone: tzinfo | None) -> datetime | None:
    """A time in seconds since 1970, in the office's zone; None for one that is not known (0 too)."""
    return datetime.fromtimestamp(seconds, zone) if seconds else None


def decimal(text: Any) -> float | None:
    """A number that a history keeps as text; None where it has none."""
    return float(text) if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", str(text)) else None
