"""konfigurasi 3: access is tried; `bisa` goes on to 5, `tidak bisa` goes back to 1 with the cause."""

from pathlib import Path

from sopctl.adapters.ssh import check, load_key
from sopctl.errors import UsageError
from sopctl.model.access import AccessResult, Target, Verdict
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.inventory_view import account_in_use, key_in_use, pinned_key

TIMEOUT_SECONDS = 20.0


def verify(
    desk: Desk,
    deposit_id: str,
    *,
    user: str | None = None,
    key: Path | None = None,
    timeout: float = TIMEOUT_SECONDS,
) -> tuple[StepDone, AccessResult]:
    """Try the access of a server: the whole ladder, and the ports that the letter asks for.

    With `key` it is the requester's own view: as `user`, by default the letter's first account. Without, the office's
    management account logs in; which of the two it was is recorded and shown, for they prove different things.
    """
    with turn(desk, deposit_id, "verify") as mine:
        wanted = mine.deposit.access
        view = "requester" if key else "management"
        if user and not key:
            raise UsageError("--user needs the key of that account", remedy="Add --key FILE")
        if key and not user and not wanted.accounts:
            raise UsageError(f"{deposit_id} has no account of the requesting unit", remedy="Name it: --user NAME")
        account = (user or wanted.accounts[0].name) if key else account_in_use(desk.site, mine.dossier)
        key_file = key or desk.site.key_file(key_in_use(desk.site, mine.dossier))
        pin = pinned_key(mine.dossier)
        target = Target(
            wanted.address,
            wanted.port,
            user=account,
            expect_key=f"{pin.type} {pin.sha256}" if pin else None,
            services=wanted.ports,
            timeout=timeout,
        )
        found = check(target, load_key(key_file))
        good = found.verdict is Verdict.ACCESSIBLE
        data = {
            "view": view,
            "user": account,
            "verdict": found.verdict,
            "rung": found.rung,
            "cause": found.cause,
            "detail": found.detail,
            "seconds": f"{found.seconds:.2f}",
        }
        note = f"{view} {account}: " + ("bisa diakses" if good else f"{found.rung} – {found.cause}")
        return mine.record("bisa" if good else "tidak bisa", note=note, data=data, answer=good), found
