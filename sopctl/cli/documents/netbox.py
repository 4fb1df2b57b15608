"""The document of `netbox sync`."""

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from sopctl.adapters.netbox import Change, Kind, Left, Outcome
from sopctl.cli.documents.common import Failure, failure
from sopctl.errors import SopctlError


class NetBoxField(Struct, frozen=True, kw_only=True):
    """A field of an object in NetBox: what it was, and what it is now. Another object is its id there."""

    field: str
    before: str
    after: str


class NetBoxChange(Struct, frozen=True, kw_only=True):
    """What was written into NetBox, or with `dry_run` would be: the `kind` of object, its name, and the
    fields of it that changed (none if it is new)."""

    action: Literal["create", "update"]
    kind: Kind
    name: str
    fields: list[NetBoxField]


class NetBoxDevice(Struct, frozen=True, kw_only=True):
    """A deposit's device: what was written, and what was left `untouched` in NetBox, each with the reason (`why`)."""

    deposit: str
    changes: list[NetBoxChange]
    untouched: list[Left]


class NetBoxSynced(Struct, frozen=True, kw_only=True):
    """What was done for each device, and what NetBox refused or could not be read here."""

    dry_run: bool
    devices: list[NetBoxDevice]
    errors: list[Failure]


def synced(found: Sequence[Outcome], errors: Sequence[SopctlError], *, dry_run: bool) -> NetBoxSynced:
    """The document of `netbox sync`."""
    devices = [
        NetBoxDevice(deposit=each.deposit, changes=[_change(one) for one in each.changes], untouched=each.left)
        for each in found
    ]
    return NetBoxSynced(dry_run=dry_run, devices=devices, errors=list(map(failure, errors)))


def _change(change: Change) -> NetBoxChange:
    fields = [
        NetBoxField(field=key, before=_text(before), after=_text(after))
        for key, (before, after) in change.fields.items()
    ]
    return NetBoxChange(action=change.action, kind=change.kind, name=change.name, fields=fields)


def _text(value: object) -> str:
    return "" if value is None else str(value)
