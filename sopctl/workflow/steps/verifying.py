"""konfigurasi 3: access is tried; `bisa` goes on to 5, `tidak bisa` goes back to 1 with the cause."""

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.ssh import Key, check, examine_accounts, load_key
from sopctl.errors import Action, Interrupted, NotNow, UsageError
from sopctl.model.access import backoff, verification
from sopctl.model.access.account import Examination
from sopctl.model.access.ladder import AccessResult, nothing_tried
from sopctl.model.access.target import Jump, Target
from sopctl.model.access.verification import Established, View, Word
from sopctl.model.services import tried
from sopctl.model.sop.entries import AccessTried, AccessWord
from sopctl.workflow import trust
from sopctl.workflow.desk import Desk, StepDone, Turn, act, turn
from sopctl.workflow.messages import words
from sopctl.workflow.servers import appliances, others, reach

TIMEOUT_SECONDS = 20.0
"""How long one check may take, all rungs together."""


@dataclass(frozen=True)
class Vantage:
    """From where, and as whom, the access is tried.

    With `key` it is a login as the requester: as `user`, by default the letter's first account. Without it, the
    management account examines the letter's accounts, for a login from `address` (by default from here). `jump` is a
    host in the requester's network from which all of it is tried. `timeout`: seconds for one check.
    """

    user: str | None = None
    key: Path | None = None
    address: str | None = None
    jump: Jump | None = None
    jump_key: Path | None = None
    timeout: float = TIMEOUT_SECONDS


class Verification(Struct, frozen=True):
    """What was tried, what that established, and how many tries it took."""

    access: AccessResult
    established: tuple[Established, ...]
    tries: int = 1


Waiting = Callable[[Verification, float], None]
"""Told of a try that failed, and of the seconds until the next one."""


def verify(
    desk: Desk,
    deposit_id: str,
    *,
    vantage: Vantage = Vantage(),
    word: Word | None = None,
    until: float = 0.0,
    on_wait: Waiting = lambda _found, _seconds: None,
) -> tuple[StepDone, Verification]:
    """Try the access of a server: the whole ladder, the ports that the letter asks for, the requester's accounts.

    What the views of `model.access.verification` established is recorded. `word` is the requester's own, else what they
    said since the last try (`say_access`); the server is tried all the same. With `until`, a cause that may pass by
    itself is tried again for so many seconds, while the dossier is free for others. Raises Interrupted on Ctrl-C: then
    nothing is recorded.
    """
    with turn(desk, deposit_id, "verify") as mine:
        look = plan(mine, vantage)
        word = word or _said(mine)
        if word and word.on and word.on > desk.now().date():
            raise UsageError(
                "day-in-the-future",
                "{day} has not come yet",
                remedy="Name the day on which it was, such as 2026-11-23.",
                day=word.on,
            )
        if others.is_other(mine.dossier) and (word is None or not word.how):
            raise _no_word(mine)
    try:
        found = _until_accessible(look, until, on_wait)
    except KeyboardInterrupt:
        raise Interrupted(
            "stopped-unrecorded", "stopped; nothing is recorded", remedy="The access can be verified again at any time."
        ) from None
    with turn(desk, deposit_id, "verify") as mine:
        word = word or _said(mine)
        said = (verification.from_word(word),) if word else ()
        established = (*found.established, *said)
        good, cause = verification.verdict(established)
        tried = AccessTried(
            established=established,
            rung=found.access.rung,
            cause=cause or None,
            detail="; ".join(each.detail for each in established if not each.ok),
            vantage=vantage.jump.host if vantage.jump else None,
            seconds=f"{found.access.seconds:.2f}",
            tries=found.tries,
        )
        note = _note(established, found.tries)
        done = mine.record("bisa" if good else "tidak bisa", tried, note=note, answer=good)
        return done, Verification(found.access, established, found.tries)


def say_access(desk: Desk, deposit_id: str, word: Word) -> StepDone:
    """The requesting unit says whether they can use the server; the next try of konfigurasi 3 takes it up.

    Raises NotNow while the server does not stand in its place, or is not theirs; UsageError for a day to come.
    """
    if word.on and word.on > desk.now().date():
        raise UsageError(
            "day-in-the-future",
            "{day} has not come yet",
            remedy="Name the day on which it was, such as 2026-11-23.",
            day=word.on,
        )
    with act(desk, deposit_id, "say-access") as mine:
        if not mine.dossier.summary.in_our_hands:
            raise NotNow(
                "not-in-place",
                "{deposit} is not in its rack yet",
                remedy="The unit's word is recorded once the server is in its rack.",
                deposit=deposit_id,
            )
        answer = "bisa" if word.yes else "tidak bisa"
        note = f"{word.by}: {answer}" + (f"; {word.note}" if word.note else "")
        return mine.record(mine.verb.outcome, AccessWord(access_word=word), note=note, answer=word.yes)


def _said(mine: Turn) -> Word | None:
    """What the requester said since the last try."""
    tried = mine.dossier.last("verify")
    newest = next(mine.dossier.established(AccessWord), None)
    return newest[1].access_word if newest and (tried is None or newest[0].seq > tried.seq) else None


Look = Callable[[], Verification]


