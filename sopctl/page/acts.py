"""The acts that people do at a desk, each as a form: what they fill in, and the workflow's function that does it."""

from datetime import date

from sopctl.errors import Action
from sopctl.model.access.verification import Word
from sopctl.page import inspection, signing
from sopctl.page.fields import Field, Form, Given
from sopctl.store.dossiers import Dossier
from sopctl.workflow.desk import Desk, StepDone
from sopctl.workflow.steps import acts, inspecting, letters, reservation, verifying

_REASON = Field("reason", "Alasan", "area")
_LETTER = Field("letter", "Pindaian surat", "file", required=False, hint="PDF, PNG atau JPEG")
_NUMBER = Field("letter_number", "Nomor surat")


def _day(given: Given, name: str) -> date:
    found = given.day(name)
    if found is None:
        raise AssertionError("a field that is required")
    return found


def say_access(desk: Desk, deposit_id: str, given: Given) -> StepDone:
    """Record the answer of the one who acts."""
    who = desk.deciding.who.login
    yes = given.text("answer") == "yes"
    word = Word(who, yes, given.text("note"), given.text("how"), desk.now().date())
    return verifying.say_access(desk, deposit_id, word)


ACCESS = Form(
    "akses",
    "say-access",
    "Apakah server bisa diakses?",
    "Jawab: bisa diakses?",
    (
        Field("answer", "Jawaban", "choice", choices=(("yes", "bisa"), ("no", "tidak bisa"))),
        Field("note", "Catatan", "area", required=False, hint="bila tidak bisa: apa yang tidak bisa"),
        Field("how", "Dicoba dengan", required=False, hint="seperti SSH, RDP, peramban"),
    ),
    say_access,
)
"""An account answers by it, and so does whoever has the link of a message."""

FORMS = (
    *inspection.FORMS,
    *signing.FORMS,
    ACCESS,
    Form(
        "disposisi",
        "dispose",
        "Disposisi",
        "Disposisikan",
        (Field("instruction", "Isi disposisi", "area"), Field("number", "Nomor lembar disposisi", required=False)),
        lambda desk, id, given: letters.dispose(
            desk, id, instruction=given.text("instruction"), letter_number=given.text("number")
        ),
    ),
    Form(
        "tolak",
        "refuse",
        "Penolakan",
        "Tolak",
        (_REASON, _LETTER),
        lambda desk, id, given: acts.refuse(desk, id, reason=given.text("reason"), letter=given.file("letter")),
        grave=True,
    ),
    Form(
        "terima",
        "accept",
        "Penerimaan dengan catatan",
        "Terima dengan catatan",
        (Field("note", "Mengapa diterima", "area"),),
        lambda desk, id, given: inspecting.accept(desk, id, note=given.text("note")),
    ),
    Form(
        "tunda",
        "hold",
        "Penundaan",
        "Tunda",
        (_REASON,),
        lambda desk, id, given: acts.hold(desk, id, reason=given.text("reason")),
    ),
    Form(
        "lanjut",
        "resume",
        "Melanjutkan",
        "Lanjutkan",
        (Field("note", "Apa yang berubah", "area", required=False),),
        lambda desk, id, given: acts.resume(desk, id, note=given.text("note")),
    ),
    Form(
        "perpanjang",
        "extend",
        "Perpanjangan",
        "Perpanjang",
        (
            Field("until", "Sampai tanggal", "date"),
            Field("letter_number", "Nomor surat pemilik", required=False),
            Field("note", "Catatan", required=False),
            _LETTER,
        ),
        lambda desk, id, given: acts.extend(
            desk,
            id,
            until=_day(given, "until"),
            letter_number=given.text("letter_number"),
            letter=given.file("letter"),
            note=given.text("note"),
        ),
    ),
    Form(
        "prioritas",
        "prioritise",
        "Prioritas",
        "Dahulukan",
        (Field("priority", "Prioritas", "number", hint="yang lebih besar dilayani lebih dahulu; biasanya 0"), _REASON),
        lambda desk, id, given: reservation.prioritise(
            desk, id, priority=given.number("priority"), reason=given.text("reason")
        ),
    ),
    Form(
        "minta-kembali",
        "return",
        "Permintaan pengambilan",
        "Minta kembali",
        (_NUMBER, Field("letter_date", "Tanggal surat", "date", required=False), _LETTER),
        lambda desk, id, given: letters.ask_back(
            desk,
            id,
            letter_number=given.text("letter_number"),
            letter_date=given.day("letter_date"),
            letter=given.file("letter"),
        ),
        task="letter",
    ),
    Form(
        "data-tersimpan",
        "return",
        "Data telah dicadangkan",
        "Nyatakan",
        (
            Field(
                "disks",
                "Disk server",
                "choice",
                choices=(("keep", "jangan dihapus"), ("wipe", "hapus sebelum server diambil")),
            ),
        ),
        lambda desk, id, given: letters.confirm_data_saved(desk, id, wipe=given.text("disks") == "wipe"),
        task="data-saved",
    ),
    Form(
        "cabut",
        "withdraw",
        "Pencabutan permohonan",
        "Cabut permohonan",
        (_REASON, _LETTER),
        lambda desk, id, given: acts.withdraw(desk, id, reason=given.text("reason"), letter=given.file("letter")),
        grave=True,
    ),
)
"""In the order in which they are offered."""


def form_at(path: str) -> Form | None:
    """The form at this path, or None."""
    return next((form for form in FORMS if form.path == path), None)


def first_of(due: list[Action]) -> Form | None:
    """The form of the first of these actions that has one."""
    found = (form for each in due for form in FORMS if form.verb == each.verb and form.task in ("", each.task))
    return next(found, None)


def offered(dossier: Dossier, mine: tuple[str, ...]) -> list[Form]:
    """The forms of the verbs that someone may ask for now, the one that is due first."""
    step = dossier.standing.step
    found = []
    for form in FORMS:
        task = step.task if step and step.verb == form.verb else dossier.summary.begins.get(form.verb, "")
        if form.verb in mine and form.task in ("", task) and form.fits(dossier):
            found.append(form)
    return sorted(found, key=lambda form: not (step and form.verb == step.verb))
