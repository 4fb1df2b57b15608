"""What becomes of the data on disks (NIST SP 800-88): a row for each disk, and the certificate about them."""

from collections.abc import Sequence
from datetime import date

from sopctl.adapters.documents.english import Language
from sopctl.errors import Action, NotNow, UsageError
from sopctl.locale import Text
from sopctl.model.sanitisation import DiskRow, Listed, Method, Result, Wanted
from sopctl.model.sop.entries import Paper, SanitisationCertificate, Sanitised
from sopctl.workflow.desk import Desk, StepDone, Turn, act
from sopctl.workflow.house.writing import one_line
from sopctl.workflow.papers import sanitisation
from sopctl.workflow.papers.printing import printed
from sopctl.workflow.views import disks

MOST = 200
"""Disks of one command."""

_METHODS: dict[Method, str] = {
    "clear": "Clear",
    "purge": "Purge",
    "destroy": "Destroy",
    "returned": "dikembalikan kepada pemilik tanpa dihapus",
}


def sanitise(
    desk: Desk,
    deposit_id: str,
    *,
    serials: Sequence[str],
    method: Method,
    result: Result,
    done_by: str,
    tool: str = "",
    checked: str = "",
    on: date | None = None,
    unlisted: str = "",
) -> StepDone:
    """Record what was done to these disks: by which `method` and `tool`, with which `result`, by whom and `on` which
    day (today). A disk that the server's last facts do not list needs a reason (`unlisted`).

    A later row of a disk replaces an earlier one. Raises UsageError for a row that says too little, or is about a disk
    that is not there.
    """
    _refuse_incomplete(serials, method, result, done_by, tool)
    tool, checked, unlisted = (one_line(each, Text("what is said of a disk")) for each in (tool, checked, unlisted))
    done_by, serials = (
        one_line(done_by, Text("who did it")),
        [one_line(each, Text("a serial number")) for each in serials],
    )
    with act(desk, deposit_id, "sanitise") as mine:
        day = on or desk.now().date()
        _refuse_day(mine, day)
        wanted = disks.wanted(mine.dossier)
        made = [_row(mine, wanted, each, unlisted) for each in dict.fromkeys(serials)]
        rows = tuple(
            DiskRow(
                disk=each.disk,
                method=method,
                result=result,
                by=done_by,
                on=day,
                tool=tool,
                checked=checked,
                described=each.described,
                unlisted="" if wanted.find(each.disk) else unlisted,
            )
            for each in made
        )
        how = ", ".join(filter(None, (_METHODS[method], tool)))
        good = "berhasil" if result == "ok" else "gagal"
        note = f"disk {', '.join(row.disk for row in rows)}: {how}; {good}; {done_by}, {day:%Y-%m-%d}"
        return mine.record(mine.verb.outcome, Sanitised(sanitised=rows), note=note[:1000], answer=result == "ok")


def certify(desk: Desk, deposit_id: str, *, language: Language = "id") -> StepDone:
    """Issue the certificate (PDF) of what became of the deposit's disks. Raises NotNow while there is no row."""
    with act(desk, deposit_id, "certify") as mine:
        rows = disks.rows(mine.dossier)
        if not rows:
            raise NotNow(
                "nothing-sanitised",
                "no disk of {deposit} was sanitised",
                remedy=Action("sanitise", deposit_id, needs=mine.verb.needs),
                deposit=deposit_id,
            )
        form = sanitisation.certificate(mine, rows, disks.wanted(mine.dossier), disks.left(mine.dossier), language)
        kept = mine.keep("sertifikat-sanitasi.pdf", printed(desk.site, form))
        paper = Paper(kept.file, kept.sha256, form.stamp.document_number)
        return mine.record(
            mine.verb.outcome,
            SanitisationCertificate(certificate=paper),
            note=f"sertifikat sanitasi {paper.number}: {len(rows)} disk",
        )


def _refuse_incomplete(serials: Sequence[str], method: Method, result: Result, done_by: str, tool: str) -> None:
    if not serials or len(serials) > MOST or not all(each.strip() for each in serials):
        raise UsageError(
            "disks-unnamed",
            "name 1 to {most} disks by their serial numbers",
            remedy="The serial number is on the disk's label. Name each once.",
            most=MOST,
        )
    if not done_by.strip():
        raise UsageError("sanitiser-missing", "say who did it", remedy="Name the person.")
    if method != "returned" and not tool.strip():
        raise UsageError(
            "sanitising-tool-missing", "say with which tool, and how", remedy='Such as --tool "nvme format --ses=2".'
        )
    if method == "returned" and result != "ok":
        raise UsageError(
            "return-cannot-fail",
            "a disk was given back to its owner, or it was not",
            remedy="Record it once the owner has the disk.",
        )


def _refuse_day(mine: Turn, day: date) -> None:
    opened = mine.dossier.events[0].at.date()
    if not opened <= day <= mine.desk.now().date():
        raise UsageError(
            "sanitised-outside-the-deposit",
            "{day} is not between {opened}, when the deposit began, and today",
            remedy="Name the day on which it was done.",
            day=day,
            opened=opened,
        )


def _row(mine: Turn, wanted: Wanted, named: str, unlisted: str) -> Listed:
    found = wanted.find(named)
    if found is None and wanted.listed and not unlisted:
        raise UsageError(
            "disk-not-listed",
            "the server's last facts list no disk {disk!r}",
            remedy=(
                Text("They list: {names}.", names=", ".join(each.disk for each in wanted.listed)[:300]),
                "One that they do not list counts with the reason for it: --unlisted.",
            ),
            disk=named[:100],
        )
    return found or Listed(named)
