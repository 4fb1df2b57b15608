"""Network appliances on deposit (firewall, router, switch), in the steps that touch a server.

The office has an account on it that the owner made (`access.first_contact`), and only looks. Nothing on an appliance is
configured, so Ansible never sees one, and nothing has to be taken back from it.
"""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed

from msgspec.structs import replace

from sopctl.adapters.ssh import check, load_key
from sopctl.adapters.ssh.tunnel import through
from sopctl.adapters.switch import DeviceFault, Endpoint, Login, ask, refuse_unknown_algorithms
from sopctl.errors import Action, InvalidRecord, SopctlError, UsageError
from sopctl.model import private_key
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung, RungResult, Verdict
from sopctl.model.deposit import Platform
from sopctl.model.facts.appliance import commands, from_answers
from sopctl.model.facts.server import ServerFacts
from sopctl.model.services import tried
from sopctl.model.sop.entries import Configured
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import StepDone, Turn
from sopctl.workflow.servers.batch import unreadable
from sopctl.workflow.servers.first_contact import from_file
from sopctl.workflow.servers.reach import first_contact, first_key, host, own_secret, refuse_named
from sopctl.workflow.trust import required_key, target

Gathered = ServerFacts | SopctlError | None

_RUNGS = {
    "host-key-changed": (Rung.HOST_KEY, Cause.HOST_KEY_CHANGED),
    "login-refused": (Rung.LOGIN, Cause.DENIED),
    "unreachable": (Rung.LOGIN, Cause.CLOSED),
    "dropped": (Rung.COMMAND, Cause.CLOSED),
    "timed-out": (Rung.COMMAND, Cause.TIMEOUT),
}
"""Where on the ladder of the access check a session fails (`DeviceFault.kind`), and with which cause."""


def is_appliance(dossier: Dossier) -> bool:
    return dossier.deposit.kind == "appliance"


def login(site: Site, dossier: Dossier) -> Login:
    """How the office logs in to the appliance: with the account that its owner made, and the key or password that is
    set for this deposit alone, or the key that letters may name.

    Raises InvalidRecord when no account is known, none is set, or when the key or password is not one; OutsideFailure
    when its file is missing or readable by others.
    """
    way, own = first_contact(site, dossier.summary), own_secret(site, dossier.summary)
    if own and not private_key.is_one(site.key_file(own).read_bytes()):
        return Login(way.user, password=from_file(site.key_file(own)).text)
    if key := first_key(site, dossier.summary):
        return Login(way.user, key=load_key(site.key_file(key)).pkey)
    refuse_named(site, dossier.summary)
    raise InvalidRecord(
        "login-not-set",
        "nobody has set the password or key of {account} for {deposit}",
        where=str(dossier.folder / "deposit.yml"),
        remedy=Action("login", dossier.id, given={"ask-password": ""}),
        account=way.user,
        deposit=dossier.id,
    )


def configure(mine: Turn, *, cancel: threading.Event | None = None) -> StepDone:
    """konfigurasi 1 of an appliance, once its host key is pinned: show that the office can log in with the owner's
    account, and that the device is what its letter says. Nothing is changed on it.

    A device of another platform than the letter's is an answer (no). Anything else that stops it is recorded and
    raised.
    """
    platform, way = _platform(mine.dossier), first_contact(mine.desk.site, mine.dossier.summary)
    try:
        facts = _ask(mine, commands(platform)[:1], cancel)
    except BaseException as error:
        mine.break_off(error)
        raise
    if facts is None:
        return mine.fail(stranger_noted(mine.dossier))
    what = " ".join(filter(None, (facts.product, facts.os_name, facts.os_version)))
    how = "kunci" if login(mine.desk.site, mine.dossier).key else "kata sandi"
    note = f"perangkat jaringan: {way.user} bisa masuk dengan {how} ({what}); tidak ada yang diubah"
    return mine.record("selesai", Configured(changed=0, platform=platform), note=note)


def look(site: Site, dossier: Dossier, timeout: float) -> AccessResult:
    """Try the access to an appliance: the ladder and its services, then a login that asks what it is."""
    where, way, opens = host(site, dossier.summary), first_contact(site, dossier.summary), login(site, dossier)
    found = check(target(where, services=tried(dossier.deposit.access.ports), timeout=timeout))
    found = replace(found, user=way.user)
    if found.cause:
        return found
    if where.pinned is None:
        return _fallen(found, Rung.HOST_KEY, Cause.HOST_KEY_UNKNOWN, "no host key is on record")
    platform = _platform(dossier)
    asked = commands(platform)[:1]
    try:
        said = ask(_endpoint(site, dossier), opens, platform, asked, seconds=timeout)
    except DeviceFault as fault:
        rung, cause = _RUNGS.get(fault.kind, (Rung.COMMAND, Cause.COMMAND_FAILED))
        return _fallen(found, rung, cause, fault.message)
    if from_answers(platform, said, gathered_at="") is None:
        return _fallen(found, Rung.COMMAND, Cause.COMMAND_FAILED, stranger(dossier))
    proved = {Rung.LOGIN: f"{way.user} with a {'key' if opens.key else 'password'}", Rung.COMMAND: asked[0]}
    rungs = (*found.rungs, *(RungResult(rung, True, 0, detail) for rung, detail in proved.items()))
    return replace(found, rung=Rung.COMMAND, detail=asked[0], rungs=rungs)


