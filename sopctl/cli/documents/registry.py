"""Which documents a command prints: the contract, one row a command. `error` is what any of them prints instead."""

from typing import Any

from msgspec import Struct

from sopctl.cli.documents import access, board, common, dossier, printing, site, steps

VERSION = 1
"""Of every document that has not changed since documents have versions."""

_STEPS = (
    *("dispose", "request", "reserve", "receive", "handover", "place", "take-in", "inspect", "advance"),
    *("release", "return", "hold", "resume", "late", "extend", "refuse", "withdraw", "edit", "correct", "move"),
    *("write-off", "task", "queue run", "queue prioritise", "key rotate", "configure", "document file-signed"),
)

DOCUMENTS: dict[str, tuple[type[Struct], ...]] = {
    "error": (common.Refused,),
    "list": (board.Deposits,),
    "todo": (board.Todo,),
    "show": (dossier.Shown,),
    "check": (access.Checks,),
    "checks history": (access.History,),
    "probe": (access.Probes,),
    "validate": (site.Validated,),
    **dict.fromkeys(_STEPS, (steps.Steps,)),
}
"""By the words of the command."""


def id_of(command: str, version: int = VERSION) -> str:
    """What a document says of itself: `sopctl/rack/show/1`."""
    return f"sopctl/{command.replace(' ', '/')}/{version}"


def document(command: str, found: Struct) -> dict[str, Any]:
    """A record, as this command prints it."""
    assert type(found) in DOCUMENTS[command], f"{type(found).__name__} is no document of {command}"  # noqa: S101
    return {"schema": id_of(command), **printing.plain(found)}


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command prints."""
    return printing.schema({kind: [id_of(command)] for kind in DOCUMENTS[command]})


def schemas() -> dict[str, Any]:
    """One JSON Schema for whatever any command prints."""
    printed: dict[type[Struct], list[str]] = {}
    for command, kinds in DOCUMENTS.items():
        for kind in kinds:
            printed.setdefault(kind, []).append(id_of(command))
    return printing.schema(printed)
