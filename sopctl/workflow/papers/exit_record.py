"""The record of a server that leaves (Catatan Server Keluar, pengembalian 9)."""

from sopctl.adapters.documents import forms
from sopctl.adapters.documents.english import Language, say
from sopctl.adapters.documents.wording import plain_date
from sopctl.model.inspection import NOT_LOOKED_AT
from sopctl.model.sop.entries import (
    CompletenessInspected,
    ConditionInspected,
    DiskWish,
    HandoverIssued,
    ReturnLetter,
    SwitchedOff,
    Taker,
)
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Turn
from sopctl.workflow.papers import sanitisation
from sopctl.workflow.papers.corrected import corrected_table
from sopctl.workflow.papers.elements import (
    UNKNOWN,
    accessories_back,
    head_party,
    letterhead,
    office_party,
    place_of,
    section,
    server_section,
    stamp,
)
from sopctl.workflow.views import disks


def exit_record(mine: Turn, language: Language) -> forms.Paper:
    """What leaves, whose it is, who took it and when, and what became of accessories and data."""
    site, dossier = mine.desk.site, mine.dossier
    handed_over, asked_back = dossier.newest(HandoverIssued), dossier.newest(ReturnLetter)
    taker = dossier.newest(Taker)
    sentence = "Server titipan berikut telah diambil kembali pemiliknya dan keluar dari {office}."
    return forms.Paper(
        letterhead=letterhead(site),
        stamp=stamp(mine),
        title="Catatan Server Keluar",
        opening=(say(sentence, language, office=site.settings.office.name),),
        sections=(
            server_section(dossier, language),
            section(
                "Pengembalian",
                Tempat_semula=place_of(dossier.summary.place, language),
                Tanggal_keluar=plain_date(mine.desk.now().date(), language),
                Serah_terima_pengembalian=handed_over.document.number if handed_over else UNKNOWN,
                Diambil_oleh=(taker.taken_by if taker else "") or UNKNOWN,
                Surat_pengambilan=asked_back.letter.number if asked_back else "",
                Kelengkapan=accessories_back(dossier, language, whole="sesuai serah terima"),
                Data_pada_disk=_wiping(dossier),
                Kondisi=_condition(dossier),
            ),
            *((sanitisation.table(rows, language),) if (rows := disks.rows(dossier)) else ()),
            *corrected_table(dossier, language),
        ),
        closing=("Akses, layanan dan port jaringan server ini telah dicabut.",) if dossier.newest(SwitchedOff) else (),
        signers=(
            forms.Signer("Mengetahui", head_party(site)),
            forms.Signer("Petugas", office_party(site, mine.by)),
        ),
        language=language,
    )


def _wiping(dossier: Dossier) -> str:
    wish = dossier.newest(DiskWish)
    if disks.rows(dossier):
        return "lihat daftar media penyimpanan"
    return UNKNOWN if wish is None else "tidak dihapus"


def _condition(dossier: Dossier) -> str:
    back, taken_in = dossier.newest(CompletenessInspected), dossier.newest(ConditionInspected)
    if back:
        return back.condition_back or NOT_LOOKED_AT
    return (taken_in.condition or NOT_LOOKED_AT) if taken_in else UNKNOWN
