"""The documents of `check`, `checks` and `probe`: can machines be reached?"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Literal

from msgspec import Struct

from sopctl.cli.documents.common import Failure, failure, moment
from sopctl.errors import SopctlError
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, JumpHost, Rung, RungResult, ServiceResult, remedy
from sopctl.model.access.target import HostKey, ServiceKind
from sopctl.model.availability import Outage, State, Status
from sopctl.model.sop.entries import BmcPin
from sopctl.store.checks import Count
from sopctl.workflow.servers.checking import Checked, Month, NotTried, Report


class Algorithms(Struct, frozen=True, kw_only=True):
    """What was negotiated over SSH; all empty if it did not get that far."""

    kex: str
    host_key: str
    cipher: str
    mac: str


class Service(Struct, frozen=True, kw_only=True):
    """What was found at one service. `cause`: why it does not work, or null; `expires`: the end of its certificate;
    `status`: that of its HTTP response."""

    port: int
    kind: ServiceKind
    cause: Cause | None
    detail: str
    expires: datetime | None
    status: int | None


class Probed(Struct, frozen=True, kw_only=True):
    """What a probe found: the last `rung` that was reached, the `cause` (docs/reference/causes.md) and `detail` of a
    failure, what helps, how long it took (`seconds`, and of each rung), and what the machine showed."""

    host: str
    port: int
    verdict: Literal["accessible", "inaccessible"]
    rung: Rung
    cause: Cause | None
    detail: str
    remedy: str
    seconds: float
    rungs: list[RungResult]
    host_key: HostKey | None
    banner: str
    algorithms: Algorithms
    user: str
    services: list[Service]
    jump: JumpHost | None


class Probes(Struct, frozen=True, kw_only=True):
    """What `probe` found, a result for each host."""

    results: list[Probed]


class CheckedServer(Struct, frozen=True, kw_only=True):
    """A machine of the fleet after a check. `verdict` is `not-tried` where no check could be made: then `error` says
    why, and what a probe finds is null or empty. `status`: what is taken as true of it by its newest checks, since
    when; `flapping`: neither clearly up nor clearly down. `maintenance`: the maintenance that is under way for it
    (it then counts for nothing), or empty. `at`: when it was checked."""

    id: str
    server: str
    verdict: Literal["accessible", "inaccessible", "not-tried"]
    at: datetime | None
    status: Status
    since: datetime | None
    flapping: bool
    maintenance: str
    error: Failure | None
    host: str
    port: int | None
    rung: Rung | None
    cause: Cause | None
    detail: str
    remedy: str
    seconds: float | None
    rungs: list[RungResult]
    host_key: HostKey | None
    banner: str
    algorithms: Algorithms
    user: str
    services: list[Service]
    jump: JumpHost | None


class Checks(Struct, frozen=True, kw_only=True):
    """What a check of the fleet found, a result for each machine that was chosen, also for those that could not be
    tried; and the errors that are about no machine that was chosen."""

    results: list[CheckedServer]
    errors: list[Failure]


class OutageSeen(Struct, frozen=True, kw_only=True):
    """From the first failed check to the first good one; `ended` is null while it lasts."""

    began: datetime
    ended: datetime | None
    cause: str


class Counted(Struct, frozen=True, kw_only=True):
    """Checks that began in a span of time: one check, an hour, a day. `mean_seconds`: how long the good ones took."""

    at: datetime
    span: Literal["check", "hour", "day"]
    checks: int
    good: int
    mean_seconds: float
    cause: str


class History(Struct, frozen=True, kw_only=True):
    """What was seen of one machine: its state (`unknown` while there were too few checks), outages, and checks, the
    older the coarser."""

    id: str
    status: Status
    since: datetime | None
    checked_at: datetime | None
    flapping: bool
    recent: str
    outages: list[OutageSeen]
    checks: list[Counted]


def probed(found: AccessResult) -> Probed:
    """What a probe found, as it is printed."""
    verdict: Literal["accessible", "inaccessible"] = "inaccessible" if found.cause else "accessible"
    return Probed(
        host=found.host,
        port=found.port,
        verdict=verdict,
        rung=found.rung,
        cause=found.cause,
        detail=found.detail,
        remedy=str(remedy(found)),
        seconds=found.seconds,
        rungs=list(found.rungs),
        host_key=found.host_key,
        banner=found.banner,
        algorithms=_algorithms(found.algorithms),
        user=found.user or "",
        services=list(map(_service, found.services)),
        jump=found.jump,
    )


def checks(found: Sequence["CheckedServer"], errors: Sequence[SopctlError]) -> Checks:
    """The document of `check`."""
    return Checks(results=list(found), errors=list(map(failure, errors)))


def checked(one: Checked, zone: tzinfo | None) -> CheckedServer:
    """A machine that was checked, as it is printed."""
    seen = probed(one.result)
    return CheckedServer(
        id=one.id,
        server=one.server,
        verdict=seen.verdict,
        at=moment(one.result.at, zone),
        status=one.state.status,
        since=moment(one.state.since, zone),
        flapping=one.state.flapping,
        maintenance=one.maintenance,
        error=None,
        host=seen.host,
        port=seen.port,
        rung=seen.rung,
        cause=seen.cause,
        detail=seen.detail,
        remedy=str(one.remedy),
        seconds=seen.seconds,
        rungs=seen.rungs,
        host_key=seen.host_key,
        banner=seen.banner,
        algorithms=seen.algorithms,
        user=seen.user,
        services=seen.services,
        jump=seen.jump,
    )


def not_tried(one: NotTried, zone: tzinfo | None) -> CheckedServer:
    """A machine that could not be checked, as it is printed."""
    state = one.state
    return CheckedServer(
        id=one.id,
        server=one.server,
        verdict="not-tried",
        at=None,
        status=state.status if state else Status.UNKNOWN,
        since=moment(state.since, zone) if state else None,
        flapping=bool(state and state.flapping),
        maintenance=one.maintenance,
        error=failure(one.error, one.id),
        host="",
        port=None,
        rung=None,
        cause=None,
        detail="",
        remedy="",
        seconds=None,
        rungs=[],
        host_key=None,
        banner="",
        algorithms=_algorithms({}),
        user="",
        services=[],
        jump=None,
    )


def history(
    id: str, state: State | None, outages: Sequence[Outage], counts: Sequence[Count], zone: tzinfo | None
) -> History:
    """The document of `checks history`."""
    spans: dict[int, Literal["check", "hour", "day"]] = {1: "check", 3600: "hour", 86400: "day"}
    return History(
        id=id,
        status=state.status if state else Status.UNKNOWN,
        since=moment(state.since, zone) if state else None,
        checked_at=moment(state.checked, zone) if state else None,
        flapping=bool(state and state.flapping),
        recent=state.recent if state else "",
        outages=[_outage(each, zone) for each in outages],
        checks=[
            Counted(
                at=datetime.fromtimestamp(each.at, zone),
                span=spans[each.span],
                checks=each.checks,
                good=each.ok,
                mean_seconds=each.seconds,
                cause=each.cause,
            )
            for each in counts
        ],
    )


def _algorithms(found: Mapping[str, str]) -> Algorithms:
    return Algorithms(**{each: found.get(each, "") for each in ("kex", "host_key", "cipher", "mac")})


def _service(found: ServiceResult) -> Service:
    return Service(
        port=found.port,
        kind=found.kind,
        cause=found.cause,
        detail=found.detail,
        expires=datetime.fromisoformat(found.expires) if found.expires else None,
        status=found.status,
    )


class PinnedSince(Struct, frozen=True, kw_only=True):
    """A host key that was pinned, or awaits confirmation: since when, by whom, and how it was confirmed."""

    key: HostKey
    at: datetime
    by: str
    how: str


class HostKeys(Struct, frozen=True, kw_only=True):
    """A machine's host keys: the pinned one, one that awaits confirmation, and the one that it shows now. Null: there
    is none."""

    id: str
    pinned: PinnedSince | None
    pending: PinnedSince | None
    shown: HostKey | None


class BmcCertificate(Struct, frozen=True, kw_only=True):
    """A server's BMC: where it is, the pinned certificate (with the office's account), and the SHA-256 (hex) of the one
    that it shows now, or what the problem is."""

    id: str
    place: str
    pinned: BmcPin | None
    shown: str
    problem: str


class Watched(Struct, frozen=True, kw_only=True):
    """A time in which a server was checked without a gap."""

    began: datetime
    ended: datetime


class Availability(Struct, frozen=True, kw_only=True):
    """A server's month. Only time in which it was watched counts, without announced maintenance. `percent` is null
    where nothing was watched; `mean_repair_seconds` where no outage ended. `watched`: when it was watched."""

    id: str
    server: str
    percent: float | None
    watched_seconds: int
    down_seconds: int
    longest_outage_seconds: int
    mean_repair_seconds: float | None
    maintenance_seconds: int
    outages: list[OutageSeen]
    watched: list[Watched]


class AvailabilityReport(Struct, frozen=True, kw_only=True):
    """The availability in a month (`2026-11`) of every server that was checked in it."""

    month: str
    servers: list[Availability]


def host_keys(id: str, pinned: Any, pending: Any, shown: HostKey | None) -> HostKeys:
    """The document of `host-key` and `switch host-key`."""
    return HostKeys(id=id, pinned=_since(pinned), pending=_since(pending), shown=shown)


def _since(seen: Any) -> PinnedSince | None:
    return PinnedSince(key=seen.key, at=seen.at, by=seen.by, how=seen.how) if seen else None


def availability(found: Month, zone: tzinfo | None) -> AvailabilityReport:
    """The document of `checks report`."""
    return AvailabilityReport(month=found.month, servers=[_availability(each, zone) for each in found.servers])


def _availability(each: Report, zone: tzinfo | None) -> Availability:
    one = each.availability
    return Availability(
        id=each.id,
        server=each.server,
        percent=one.percent,
        watched_seconds=one.observed,
        down_seconds=one.down,
        longest_outage_seconds=one.longest,
        mean_repair_seconds=one.repair,
        maintenance_seconds=one.maintenance,
        outages=[_outage(outage, zone) for outage in one.outages],
        watched=[
            Watched(began=datetime.fromtimestamp(span.began, zone), ended=datetime.fromtimestamp(span.ended, zone))
            for span in each.watched
        ],
    )


def _outage(each: Outage, zone: tzinfo | None) -> OutageSeen:
    return OutageSeen(
        began=datetime.fromtimestamp(each.began, zone), ended=moment(each.ended, zone), cause=str(each.cause)
    )
