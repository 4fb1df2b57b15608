"""The disks of a deposited server: which must be accounted for before it leaves, and what became of each."""

from sopctl.errors import Action, NotNow
from sopctl.model.facts.declared.disks import declared_count, physical
from sopctl.model.facts.linux.systems import is_guest
from sopctl.model.facts.naming import disk_key, disk_name
from sopctl.model.sanitisation import DiskRow, Listed, Missing, Wanted, missing, newest
from sopctl.model.sop.entries import ConditionInspected, DiskWish, Sanitised
from sopctl.store import facts as kept_facts
from sopctl.store.dossiers import Dossier


def rows(dossier: Dossier) -> tuple[DiskRow, ...]:
    """What was done to its disks: the newest row of each."""
    return newest(row for _, each in reversed(list(dossier.established(Sanitised))) for row in each.sanitised)


def wanted(dossier: Dossier) -> Wanted:
    """The disks that must be accounted for: those of the last facts, and at least as many as the inspection counted;
    where neither says anything, as many as the letter lists, and at least one."""
    newest_facts = kept_facts.newest(kept_facts.months(dossier))
    facts = kept_facts.read(dossier.folder, newest_facts) if newest_facts else None
    there = (physical(facts.disks, facts.drives, guest=is_guest(facts.virtualization)) if facts else None) or ()
    inspected = dossier.newest(ConditionInspected)
    counted = inspected.measured.disks if inspected else None
    declared = declared_count(dossier.deposit.server.disks)
    count = max(len(there), counted if counted is not None else 0)
    listed = {disk_key(each): Listed(disk_key(each), disk_name(each)) for each in there}
    return Wanted(tuple(listed.values()), count if there or counted is not None else max(1, declared))


def left(dossier: Dossier) -> Missing:
    """The disks that nothing was done about yet, whether or not the owner wants anything done."""
    return missing(wanted(dossier), rows(dossier))


def refuse_unsanitised(dossier: Dossier) -> None:
    """Raise NotNow where the owner asked for the disks to be wiped, and not all of them are accounted for."""
    wish = dossier.newest(DiskWish)
    if wish is None or not wish.wipe_disks:
        return
    open_ = left(dossier)
    if open_:
        listed = ", ".join(filter(None, (*open_.disks, f"{open_.more} more" if open_.more else "")))
        raise NotNow(
            "disks-not-sanitised",
            "the owner of {deposit} asked for its disks to be wiped, and there is no row for: {disks}",
            remedy=(
                "Record what became of each; one that the owner takes back as it is counts too.",
                Action("sanitise", dossier.id),
            ),
            deposit=dossier.id,
            disks=listed,
        )
