"""What a configuration will change on a server that was never configured: looked at, told, and on a sheet to sign.

The look changes nothing on the server and, but for the sheet, records nothing here.
"""

import threading
from collections.abc import Sequence

from msgspec import Struct

from sopctl.adapters.ssh import Password
from sopctl.errors import Action, NotNow
from sopctl.locale import Text
from sopctl.model.services import Service
from sopctl.model.sop.entries import ConsentSheet, Paper
from sopctl.model.survey.changes import Change, changes
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone, act
from sopctl.workflow.papers.consent_sheet import consent_sheet
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.servers import surveying
from sopctl.workflow.servers.surveying import Look


class Preview(Struct, frozen=True):
    """What a look found, what would change, and the services to whose end the owner has consented already."""

    look: Look
    changes: tuple[Change, ...]
    consents: tuple[Service, ...]

    @property
    def id(self) -> str:
        return self.look.id


def untouched(desk: Desk, ids: Sequence[str]) -> list[str]:
    """Those of `ids` whose servers were never configured."""
    return [each for each in ids if _never_configured(desk, each)]


def preview(
    desk: Desk,
    deposit_id: str,
    *,
    password: Password | None = None,
    raw: bool = False,
    cancel: threading.Event | None = None,
) -> Preview:
    """Look at the server, with the owner's `password` or the key of the first contact, and say what would change.

    Raises NotNow for a server that is not on site, OutsideFailure where nobody has confirmed its host key
    yet, and as `surveying.look`.
    """
    dossier = dossiers.read(desk.site, deposit_id)
    _refuse_elsewhere(dossier)
    look = surveying.look(desk, dossier, password=password, raw=raw, cancel=cancel)
    return Preview(look, changes(look.found, look.wanted), surveying.consents(dossier))


def issue(desk: Desk, deposit_id: str, *, password: Password | None = None) -> StepDone:
    """Look at the server and issue the consent sheet: a paper of the dossier, with its number and hash.

    Raises as `preview`.
    """
    with act(desk, deposit_id, "consent") as mine:
        found = preview(desk, deposit_id, password=password)
        form = consent_sheet(mine, found.look, found.changes)
        kept = mine.keep("persetujuan.pdf", printed(mine.desk.site, form))
        paper = Paper(kept.file, kept.sha256, form.stamp.document_number)
        listed = ", ".join(str(each.service) for each in found.look.comparison.cut_off)
        note = f"lembar persetujuan {paper.number}; yang akan ditutup: {listed or 'tidak ada'}"
        return mine.record(mine.verb.outcome, ConsentSheet(document=paper), note=note[:1000])


def _never_configured(desk: Desk, deposit_id: str) -> bool:
    summary = dossiers.read(desk.site, deposit_id).summary
    return summary.kind == "server" and not summary.managed


def _refuse_elsewhere(dossier: dossiers.Dossier) -> None:
    summary = dossier.summary
    if summary.kind == "other":
        raise NotNow(
            "other-not-configured",
            "{deposit} takes no SSH of ours: sopctl configures nothing on it, so {consequence}",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
            consequence=Text("nothing would change there"),
        )
    if summary.platform:
        raise NotNow(
            "appliance-not-configured",
            "{deposit} is a network appliance: sopctl configures nothing on it, so {consequence}",
            remedy=("To see what it is now:", Action("inventory", dossier.id)),
            deposit=dossier.id,
            consequence=Text("nothing would change there"),
        )
    if not summary.in_our_hands:
        raise NotNow(
            "server-not-in-rack",
            "{deposit} does not stand in a rack, switched on, so nobody can look at it",
            remedy=Action("show", dossier.id),
            deposit=dossier.id,
        )