def plan(mine: Turn, vantage: Vantage) -> Look:
    """What to look at. Raises UsageError for a vantage that this deposit does not allow, and what a missing or unusable
    key raises."""
    wanted, site = mine.deposit.access, mine.desk.site
    if appliances.is_appliance(mine.dossier):
        return _plan_of_appliance(mine, vantage)
    if others.is_other(mine.dossier):
        return _plan_of_other(mine, vantage)
    if vantage.user and not vantage.key:
        raise UsageError("key-missing", "--user needs the key of that account", remedy="Give it with --key.")
    if vantage.key and not vantage.user and not wanted.accounts:
        raise UsageError(
            "no-requester-account",
            "the letter of {deposit} names no account of the requesting unit",
            remedy="Name it with --user.",
            deposit=mine.dossier.id,
        )
    if vantage.key is not None:
        user, key_file = vantage.user or wanted.accounts[0].name, vantage.key
    else:
        way = reach.reach(site, mine.dossier.summary)
        user, key_file = way.account, site.key_file(way.key)
    where = trust.target(
        reach.host(mine.desk.site, mine.dossier.summary),
        user,
        services=tried(wanted.ports),
        timeout=vantage.timeout,
        jump=vantage.jump,
    )
    key = load_key(key_file)
    jump_key = load_key(vantage.jump_key) if vantage.jump_key else None
    if vantage.key or not wanted.accounts or mine.dossier.summary.reduced:  # without root, nobody looks at accounts
        view = View.LOGIN if vantage.key else View.MANAGEMENT
        return lambda: _log_in(where, key, jump_key, view)
    accounts = {account.name: account.keys for account in wanted.accounts}
    deposit = mine.dossier.id
    return lambda: _examined(
        examine_accounts(where, key, accounts, deposit=deposit, address=vantage.address, jump_key=jump_key)
    )


def _plan_of_appliance(mine: Turn, vantage: Vantage) -> Look:
    """An appliance is tried from here, with the office's account there; its letter names no other."""
    if vantage != Vantage(timeout=vantage.timeout):
        raise UsageError(
            "appliance-tried-from-here",
            "{deposit} is a network appliance: it is tried from here, with the office's account there",
            remedy=(
                "Whether its owner can log in is theirs to say:",
                Action("verify", mine.dossier.id, needs=("person",)),
            ),
            deposit=mine.dossier.id,
        )
    site, dossier = mine.desk.site, mine.dossier
    appliances.login(site, dossier)

    def look() -> Verification:
        found = appliances.look(site, dossier, vantage.timeout)
        return Verification(found, (verification.from_login(found, View.MANAGEMENT),))

    return look


def _plan_of_other(mine: Turn, vantage: Vantage) -> Look:
    """A machine that takes no SSH: its ports are tried from here."""
    if vantage != Vantage(timeout=vantage.timeout):
        raise UsageError(
            "other-tried-by-ports",
            "{deposit} takes no SSH of ours: only its ports are tried, from here",
            remedy="Leave out what is for SSH or another place; --timeout may stay.",
            deposit=mine.dossier.id,
        )
    where = others.target(mine.desk.site, mine.dossier.summary, vantage.timeout)
    address = mine.deposit.access.address

    def look() -> Verification:
        if where is None:  # its letter asks for no port: there is the requester's word alone
            return Verification(nothing_tried(address), ())
        found = check(where)
        told = verification.from_login(found, View.PORTS)
        ports = ", ".join(map(str, where.services))
        return Verification(found, (replace(told, who=f"port {ports}"),))

    return look


def _no_word(mine: Turn) -> UsageError:
    return UsageError(
        "word-missing",
        "whether {deposit} can be used, only its owner can say: it takes no SSH of ours",
        remedy=(
            "Say who tried it, how, and on which day.",
            Action("verify", mine.dossier.id, needs=("person", "how")),
        ),
        deposit=mine.dossier.id,
    )


def _log_in(target: Target, key: Key, jump_key: Key | None, view: View) -> Verification:
    found = check(target, key, jump_key=jump_key)
    return Verification(found, (verification.from_login(found, view),))


def _examined(seen: Examination) -> Verification:
    return Verification(seen.access, tuple(verification.from_examination(seen)))


def _until_accessible(look: Look, seconds: float, on_wait: Waiting) -> Verification:
    """Look, and look again while the cause may pass by itself and time is left."""
    ends, tries = time.monotonic() + seconds, 0
    while True:
        tries += 1
        found = look()
        found = Verification(found.access, found.established, tries)
        good, cause = verification.verdict(found.established)
        pause = None if good else backoff.wait(cause, tries, random.random())  # noqa: S311 (jitter, no secret)
        if pause is None or time.monotonic() + pause > ends:
            return found
        on_wait(found, pause)
        time.sleep(pause)


def _note(established: Sequence[Established], tries: int) -> str:
    told = [
        f"{words.VIEWS[each.view]} {each.who}{_by(each)}: " + ("bisa" if each.ok else f"tidak bisa – {_why(each)}")
        for each in established
    ]
    return "; ".join(told) + (f" (percobaan ke-{tries})" if tries > 1 else "")


def _why(each: Established) -> str:
    return words.CAUSES.get(each.cause, each.cause)


def _by(each: Established) -> str:
    """` (RDP, 2026-11-23)`: how someone tried it, and when."""
    said = ", ".join(filter(None, (each.how, f"{each.on:%Y-%m-%d}" if each.on else "")))
    return f" ({said})" if said else ""
