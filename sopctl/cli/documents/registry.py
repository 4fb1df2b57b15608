"""Which documents a command prints: the contract, one row a command. `error` is what any of them prints instead."""

from functools import cache
from importlib import import_module
from typing import Any

from msgspec import Struct

from sopctl.cli.documents import printing

VERSION = 1
"""Of every document that has not changed since documents have versions."""

_STEPS = (
    *("dispose", "request", "reserve", "receive", "handover", "place", "take-in", "inspect", "advance", "release"),
    *("return", "hold", "resume", "late", "extend", "refuse", "withdraw", "edit", "correct", "move", "write-off"),
    *("task", "queue run", "queue prioritise", "key rotate", "inventory collect", "document file-signed"),
    *("document make consent", "document make sanitisation"),
)

_FILES = (
    *("document make guestbook", "document make handover", "document make inventory", "document make letter"),
    *("document make sop", "inventory form", "inventory sheet"),
)

DOCUMENTS: dict[str, tuple[str, ...]] = {
    "error": ("common.Refused",),
    "list": ("board.Deposits",),
    "todo": ("board.Todo",),
    "show": ("dossier.Shown",),
    "check": ("access.Checks",),
    "checks history": ("access.History",),
    "checks report": ("access.AvailabilityReport",),
    "probe": ("access.Probes",),
    "verify": ("verified.Verified",),
    "validate": ("site.Validated",),
    "host-key": ("access.HostKeys", "steps.Steps"),
    "configure": ("steps.Steps", "configuration.ConfigurationChecked", "configuration.Drift"),
    "bmc": ("access.BmcCertificate", "steps.Steps"),
    "notify": ("sopctl.model.message.Message", "steps.Steps"),
    "rack list": ("reading.Racks",),
    "rack show": ("reading.Elevation",),
    "queue list": ("reading.Queue",),
    "sanitise": ("house.Disks", "steps.Steps"),
    "document make report": ("reading.MonthlyReport",),
    "schedule install": ("timers.Scheduled",),
    "schedule show": ("timers.Schedule",),
    "schedule remove": ("timers.Unscheduled",),
    "doctor": ("site.Diagnoses",),
    "login": ("site.Kept",),
    "key retire": ("site.Moved",),
    "switch list": ("reading.Switches",),
    "switch audit": ("ports.Audit",),
    "switch apply": ("ports.PortChanged",),
    "switch release": ("ports.PortChanged",),
    "switch host-key": ("access.HostKeys",),
    "runs list": ("reading.Runs",),
    "report sla": ("reading.Limits",),
    "report mail": ("reading.ReportMailed",),
    "document list": ("reading.Documents",),
    "document verify": ("reading.CheckedFiles", "reading.Documents"),
    "document sign": ("reading.File", "steps.Steps"),
    "inventory summary": ("inventory.InventorySummary",),
    "inventory diff": ("inventory.InventoryDiff",),
    "inventory conditions": ("inventory.Conditions",),
    "account invite": ("accounts.Invitation",),
    "account list": ("accounts.PageAccounts",),
    "account refusals": ("accounts.Refusals",),
    "account token list": ("accounts.ProgramTokens",),
    "account token create": ("accounts.NewToken",),
    "account token revoke": ("accounts.Revoked",),
    "account revoke": ("accounts.Revoked",),
    "account forget-code": ("accounts.CodeForgotten",),
    "adopt": ("site.Adoptions",),
    "import": ("site.Adoptions",),
    "remind": ("site.Reminders",),
    "events send": ("site.Receivers",),
    "netbox sync": ("netbox.NetBoxSynced",),
    "journal anchor": ("site.Anchor",),
    "init": ("site.Made", "site.SiteUpdated"),
    "engine setup": ("site.ChangedFiles",),
    "engine status": ("site.EngineStatus",),
    "inventory show": ("inventory.ShownFacts", "inventory.FactsOverTime"),
    "runs show": ("reading.RunShown",),
    "sop show": ("procedures.ProcedureShown", "procedures.ProcedureList"),
    "switch plan": ("ports.PortPlan",),
    **dict.fromkeys(("lab up", "lab status", "lab plug"), ("lab.Labs",)),
    "lab down": ("lab.Removed",),
    "lab hardware": ("lab.MachineParts",),
    "lab switch": ("lab.LabSwitchRecord",),
    "lab states": ("lab.States",),
    "lab rehearse": ("lab.Rehearsed", "lab.Proofs"),
    "export": ("sopctl.workflow.papers.archive.Archived",),
    "backup": ("sopctl.workflow.setup.backup.Done",),
    "restore": ("sopctl.workflow.setup.backup.Done",),
    "journal verify": ("sopctl.workflow.setup.journal.Check",),
    "journal mend": ("sopctl.workflow.setup.journal.Check",),
    "journal stamp": ("sopctl.workflow.setup.journal.Stamped",),
    "key status": ("sopctl.workflow.setup.rotation.Status",),
    **dict.fromkeys(("visit announce", "visit in", "visit out", "visit list"), ("house.Visits",)),
    **dict.fromkeys(("maintenance plan", "maintenance cancel", "maintenance tell"), ("house.MaintenanceTold",)),
    "maintenance list": ("house.Maintenance",),
    **dict.fromkeys(_FILES, ("reading.File",)),
    **dict.fromkeys(_STEPS, ("steps.Steps",)),
}
"""By the words of the command, the records that it prints: those of this package by their module, and records of the
house. By name: a command that runs imports its own, and not what all the others print."""


@cache
def kinds(command: str) -> tuple[type[Struct], ...]:
    """The records that a command prints; none for one that has no record yet."""
    return tuple(map(_kind, DOCUMENTS.get(command, ())))


def _kind(name: str) -> type[Struct]:
    module, _, kind = name.rpartition(".")
    found: type[Struct] = getattr(import_module(module if "." in module else f"{__package__}.{module}"), kind)
    return found


def id_of(command: str, version: int = VERSION) -> str:
    """What a document says of itself: `sopctl/rack/show/1`."""
    return f"sopctl/{command.replace(' ', '/')}/{version}"


def document(command: str, found: Struct) -> dict[str, Any]:
    """A record, as this command prints it."""
    assert type(found) in kinds(command), f"{type(found).__name__} is no document of {command}"  # noqa: S101
    return {"schema": id_of(command), **printing.plain(found)}


def schema(command: str) -> dict[str, Any]:
    """The JSON Schema of what a command prints."""
    return printing.schema({kind: [id_of(command)] for kind in kinds(command)})


def schemas() -> dict[str, Any]:
    """One JSON Schema for whatever any command prints."""
    printed: dict[type[Struct], list[str]] = {}
    for command in DOCUMENTS:
        for kind in kinds(command):
            printed.setdefault(kind, []).append(id_of(command))
    return printing.schema(printed)
