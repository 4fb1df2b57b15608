"""The fleet: access checks of all servers in the office's hands, their history, and who is told of changes.

A check never moves a dossier: `verify` does that. It is made with the management account, as `verify` makes it.
"""

import re
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.errors import SopctlError, UsageError
from sopctl.model.access import AccessResult, Target, Verdict, remedy
from sopctl.model.availability import Availability, Outage, Policy, Sight, State, Status, availability
from sopctl.model.message import Message
from sopctl.model.summary import Summary
from sopctl.store import dossiers, locks, register
from sopctl.store.checks import Change, Checks, Count
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.inventory_view import account_in_use, key_in_use, pinned_key

if TYPE_CHECKING:
    from sopctl.adapters.ssh import Key
    from sopctl.adapters.ssh.sweep import Job

SELECTORS = ("unit", "state", "rack")
Notify = Callable[[Message], None]
"""Hands a message over. Raises a SopctlError when it could not be."""


class Checked(Struct, frozen=True):
    """One server's check."""

    id: str
    server: str
    result: AccessResult
    remedy: str


class Report(Struct, frozen=True):
    """One server's month. Times in seconds."""

    id: str
    server: str
    first: int
    last: int
    availability: Availability


def chosen(site: Site, ids: Sequence[str] = (), select: str = "") -> tuple[list[Summary], list[SopctlError]]:
    """The servers to check: those in the office's hands, or those of them that are named; and broken dossiers.

    `select` is KEY=TEXT[,KEY=TEXT…]: unit (a part of its name), state (procedure, or procedure and step), rack.
    Raises UsageError for an id that is not to be checked.
    """
    reading = register.read(site)
    able = [each for each in reading.summaries if each.in_our_hands]
    errors: list[SopctlError] = list(reading.errors)
    if ids:
        known = {each.id: each for each in able}
        for deposit_id in ids:
            if deposit_id not in known:
                dossiers.read(site, deposit_id)  # says so when there is none, or it is broken
                raise UsageError(
                    f"{deposit_id} is not in the office's hands: nobody may log in there",
                    remedy=f"Look where it stands: sopctl show {deposit_id}",
                )
        able, errors = [known[deposit_id] for deposit_id in dict.fromkeys(ids)], []
    wanted = _selectors(select)
    return [each for each in able if all(_fits(each, key, text) for key, text in wanted)], errors


def _selectors(select: str) -> list[tuple[str, str]]:
    found = []
    for part in filter(None, select.split(",")):
        key, equals, text = part.partition("=")
        if key not in SELECTORS or not equals or not text:
            raise UsageError(f"--select knows {', '.join(SELECTORS)}, not {part!r}", remedy="--select unit=kesehatan")
        found.append((key, text.casefold()))
    return found


def _fits(each: Summary, key: str, text: str) -> bool:
    if key == "unit":
        return text in each.unit.casefold()
    if key == "rack":
        return each.place is not None and each.place.rack.casefold() == text
    return text in (each.procedure, each.stands)


@contextmanager
def alone(site: Site) -> Generator[None, None, None]:
    """Hold the fleet's lock. Raises Conflict when another run is under way."""
    with locks.hold(site.root / "var" / "locks" / "check", "the check of the fleet"):
        yield


def run(
    desk: Desk, summaries: Sequence[Summary], timeout: float | None = None, *, errors: list[SopctlError]
) -> Generator[Checked, None, None]:
    """Check `summaries`; each comes as soon as it is in, then the run is recorded as a whole.

    A server that cannot be tried (its key is missing, its record broken) holds up no other: it goes to `errors`.
    Raises Interrupted; nothing is recorded of a run that was broken off.
    """
    from sopctl.adapters.ssh.sweep import sweep

    policy, names = desk.site.settings.checks, {each.id: each.server for each in summaries}
    jobs = _jobs(desk.site, summaries, timeout or policy.timeout, errors)
    history = Checks(desk.site)
    sights = {}
    for name, result in sweep(jobs):
        at = int(desk.clock().timestamp())
        sights[name] = Sight(at, result.verdict is Verdict.ACCESSIBLE, result.cause or "", result.seconds)
        yield Checked(name, names[name], result, remedy(result))
    history.record(sights, Policy(policy.down_after, policy.up_after))
    history.prune(int(desk.clock().timestamp()), policy.retention)


