"""The secret with which the office first gets in to one deposit: a private key, or the password of an appliance or BMC.

The office sets it, for that deposit alone, in a file that no letter can name (keys/login/ID, keys/bmc/ID). The
deposit's history says that it did, who typed it, and for which account; never the secret itself.
"""

from pathlib import Path
from typing import Literal

from sopctl.errors import Action, UsageError
from sopctl.model.sop.entries import SecretKept, SecretSet
from sopctl.model.text import printable
from sopctl.store import dossiers
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import bytes_of
from sopctl.store.site import MAX_KEY
from sopctl.workflow.desk import Desk, act, closed
from sopctl.workflow.servers.first_contact import one_line
from sopctl.workflow.servers.reach import first_contact

Of = Literal["login", "bmc"]


def account(desk: Desk, deposit_id: str) -> str:
    """The account that the secret is of. Raises InvalidRecord when the record names none."""
    return first_contact(desk.site, _dossier(desk, deposit_id).summary).user


def set_password(desk: Desk, deposit_id: str, password: str, of: Of = "login") -> Path:
    """Keep the password of an appliance's account, or of the deposit's BMC. Returns its file.

    Raises UsageError for a server's, which is used once and kept nowhere; InvalidRecord for what is not one line.
    """
    dossier = _dossier(desk, deposit_id)
    if of == "login" and dossier.deposit.kind != "appliance":
        raise UsageError(
            "server-password-not-kept",
            "the password of a server is used once, and kept nowhere",
            remedy=(
                "Give it when the server is configured.",
                Action("configure", deposit_id, given={"ask-password": ""}),
            ),
        )
    secret = f"{one_line(password, 'typed').text}\n".encode()
    return _keep(desk, deposit_id, of, "password", secret)


def set_key(desk: Desk, deposit_id: str, file: Path) -> Path:
    """Keep a copy of the private key in `file`, which opens the account of the first contact. Returns the copy.

    Raises as `load_key`, which the file must satisfy.
    """
    from sopctl.adapters.ssh import load_key

    _dossier(desk, deposit_id)
    load_key(file)
    return _keep(desk, deposit_id, "login", "key", bytes_of(file, MAX_KEY))


def _dossier(desk: Desk, deposit_id: str) -> Dossier:
    dossier = dossiers.read(desk.site, deposit_id)
    if dossier.standing.step is None:
        raise closed(dossier)
    return dossier


def _keep(desk: Desk, deposit_id: str, of: Of, what: Literal["key", "password"], content: bytes) -> Path:
    name = f"{of}/{deposit_id}"
    with act(desk, deposit_id, "login") as mine:
        contact = mine.deposit.access.first_contact
        kept = SecretKept(name, what, contact.user if contact and of == "login" else "")
        whose = f"untuk akun {printable(kept.account, 64)}" if kept.account else "untuk BMC"
        note = f"{'kunci privat' if what == 'key' else 'kata sandi'} {whose} disimpan sebagai keys/{name}"
        with desk.site.keeping_key(name, content) as path:
            mine.record(mine.verb.outcome, SecretSet(secret_set=kept), note=note)
    return path
