"""What became of a server's disks, as the exit record and the certificate of sanitisation say it."""

from collections.abc import Sequence

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.inspection import NOT_LOOKED_AT
from sopctl.model.sanitisation import DiskRow, Missing, Wanted
from sopctl.workflow.desk import Turn
from sopctl.workflow.messages import words
from sopctl.workflow.papers.elements import UNKNOWN, letterhead, office_party, owner_party, section, stamp

TITLE = "Sertifikat Sanitasi Media Penyimpanan"
SHARES = (8, 23, 25, 31, 25, 25, 19, 22, 24)
"""The columns' shares of the width."""
COLUMNS = ("No", "Nomor seri disk", "Disk", "Metode", "Alat dan cara", "Pembuktian", "Hasil", "Oleh", "Tanggal")


def table(rows: Sequence[DiskRow], language: Language) -> forms.Table:
    """A row for each disk."""
    return forms.Table(
        "Media penyimpanan",
        COLUMNS,
        tuple(
            (
                str(number),
                row.disk,
                row.described.removesuffix(f" ({row.disk})") or UNKNOWN,
                words.METHODS[row.method],
                row.tool or "–",
                row.checked or (NOT_LOOKED_AT if row.method != "returned" else "–"),
                words.RESULTS[row.result],
                row.by,
                f"{row.on:%d-%m-%Y}",
            )
            for number, row in enumerate(rows, start=1)
        ),
        "declared",
        SHARES,
        marked=tuple(at for at, row in enumerate(rows) if row.result == "failed"),
    )


def certificate(mine: Turn, rows: Sequence[DiskRow], wanted: Wanted, left: Missing, language: Language) -> forms.Paper:
    """The certificate of these rows, of the disks that are `wanted`; `left` are those that it says nothing about."""
    dossier, site = mine.dossier, mine.desk.site
    server, owner = dossier.deposit.server, dossier.deposit.contacts.administrative
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title=TITLE,
        opening=(
            "Media penyimpanan server titipan berikut telah ditangani menurut metode NIST SP 800-88 (Guidelines for "
            "Media Sanitization): Clear, Purge atau Destroy.",
        ),
        sections=(
            section(
                "Server",
                Nomor_berkas=dossier.id,
                Nama_server=server.name,
                Merk_dan_tipe=server.brand_model,
                Nomor_seri=dossier.summary.serial or UNKNOWN,
                Pemilik=dossier.deposit.unit,
            ),
            table(rows, language),
        ),
        closing=(
            _covered(wanted, left, language),
            say("Sertifikat ini diterbitkan pada {day}.", language, day=plain_date(mine.desk.now().date(), language)),
        ),
        signers=(
            forms.Signer("Pemilik", owner_party(owner, dossier.deposit.unit)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
        language=language,
    )


def _covered(wanted: Wanted, left: Missing, language: Language) -> str:
    """What the certificate says nothing about: nobody may take it for more than it is."""
    if not left and not wanted.listed:
        return "Disk pada server ini tidak terbaca oleh pendataan; yang tercantum adalah disk yang disebutkan petugas."
    if not left:
        return "Semua disk yang diketahui pada server ini tercantum dalam daftar di atas."
    named = (*left.disks, *([say("{count} disk lain", language, count=str(left.more))] if left.more else ()))
    return say("Belum ditangani, dan tidak tercakup dalam sertifikat ini: {disks}.", language, disks=", ".join(named))
