"""The documents of `configure` that change nothing: what a configuration would change, and what has changed since."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sopctl.cli.documents.common import Failure, failure
from sopctl.errors import SopctlError
from sopctl.model.fingerprint.asked import Asked
from sopctl.model.fingerprint.changes import Difference
from sopctl.model.survey import changes, comparison
from sopctl.model.survey.obstacles import Obstacle
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.workflow.steps import drift
    from sopctl.workflow.steps.previewing import Preview


class TaskChange(Struct, frozen=True, kw_only=True):
    """One task of the playbook that would change something. `diff` has the lines of a unified diff, if the task can
    give one."""

    role: str
    task: str
    diff: list[str]


class LookedAt(Struct, frozen=True, kw_only=True):
    """A configured server: what a configuration would change on it now. `message` says why it could not be looked at;
    empty if it could."""

    id: str
    changes: list[TaskChange]
    message: str


class Connected(Struct, frozen=True, kw_only=True):
    """Another machine with open connections to one of the server's TCP ports."""

    port: str
    address: str
    connections: int


class CutOff(Struct, frozen=True, kw_only=True):
    """A service that others can reach now, as far as the server shows, and could not after the configuration: a port as
    --cut-off takes it (`443`, `53/udp`, `8000-8010`) or a protocol by name. `reason`: the letter does not ask for it,
    or not for the sources of these `peers`. `also`: ports by which it is reached too."""

    service: str
    reason: Literal["not-asked", "sources"]
    programs: list[str]
    addresses: list[str]
    interfaces: list[str]
    peers: list[Connected]
    also: list[str]


class StaysOpen(Struct, frozen=True, kw_only=True):
    """What others reach past the letter, now and after: a published port that is sent on to `target`, whatever the
    server forwards (then `service` is empty), or a service where there is no firewall of the office's."""

    reason: Literal["published", "published-to-all", "forwarding", "no-firewall"]
    service: str
    target: str
    programs: list[str]


class InTheWay(Struct, frozen=True, kw_only=True):
    """Something on the server that is in the way, and what helps. `blocks`: it must be removed first."""

    cause: str
    detail: str
    user: str
    blocks: bool
    remedy: str


class FirstChanges(Struct, frozen=True, kw_only=True):
    """A server that was never configured: what will change there, what will be `cut_off` and what `stays_open`, the
    services that need the owner's consent (as --cut-off takes them), and what is in the way."""

    id: str
    os: str
    changes: list[changes.Change]
    cut_off: list[CutOff]
    stays_open: list[StaysOpen]
    needs_consent: list[str]
    obstacles: list[InTheWay]


class ConfigurationChecked(Struct, frozen=True, kw_only=True):
    """What --check found: of configured `servers`, of those that were never configured (`first`), the ids of those that
    were not looked at because the office may only take inventory there (`reduced`), and why others could not be looked
    at."""

    servers: list[LookedAt]
    first: list[FirstChanges]
    reduced: list[str]
    errors: list[Failure]


class Drifted(Struct, frozen=True, kw_only=True):
    """A server: what differs from what its last configuration left (`part`: the role that keeps it; empty: it is the
    owner's, and no drift), what is asked for since, and what else is to be known. `message` says why it could not be
    compared; empty if it was."""

    id: str
    drifted: bool
    differences: list[Difference]
    asked: list[Asked]
    notices: list[str]
    message: str


class Drift(Struct, frozen=True, kw_only=True):
    """What --drift found, and the ids of the servers that were not looked at because the office may only take inventory
    there."""

    servers: list[Drifted]
    reduced: list[str]


def checked(
    found: "Iterable[drift.Drift]",
    first: "Iterable[Preview]",
    reduced: Sequence[str],
    errors: Mapping[str, SopctlError],
) -> ConfigurationChecked:
    """The document of `configure --check`."""
    return ConfigurationChecked(
        servers=[
            LookedAt(
                id=each.id,
                changes=[TaskChange(role=one.role, task=one.task, diff=list(one.diff)) for one in each.changes],
                message=each.message,
            )
            for each in found
        ],
        first=list(map(_first, first)),
        reduced=list(reduced),
        errors=[failure(each, name) for name, each in errors.items()],
    )


def drifted(found: "Iterable[drift.Differs]", reduced: Sequence[str]) -> Drift:
    """The document of `configure --drift`."""
    return Drift(
        servers=[
            Drifted(
                id=each.id,
                drifted=each.drifted,
                differences=list(each.differences),
                asked=list(each.asked),
                notices=list(map(str, each.notices)),
                message=str(each.message),
            )
            for each in found
        ],
        reduced=list(reduced),
    )


def _first(preview: "Preview") -> FirstChanges:
    look = preview.look
    return FirstChanges(
        id=preview.id,
        os=look.found.os,
        changes=list(preview.changes),
        cut_off=list(map(_cut_off, look.comparison.cut_off)),
        stays_open=[
            StaysOpen(
                reason=each.reason,
                service=str(each.service) if each.service else "",
                target=each.target,
                programs=list(each.programs),
            )
            for each in look.comparison.stays_open
        ],
        needs_consent=[str(each.service) for each in look.comparison.unconsented(preview.consents)],
        obstacles=list(map(_in_the_way, look.obstacles)),
    )


def _cut_off(each: comparison.CutOff) -> CutOff:
    return CutOff(
        service=str(each.service),
        reason=each.reason,
        programs=list(each.programs),
        addresses=list(each.addresses),
        interfaces=list(each.interfaces),
        peers=[
            Connected(port=str(peer.port), address=peer.address, connections=peer.connections) for peer in each.peers
        ],
        also=list(map(str, each.also)),
    )


def _in_the_way(each: Obstacle) -> InTheWay:
    return InTheWay(
        cause=each.cause,
        detail=printable(str(each.detail), 300),
        user=each.user,
        blocks=each.blocks,
        remedy=str(each.remedy),
    )
