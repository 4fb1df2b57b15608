"""The documents of `inventory`: facts, a month's summary, what changed, and what is not as it should be."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from msgspec import Struct, defstruct
from msgspec.structs import fields

from sopctl.cli.documents.common import Failure, Place, failure, place
from sopctl.errors import SopctlError
from sopctl.model.facts import changes, conditions
from sopctl.model.facts.comparison import Weight
from sopctl.model.facts.conditions import Severity
from sopctl.model.facts.declared import Comparison
from sopctl.model.facts.server import Missing, ServerFacts
from sopctl.workflow.views import inventories

_OTHERWISE = ("gathered_at", "packages", "missing")
"""Facts that are printed otherwise than they are kept: no name that was found is a key."""


class Changed(Struct, frozen=True, kw_only=True):
    """A change between two inventories: what it is about, before and after (empty: there is none), the sentence of the
    form, and whether it needs a look (`alarm`), is a `change`, or could not be read this time (`unread`)."""

    weight: Weight
    subject: str
    before: str
    after: str
    text: str


class PartCondition(Struct, frozen=True, kw_only=True):
    """What is not as it should be with a part, and the sentence of the form."""

    severity: Severity
    subject: str
    what: str
    text: str


class Inventoried(Struct, frozen=True, kw_only=True):
    """A server of a month's inventory. `disk_gb` is decimal (10⁹ bytes), as vendors count; null: it was not read."""

    id: str
    unit: str
    server: str
    address: str
    place: Place | None
    vendor: str
    product: str
    serial: str
    processor: str
    logical_processors: int | None
    memory_gib: float | None
    disks: int
    disk_gb: float
    system: str
    kernel: str
    updates: int | None
    valid_until: date | None
    gathered_at: datetime
    changes: list[Changed]
    conditions: list[PartCondition]


class Total(Struct, frozen=True, kw_only=True):
    """The totals of a group of servers: those of a unit, in a rack, with a system, with firmware of a year, or whose
    deposit ends in a year. `name` is empty where that is not known."""

    by: Literal["unit", "rack", "system", "firmware-year", "valid-until-year"]
    name: str
    servers: int
    memory_gib: float
    disk_gb: float


class UnknownFact(Struct, frozen=True, kw_only=True):
    """A field without a value, and why."""

    field: str
    why: Missing


class Package(Struct, frozen=True, kw_only=True):
    """An installed package."""

    package: str
    version: str


ShownFacts = defstruct(
    "ShownFacts",
    [
        ("gathered_at", datetime),
        *[(each.name, each.type) for each in fields(ServerFacts) if each.name not in _OTHERWISE],
        ("packages", list[Package]),
        ("missing", list[UnknownFact]),
        ("conditions", list[PartCondition]),
    ],
    frozen=True,
    kw_only=True,
    namespace={
        "__doc__": "The facts of a server (docs/reference/facts.schema.json says what each is); a field without a "
        "value is among `missing`, with the reason. `conditions`: what is not as it should be.",
    },
)


class MonthOfFacts(Struct, frozen=True, kw_only=True):
    """What one month's facts say in short. `disk_gb` is decimal (10⁹ bytes), as vendors count."""

    month: str
    revision: int
    memory_gib: float | None
    disk_gb: float
    system: str
    kernel: str


class FactsOverTime(Struct, frozen=True, kw_only=True):
    """The facts of a server, month by month."""

    months: list[MonthOfFacts]


class InventorySummary(Struct, frozen=True, kw_only=True):
    """A month's inventory (`2026-11`): the servers that were gathered, the ids of those whose inventory was due and is
    missing, of those that were here and not due, totals, and the records that could not be read."""

    month: str
    servers: list[Inventoried]
    not_gathered: list[str]
    not_due: list[str]
    totals: list[Total]
    errors: list[Failure]


class InventoryDiff(Struct, frozen=True, kw_only=True):
    """What changed on a server from one month to another (`from_month`: empty for the hand-over), what is not as it
    should be at the later one, and, since the hand-over, what the letter declared beside what was found."""

    id: str
    from_month: str
    to_month: str
    changes: list[Changed]
    conditions: list[PartCondition]
    declared: list[Comparison]


class ServerConditions(Struct, frozen=True, kw_only=True):
    """What is wrong with a server's parts, by its newest facts, and when those were gathered."""

    id: str
    server: str
    gathered_at: datetime
    conditions: list[PartCondition]


