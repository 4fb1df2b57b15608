"""Papers and their signatures: the hand-over form with what was drawn on a screen, and papers that come back signed."""

from sopctl.adapters.documents.forms import Agreed, HandoverForm
from sopctl.errors import Action, UsageError
from sopctl.locale import joined
from sopctl.model.signing.signatories import BOXES, SIGNERS, Box
from sopctl.page.fields import Field, Form, Given
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.house import signing
from sopctl.workflow.steps import handover

PARTIES: tuple[tuple[Box, str, str], ...] = (
    ("first", "Yang menyerahkan", "Pihak pertama: yang menyerahkan"),
    ("second", "Yang menerima", "Pihak kedua: yang menerima"),
)
BY_CERTIFICATE, BY_INK = "certificate", "ink"


def _hand_over(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    agreed = []
    for box, _, _ in PARTIES:
        name, drawing = given.text(f"{box}-name"), given.drawing(box)
        if name or drawing:
            agreed.append(Agreed(box, name, drawing))
    return handover.handover(desk, deposit_id, place=given.text("place"), agreed=agreed)


def _shown(desk: Desk, dossier: Dossier) -> HandoverForm:
    return handover.proposed(desk, dossier)


def _at_the_terminal(_desk: Desk, dossier: Dossier) -> Action:
    """How the next one signs with their own key."""
    paper = dossier.summary.unsigned[0]
    return Action("document sign", dossier.id, given={"as": paper.boxes[0]})


def _file_signed(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    paper = given.paper("paper")
    if given.text("how") == BY_CERTIFICATE:
        return signing.file_signed(desk, paper, deposit_id=deposit_id)
    said: dict[Box, str] = {box: name for box in BOXES if (name := given.text(f"ink-{box}"))}
    if not said:
        raise UsageError("signers-missing", "say who has signed: {missing}", missing=joined(", ", SIGNERS.values()))
    return signing.file_scan(desk, paper, deposit_id=deposit_id, number=given.optional("number"), signed_by=said)


def _papers(dossier: Dossier) -> tuple[Field, ...]:
    """The papers that lack signatures, where there are several."""
    numbers = tuple(dict.fromkeys(each.number for each in dossier.summary.unsigned))
    which = Field("number", "Dokumen", "choice", required=False, choices=tuple((each, each) for each in numbers))
    return (which,) if len(numbers) > 1 else ()


FORMS = (
    Form(
        "serah-terima",
        "handover",
        "Serah terima",
        "Buat formulir serah terima",
        (
            Field("place", "Tempat serah terima", required=False, hint="kosong: kantor ini"),
            *(
                field
                for box, label, section in PARTIES
                for field in (
                    Field(
                        f"{box}-name",
                        "Nama",
                        required=False,
                        section=section,
                        hint="kosong: seperti tertulis di formulir, bila digores",
                    ),
                    Field(box, label, "drawing", required=False),
                )
            ),
        ),
        _hand_over,
        about="handover.html",
        shows=_shown,
    ),
    Form(
        "tanda-tangan",
        "sign",
        "Dokumen yang sudah ditandatangani",
        "Simpan yang ditandatangani",
        (
            Field(
                "how",
                "Bagaimana ditandatangani",
                "choice",
                choices=((BY_CERTIFICATE, "dengan sertifikat elektronik"), (BY_INK, "dengan tinta; ini pindaiannya")),
            ),
            Field("ink-first", "Pihak pertama", required=False, section="Siapa yang menandatangani dengan tinta"),
            Field("ink-second", "Pihak kedua", required=False),
            Field("ink-acknowledged", "Mengetahui", required=False),
            Field("paper", "Berkas", "file", section="Dokumen", hint="PDF bersertifikat, atau pindaian"),
        ),
        _file_signed,
        more=_papers,
        fits=lambda dossier: bool(dossier.summary.unsigned),
        about="signed.html",
        shows=_at_the_terminal,
    ),
)
"""The hand-over, and what comes back from it."""