def gather(turns: Sequence[Turn], at_once: int, cancel: threading.Event | None) -> Iterator[tuple[Turn, Gathered]]:
    """The facts of appliances, each as it comes, from at most `at_once` at a time; None for one that is not what its
    letter says. Only the sessions run in threads: the caller keeps the facts."""
    with ThreadPoolExecutor(at_once, thread_name_prefix="appliance") as pool:
        asked = {pool.submit(_facts, mine, cancel): mine for mine in turns}
        for done in as_completed(asked):
            yield asked[done], done.result()


def stranger(dossier: Dossier) -> str:
    """Why an appliance that answered gave no facts."""
    return f"it does not answer like {dossier.deposit.platform}: another device, or an account that may not look"


def stranger_noted(dossier: Dossier) -> str:
    """The same for the history."""
    return f"jawabannya bukan jawaban {dossier.deposit.platform}: perangkat lain, atau akun yang tidak boleh melihat"


def release(mine: Turn, by_hand: str) -> str:
    """pengembalian 6 of an appliance: sopctl put nothing on it, so it takes nothing back. Returns the note, which
    says how the rest was done. Raises UsageError when nobody says how."""
    if not by_hand:
        raise UsageError(
            "appliance-released-by-hand",
            "{deposit} is a network appliance: sopctl put nothing on it, and does not switch it off",
            remedy=("Have it switched off, and say how.", Action("release", mine.dossier.id, needs=("by_hand",))),
            deposit=mine.dossier.id,
        )
    way, own = mine.deposit.access.first_contact, own_secret(mine.desk.site, mine.dossier.summary)
    kept = f"hapus keys/{own}, dan " if own else ""
    rest = f"; {kept}pemilik menghapus akun {way.user}" if way else ""
    return f"perangkat jaringan, tidak ada yang dicabut oleh sopctl; dengan tangan: {by_hand}{rest}"


def _facts(mine: Turn, cancel: threading.Event | None) -> Gathered:
    """Ask one appliance, in its thread. An error is an answer too: it does not stop the others."""
    try:
        return _ask(mine, commands(_platform(mine.dossier)), cancel)
    except SopctlError as error:
        return error
    except Exception as error:  # noqa: BLE001 (the others' run goes on, whatever one answers)
        return unreadable(error)


def _ask(mine: Turn, what: Sequence[str], cancel: threading.Event | None) -> ServerFacts | None:
    dossier = mine.dossier
    opens, platform = login(mine.desk.site, dossier), _platform(dossier)
    said = ask(_endpoint(mine.desk.site, dossier), opens, platform, what, cancel=cancel)
    return from_answers(platform, said, gathered_at=mine.desk.now().isoformat())


def _endpoint(site: Site, dossier: Dossier) -> Endpoint:
    """Raises OutsideFailure without a pinned host key, or for an allowed algorithm that cannot be spoken here."""
    where = host(site, dossier.summary)
    refuse_unknown_algorithms(where.old, where=str(dossier.folder / "deposit.yml"))
    way = through(where.jump, where.destinations) if where.jump else None
    return Endpoint(where.address, where.port, required_key(where), where.old, where.destinations, way)


def _platform(dossier: Dossier) -> Platform:
    platform = dossier.deposit.platform
    if platform is None:
        raise InvalidRecord(
            "not-an-appliance",
            "{deposit} is not a network appliance",
            remedy="Configure it as a server. If it is an appliance, its record must name its platform.",
            where=str(dossier.folder / "deposit.yml"),
            deposit=dossier.id,
        )
    return platform


def _fallen(found: AccessResult, rung: Rung, cause: Cause, detail: str) -> AccessResult:
    """The result of a check that failed at a rung that the session tried."""
    rungs = (*(each for each in found.rungs if each.rung is not rung), RungResult(rung, False, 0, detail))
    return replace(found, verdict=Verdict.INACCESSIBLE, rung=rung, cause=cause, detail=detail, rungs=rungs)