class Conditions(Struct, frozen=True, kw_only=True):
    """What is wrong with the parts of each server, and the servers whose facts could not be read."""

    servers: list[ServerConditions]
    errors: list[Failure]


def facts(found: ServerFacts) -> Any:
    """The document of `inventory show`."""
    kept = {each.name: getattr(found, each.name) for each in fields(found) if each.name not in _OTHERWISE}
    return ShownFacts(
        **kept,
        gathered_at=datetime.fromisoformat(found.gathered_at),
        packages=[Package(package=name, version=version) for name, version in found.packages.items()],
        missing=[UnknownFact(field=name, why=why) for name, why in found.missing.items()],
        conditions=_conditions(conditions.conditions(found)),
    )


def over_time(months: "Sequence[inventories.MonthlyFacts]") -> FactsOverTime:
    """The document of `inventory show --over-time`."""
    return FactsOverTime(
        months=[
            MonthOfFacts(
                month=each.month,
                revision=each.revision,
                memory_gib=each.memory_gib or None,
                disk_gb=each.disk_gb,
                system=each.system,
                kernel=each.kernel,
            )
            for each in months
        ]
    )


_GROUPS: dict[str, Literal["unit", "rack", "system", "firmware-year", "valid-until-year"]] = {
    "unit": "unit",
    "rack": "rack",
    "system": "system",
    "firmware": "firmware-year",
    "valid until": "valid-until-year",
}


def summary(found: inventories.MonthlySummary) -> InventorySummary:
    """The document of `inventory summary`."""
    return InventorySummary(
        month=found.month,
        servers=list(map(_inventoried, found.servers)),
        not_gathered=list(found.not_gathered),
        not_due=[each.id for each in found.not_due],
        totals=[
            Total(
                by=_GROUPS[group],
                name=name.strip("–"),
                servers=each.servers,
                memory_gib=each.memory_gib,
                disk_gb=each.disk_gb,
            )
            for group, sums in found.sums.items()
            for name, each in sums.items()
        ],
        errors=[failure(each, name) for name, each in found.broken.items()],
    )


def diff(id: str, found: inventories.Difference) -> InventoryDiff:
    """The document of `inventory diff`."""
    return InventoryDiff(
        id=id,
        from_month=found.before,
        to_month=found.after,
        changes=_changes(found.changes),
        conditions=_conditions(found.conditions),
        declared=list(found.declared),
    )


def standing(found: Sequence[inventories.Standing], errors: Sequence[SopctlError]) -> Conditions:
    """The document of `inventory conditions`."""
    return Conditions(
        servers=[
            ServerConditions(
                id=each.deposit.id,
                server=each.deposit.server,
                gathered_at=datetime.fromisoformat(each.gathered_at),
                conditions=_conditions(each.conditions),
            )
            for each in found
        ],
        errors=list(map(failure, errors)),
    )


def _inventoried(server: inventories.InventoriedServer) -> Inventoried:
    deposit, facts = server.deposit, server.facts
    return Inventoried(
        id=deposit.id,
        unit=deposit.unit,
        server=facts.hostname or deposit.server,
        address=deposit.address,
        place=place(deposit.place),
        vendor=facts.vendor or "",
        product=facts.product or "",
        serial=facts.serial or deposit.serial,
        processor=facts.cpu.model or "",
        logical_processors=facts.cpu.logical,
        memory_gib=server.memory_gib or None,
        disks=len(facts.disks),
        disk_gb=server.disk_gb,
        system=server.system,
        kernel=facts.kernel or "",
        updates=facts.updates,
        valid_until=deposit.valid_until,
        gathered_at=datetime.fromisoformat(facts.gathered_at),
        changes=_changes(server.changes),
        conditions=_conditions(server.conditions),
    )


def _changes(found: Sequence[changes.Change]) -> list[Changed]:
    return [
        Changed(
            weight=each.weight,
            subject=each.subject,
            before=each.before or "",
            after=each.after or "",
            text=str(each),
        )
        for each in found
    ]


def _conditions(found: Sequence[conditions.Condition]) -> list[PartCondition]:
    return [
        PartCondition(severity=each.severity, subject=each.subject, what=each.what, text=str(each)) for each in found
    ]
