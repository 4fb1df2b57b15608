"""The management controllers (BMC) of deposited servers: which certificate each must show, and what one says of its
server when the server itself cannot be asked.

The letter says where a BMC is, and nothing more. The office says with which account it logs in there, when it confirms
the BMC's certificate; the password is in a file of the site that belongs to that deposit alone (keys/bmc/ID), so that
no letter can name which secret is sent where. If the letter's BMC moves, nothing is sent until someone confirms it.
"""

import re
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.bmc import BmcFault, Endpoint, Login, certificate, read
from sopctl.adapters.ssh.tunnel import through
from sopctl.errors import Action, InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.model.facts.server import ServerFacts
from sopctl.model.sop.entries import BmcPin, BmcTrusted
from sopctl.model.text import printable
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.servers import reach
from sopctl.workflow.servers.batch import unreadable
from sopctl.workflow.servers.first_contact import from_file

_FINGERPRINT = re.compile(r"(?:SHA256[:=])?((?:[0-9a-f]{2}:?){31}[0-9a-f]{2})", re.IGNORECASE)

Found = ServerFacts | SopctlError


class State(Struct, frozen=True):
    """A deposit's BMC: where its record says it is, what was confirmed (since when, by whom, how), and the SHA-256
    (hex) of the certificate that it shows now, or why it shows none."""

    id: str
    place: str
    pinned: BmcPin | None
    at: datetime | None
    by: str
    how: str
    shown: str
    problem: str
    password: str
    """The file that its password is in, below the site."""

    @property
    def changed(self) -> bool:
        return bool(self.pinned and self.shown and self.pinned.certificate != self.shown)


