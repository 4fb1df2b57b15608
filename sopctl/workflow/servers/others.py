"""Machines on deposit that take no SSH of ours (Windows, ESXi, a NAS, a locked appliance), in the steps that would
touch them.

People configure such a machine and say so; whether it can be reached, its ports and the requester's word tell. Its
inventory is a sheet that someone fills in, or what its BMC says.
"""

from msgspec.structs import replace

from sopctl.errors import Action, UsageError
from sopctl.model.access.target import Target
from sopctl.model.sop.entries import Configured
from sopctl.model.sop.summary import Summary
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow import trust
from sopctl.workflow.desk import StepDone, Turn
from sopctl.workflow.servers import reach


def is_other(dossier: Dossier) -> bool:
    return dossier.deposit.kind == "other"


def configure(mine: Turn, by_hand: str) -> StepDone:
    """konfigurasi 1 of such a machine: a person configured it; `by_hand` says who, and what."""
    said = by_hand.strip()
    return mine.record("selesai", Configured(changed=0, by_hand=said), note=f"dikonfigurasi dengan tangan: {said}")


def refuse_misplaced(dossier: Dossier, by_hand: str) -> None:
    """Raise UsageError where nobody says who configured a machine that takes no SSH, or someone does of a server."""
    if is_other(dossier) and not by_hand.strip():
        raise UsageError(
            "configured-by-hand",
            "{deposit} takes no SSH of ours: people configure it",
            remedy=("Say who configured what.", Action("configure", dossier.id, needs=("by_hand",))),
            deposit=dossier.id,
        )
    if by_hand and not is_other(dossier):
        raise UsageError(
            "configured-over-ssh",
            "{deposit} is configured over SSH, not by hand",
            remedy=(
                "If it takes no SSH, its record must say so: kind: other, without accounts and first_contact.",
                Action("edit", dossier.id),
            ),
            deposit=dossier.id,
        )


def target(site: Site, each: Summary, timeout: float) -> Target | None:
    """What an access check tries: the TCP ports that the letter asks for. None where it asks for none."""
    ports = each.route.services
    if not ports:
        return None
    where = trust.target(reach.host(site, each), services=ports, timeout=timeout)
    return replace(where, port=ports[0].port, expect_key=None, old=(), ssh=False)


def release(mine: Turn, by_hand: str) -> str:
    """pengembalian 6 of such a machine: people take back what they gave. Returns the note. Raises UsageError when
    nobody says how."""
    if not by_hand.strip():
        raise UsageError(
            "released-by-hand",
            "{deposit} takes no SSH of ours: people take access back, and switch it off",
            remedy=("Say how it was done.", Action("release", mine.dossier.id, needs=("by_hand",))),
            deposit=mine.dossier.id,
        )
    return f"dengan tangan: {by_hand.strip()}"