def _jobs(site: Site, summaries: Sequence[Summary], timeout: float, errors: list[SopctlError]) -> "list[Job]":
    from sopctl.adapters.ssh import Key

    keys: dict[str, Key] = {}
    jobs = []
    for each in summaries:
        try:
            jobs.append(_job(site, each.id, timeout, keys))
        except SopctlError as error:
            errors.append(error)
    return jobs


def _job(site: Site, deposit_id: str, timeout: float, keys: "dict[str, Key]") -> "Job":
    from sopctl.adapters.ssh import load_key
    from sopctl.adapters.ssh.sweep import Job

    dossier = dossiers.read(site, deposit_id)
    wanted, pin, name = dossier.deposit.access, pinned_key(dossier), key_in_use(site, dossier)
    if name not in keys:
        keys[name] = load_key(site.key_file(name))
    target = Target(
        wanted.address,
        wanted.port,
        user=account_in_use(site, dossier),
        expect_key=f"{pin.type} {pin.sha256}" if pin else None,
        services=wanted.ports,
        timeout=timeout,
    )
    return Job(deposit_id, target, keys[name])


def announce(desk: Desk, notify: Notify) -> list[Change]:
    """Tell people of the servers that went down or came back: one message for all. Returns what was told.

    What could not be handed over is told by the next run. Raises what `notify` raises.
    """
    history = Checks(desk.site)
    changes = history.untold()
    if changes:
        notify(_message(desk.site, changes))
        history.tell(changes)
    return changes


def by_channels(site: Site) -> Notify | None:
    """The channels that `checks.notify` names, or None when it names none."""
    names = site.settings.checks.notify
    if not names:
        return None

    def send(message: Message) -> None:
        from sopctl.adapters import channels
        from sopctl.workflow.sending import secret

        for name in names:
            url = secret(site, site.settings.channels[name].url)
            channels.post(name, url, title=message.subject, text=message.text)

    return send


def _message(site: Site, changes: Sequence[Change]) -> Message:
    down = [one for one in changes if one.status is Status.DOWN]
    back = [one for one in changes if one.status is Status.UP]
    zone = ZoneInfo(site.settings.time_zone)
    parts = [f"{len(down)} server tidak dapat diakses"] if down else []
    parts += [f"{len(back)} server dapat diakses kembali"] if back else []
    lines = [f"- {one.id}: {one.cause}, sejak {datetime.fromtimestamp(one.began, zone):%Y-%m-%d %H:%M}" for one in down]
    lines += [
        f"- {one.id}: pulih {datetime.fromtimestamp(one.ended or 0, zone):%Y-%m-%d %H:%M},"
        f" gangguan {((one.ended or 0) - one.began) // 60} menit ({one.cause})"
        for one in back
    ]
    return Message(None, "", "; ".join(parts), "\n".join(lines))


def states(desk: Desk) -> dict[str, State]:
    """What is held true of each server that was ever checked."""
    return Checks(desk.site).states()


def history(desk: Desk, deposit_id: str) -> tuple[State | None, list[Outage], list[Count]]:
    """What is known of a server: its state, its outages, and its checks (the older, the coarser)."""
    dossiers.read(desk.site, deposit_id)
    kept = Checks(desk.site)
    now = int(desk.clock().timestamp())
    return kept.states().get(deposit_id), kept.outages(deposit_id), kept.counts(deposit_id, 0, now + 1)


def report(desk: Desk, month: str | None = None) -> tuple[str, list[Report]]:
    """The availability of every server that was checked in `month` (YYYY-MM, in the office's time; this one unless
    told). A server is observed from its first check, or the month's begin, to its last, or the month's end."""
    now = desk.now()
    month = month or f"{now:%Y-%m}"
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", month) or month < "1970-02":
        raise UsageError(f"{month!r} is no month", remedy="Write it as 2026-11")
    zone = ZoneInfo(desk.site.settings.time_zone)
    year, number = map(int, month.split("-"))
    begin = int(datetime(year, number, 1, tzinfo=zone).timestamp())
    end = int(datetime(year + number // 12, number % 12 + 1, 1, tzinfo=zone).timestamp())
    kept, names = Checks(desk.site), {each.id: each.server for each in register.read(desk.site).summaries}
    rows = []
    for name, state in kept.states().items():
        first, last = max(begin, state.first_seen), min(end, state.checked)
        if first <= last:
            found = availability(kept.outages(name), first, last)
            rows.append(Report(name, names.get(name, ""), first, last, found))
    return month, rows