def look(desk: Desk, deposit_id: str) -> State:
    """What is known of a deposit's BMC, and the certificate that it shows now. Nothing is sent.

    Raises InvalidRecord for a record that names none.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    where = _endpoint(desk.site, dossier)
    newest = next(dossier.established(BmcTrusted), None)
    try:
        shown, problem = certificate(where), ""
    except BmcFault as fault:
        shown, problem = "", fault.message
    event, entry = newest or (None, None)
    return State(
        id=deposit_id,
        place=where.place,
        pinned=entry.bmc if entry else None,
        at=event.at if event else None,
        by=event.by if event else "",
        how=entry.bmc_confirmed if entry else "",
        shown=shown,
        problem=problem,
        password=f"keys/bmc/{deposit_id}",
    )


def confirm(
    desk: Desk, deposit_id: str, *, user: str, fingerprint: str | None = None, trusted_path: str = ""
) -> StepDone:
    """Pin the certificate that the BMC shows now: its `fingerprint`, or whichever comes over a path that is trusted.
    `user` is the account there that the office uses.

    Raises UsageError for what is no fingerprint or no account, OutsideFailure when the BMC shows another certificate or
    none.
    """
    wanted = sha256_of(fingerprint) if fingerprint else None
    if not user or printable(user, 64) != user:
        raise UsageError(
            "no-bmc-account",
            "name the account on the BMC that the office uses: --user",
            remedy="Its password is asked for, or read from a file; it is never on the command line.",
        )
    with act(desk, deposit_id, "bmc") as mine:
        where = _endpoint(desk.site, mine.dossier)
        shown = certificate(where)
        if wanted and wanted != shown:
            raise OutsideFailure(
                "bmc-certificate-not-expected",
                "the BMC of {deposit} shows the certificate SHA256:{shown} instead of SHA256:{expected}",
                where=where.place,
                remedy="Nothing was sent. Someone may stand in between: compare it on the BMC itself.",
                deposit=deposit_id,
                shown=shown,
                expected=wanted,
            )
        how = "fingerprint" if wanted else f"trusted path: {trusted_path}"
        told = "dengan sidik jari" if wanted else f"lewat jalur tepercaya: {trusted_path}"
        return mine.record(
            mine.verb.outcome,
            BmcTrusted(bmc=BmcPin(where.address, where.port, shown, user), bmc_confirmed=how),
            note=f"BMC {where.place}, akun {user}, sertifikat SHA256:{shown}: dikonfirmasi {told}",
        )


def sha256_of(fingerprint: str) -> str:
    """A certificate's fingerprint as hex in lower case: `SHA256:ab12…`, or with colons as BMCs and openssl print it.

    Raises UsageError for anything else.
    """
    found = _FINGERPRINT.fullmatch(fingerprint.strip()[:120].removeprefix("sha256 Fingerprint="))
    if found is None:
        raise UsageError(
            "not-a-certificate-fingerprint",
            "this is not the SHA-256 fingerprint of a certificate: {text}",
            remedy="It has 64 hexadecimal digits, as the BMC's page about its certificate shows them (SHA-256).",
            text=printable(fingerprint, 80),
        )
    return found[1].replace(":", "").lower()


def can_be_asked(dossier: Dossier) -> bool:
    """Does the record name a BMC, and did the office confirm one?"""
    return dossier.deposit.bmc is not None and dossier.newest(BmcTrusted) is not None


def gather(turns: Sequence[Turn], at_once: int, cancel: threading.Event | None) -> Iterator[tuple[Turn, Found]]:
    """What their BMCs say of these servers, each as it comes, or why not. The sessions run in threads; the caller keeps
    the facts. Whatever ends the caller ends the sessions."""
    stop = cancel or threading.Event()
    with ThreadPoolExecutor(max(1, at_once), thread_name_prefix="bmc") as pool:
        asked = {pool.submit(_facts, mine, stop): mine for mine in turns}
        try:
            for done in as_completed(asked):
                yield asked[done], done.result()
        except BaseException:
            stop.set()
            raise


def _facts(mine: Turn, cancel: threading.Event) -> Found:
    """Ask one BMC, in its thread. An error is an answer too."""
    try:
        return ask(mine, cancel)
    except SopctlError as error:
        return error
    except Exception as error:  # noqa: BLE001 (the others' run goes on, whatever one answers)
        return unreadable(error)


def ask(mine: Turn, cancel: threading.Event | None = None) -> ServerFacts:
    """What the BMC says of the server of this turn.

    Raises InvalidRecord when none is named, OutsideFailure when none was confirmed for this address, when its password
    is missing, or the session fails; Interrupted on `cancel`.
    """
    from sopctl.model.facts.readers import redfish

    dossier = mine.dossier
    where, pin = _endpoint(mine.desk.site, dossier), _pin(mine.desk.site, dossier)
    login = Login(pin.user, from_file(mine.desk.site.key_file(f"bmc/{dossier.id}")).text)
    serial = dossier.summary.serial
    endpoint = replace(where, pinned=pin.certificate)
    documents = read(endpoint, login, lambda said: redfish.wanted(said, serial), cancel=cancel)
    if not redfish.is_redfish(documents):
        raise OutsideFailure(
            "bmc-not-redfish",
            "the BMC gives no Redfish service that can be read",
            remedy="Look whether Redfish is switched on in the BMC, and whether its firmware has it.",
            where=endpoint.place,
        )
    return redfish.from_bmc(documents, gathered_at=mine.desk.now().isoformat(), serial=serial)


def _endpoint(site: Site, dossier: Dossier) -> Endpoint:
    """Where the record says that the BMC is. Raises InvalidRecord where it names none."""
    named = dossier.deposit.bmc
    if named is None:
        raise InvalidRecord(
            "no-bmc",
            "the record of {deposit} names no BMC",
            where=str(dossier.folder / "deposit.yml"),
            remedy=("Add bmc: {address: …} as the owner's letter has it.", Action("edit", dossier.id)),
            deposit=dossier.id,
        )
    destinations, jump = admitting.destinations(site), reach.jump(site, dossier.summary)
    connect = through(jump, destinations) if jump else None
    return Endpoint(named.address, named.port, destinations=destinations, connect=connect)


def _pin(site: Site, dossier: Dossier) -> BmcPin:
    """What was confirmed of the BMC, if it is still the one that the record names."""
    where, entry = _endpoint(site, dossier), dossier.newest(BmcTrusted)
    confirming = Action("bmc", dossier.id, needs=("fingerprint", "user"))
    if entry is None:
        raise OutsideFailure(
            "bmc-not-confirmed",
            "nobody has confirmed the certificate of the BMC of {deposit}, so nobody logs in there",
            where=where.place,
            remedy=("Compare it on the BMC itself.", confirming),
            deposit=dossier.id,
        )
    if (entry.bmc.address, entry.bmc.port) != (where.address, where.port):
        raise OutsideFailure(
            "bmc-moved",
            "the record of {deposit} names another BMC ({now}) than the one that was confirmed ({before})",
            where=where.place,
            remedy=("Nothing was sent. If the owner moved it, confirm its certificate again.", confirming),
            deposit=dossier.id,
            now=where.place,
            before=f"{entry.bmc.address}:{entry.bmc.port}",
        )
    return entry.bmc
