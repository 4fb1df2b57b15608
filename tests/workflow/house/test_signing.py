"""Signed papers come back: what is filed, what is refused, and what `document verify` then says of each file."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import msgspec
import pypdfium2
import pytest
from click.testing import CliRunner
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pypdfium2 import raw as pdfium

from sopctl.adapters.documents import forms
from sopctl.adapters.signing import making
from sopctl.adapters.ssh import Password
from sopctl.cli import wording
from sopctl.cli.main import cli
from sopctl.errors import Action, Conflict, InvalidRecord, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.signing.signatories import Box, SignedBoxes
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.house import signing
from sopctl.workflow.papers.integrity import check_file, documents
from sopctl.workflow.papers.signed.chain import Issue, issues, signatories
from sopctl.workflow.setup import journal
from sopctl.workflow.steps import handover, inspecting, notifying, reservation
from sopctl.workflow.views import board
from tests.adapters.documents import samples
from tests.adapters.signing.test_examining import _overlay, _remove, _rewrite, _shadow
from tests.authority import MODULE, PASSPHRASE, PIN, Authority, Identity, a_token, publishing, real_now, timestamps
from tests.conftest import NOW
from tests.printed import DOCS, printed

pytestmark = pytest.mark.usefixtures("kept_examiners")


class Office:
    """A deposit whose hand-over form was issued, and the certificates of who signs it."""

    def __init__(self, desk: Desk, deposit: str, folder: Path) -> None:
        self.desk, self.deposit, self.folder = desk, deposit, folder
        self.enrol(NOW)

    def enrol(self, now: datetime, authority: Authority | None = None) -> None:
        """Give everybody a certificate."""
        self.authority = authority or Authority(now)
        names = {each.box: each.name for each in self.form.signatories}
        self.people: dict[str, Identity] = {
            box: self.authority.signer(f"{name.upper()}, S.Kom.") for box, name in names.items()
        }
        self.people["stranger"] = self.authority.signer("Orang Lain")
        self.trust()

    @property
    def form(self) -> Issue:
        return next(each for each in issues(dossiers.read(self.desk.site, self.deposit)) if each.kind == "handover")

    def trust(self, *, lists: bool = True) -> None:
        """Put what the authority publishes where the site looks."""
        folder = self.desk.site.root / "certificates"
        for name in ("roots", "others", "revocation"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / "roots" / "uji.pem").write_bytes(self.authority.root.pem)
        (folder / "others" / "penerbit.pem").write_bytes(self.authority.middle.pem)
        for name, content in zip(("akar", "penerbit"), self.authority.crl(), strict=True):
            path = folder / "revocation" / f"{name}.crl"
            path.write_bytes(content) if lists else path.unlink(missing_ok=True)

    def newest(self) -> bytes:
        return self.form.newest_file.read_bytes()

    def key(self, who: str) -> signing.Source:
        path = self.folder / f"{who}.p12"
        path.write_bytes(self.authority.p12(self.people[who]))
        return signing.from_pkcs12(path, Password(PASSPHRASE))

    def signed(self, who: str, content: bytes | None = None, name: str = "") -> Path:
        """A file as it comes back: the newest revision, or `content`, with one signature more."""
        key = making.pkcs12(self.authority.p12(self.people[who]), PASSPHRASE, "x")
        path = self.folder / (name or f"{who}.pdf")
        path.write_bytes(making.sign(content or self.newest(), key, field=f"tanda-tangan-{path.stem}"))
        return path


@pytest.fixture
def office(desk: Desk, until_space: Callable[..., str], tmp_path: Path) -> Office:
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    return Office(desk, deposit, tmp_path)


def verdict(office: Office, path: Path) -> tuple[str, str]:
    found = check_file(office.desk, path)
    return found.verdict, str(found.signed or "")


def test_each_party_signs_after_the_other(office: Office) -> None:
    issued = office.form.newest_file
    assert (verdict(office, issued), str(office.form.signed)) == (("issued", ""), "0 of 3")
    first = office.signed("first")
    assert verdict(office, first) == ("signed-not-filed", "")
    done = signing.file_signed(office.desk, first)
    assert (done.outcome, str(office.form.signed)) == ("ditandatangani", "1 of 3")
    assert verdict(office, first) == ("signed", "1 of 3")
    assert verdict(office, issued) == ("superseded", "")
    second = office.signed("second")
    signing.file_signed(office.desk, second, deposit_id=office.deposit)
    assert verdict(office, first) == ("superseded", "")
    found = check_file(office.desk, second)
    assert (found.verdict, found.signed) == ("signed", SignedBoxes(2, 3, ("acknowledged",)))
    assert [each.word for each in found.signatures] == ["good", "good"]
    revision = office.form.revisions[-1]
    assert revision.of == office.form.revisions[0].sha256
    assert [(each.box, each.certificate) for each in revision.by] == [
        (box, office.people[box].sha256) for box in ("first", "second")
    ]
    assert all(each.state == "intact" for each in documents(office.desk, office.deposit))
    assert office.form.missing == (f"acknowledged ({office.form.signatories[2].name})",)


def test_a_rollback_is_named_with_who_is_missing_from_it(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first"))
    signing.file_signed(office.desk, office.signed("second"))
    first = office.folder / "first.pdf"
    found = check_file(office.desk, first)
    assert found.verdict == "superseded"
    assert office.form.signatories[1].name.upper() in " ".join(map(str, found.why))


def test_both_signatures_may_come_back_in_one_file(office: Office) -> None:
    one = office.signed("first").read_bytes()
    signing.file_signed(office.desk, office.signed("second", one))
    assert str(office.form.signed) == "2 of 3"


def test_a_file_is_filed_once(office: Office) -> None:
    path = office.signed("first")
    signing.file_signed(office.desk, path)
    with pytest.raises(NotNow, match="has this file already"):
        signing.file_signed(office.desk, path)


def test_a_revision_that_is_not_the_newest_is_refused(office: Office) -> None:
    issued = office.newest()
    signing.file_signed(office.desk, office.signed("first"))
    path = office.signed("second", issued)
    assert verdict(office, path)[0] == "altered"
    with pytest.raises(Conflict, match="not the newest"):
        signing.file_signed(office.desk, path)
    assert str(office.form.signed) == "1 of 3"


@pytest.mark.parametrize("how", [_shadow, _overlay])
@pytest.mark.parametrize("before", [True, False])
def test_altered_content_is_never_filed(office: Office, how: Callable[[bytes], bytes], before: bool) -> None:
    path = office.signed("first", how(office.newest()) if before else None)
    if not before:
        path.write_bytes(how(path.read_bytes()))
    assert verdict(office, path)[0] == "altered"
    with pytest.raises(InvalidRecord, match=r"shadow-content|overlay"):
        signing.file_signed(office.desk, path)
    assert not office.form.revisions


def test_a_service_that_rewrites_may_sign_first_but_not_second(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first", _rewrite(office.newest())))
    assert office.form.revisions[0].how == "rewritten"
    assert verdict(office, office.form.newest_file) == ("signed", "1 of 3")
    path = office.signed("second", _rewrite(office.newest()))
    found = check_file(office.desk, path)
    assert (found.verdict, [each.word for each in found.signatures]) == ("signature-bad", ["broken", "good"])
    assert "rewritten" in " ".join(map(str, found.why))
    with pytest.raises(SopctlError):
        signing.file_signed(office.desk, path)


def test_a_recorded_signature_that_was_taken_away_is_missed(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first"))
    taken = _remove(office.newest())
    path = office.signed("acknowledged", office.signed("second", taken).read_bytes())
    found = check_file(office.desk, path)
    assert found.verdict == "altered"
    assert f"without the signatures of {office.form.revisions[0].by[0].name}" in " ".join(map(str, found.why))
    with pytest.raises(InvalidRecord, match="without the signatures"):
        signing.file_signed(office.desk, path)
    assert str(office.form.signed) == "1 of 3"


def test_a_strangers_signature_is_refused_unless_someone_answers_for_it(office: Office) -> None:
    path = office.signed("stranger")
    found = check_file(office.desk, path)
    assert (found.verdict, [each.word for each in found.signatures]) == ("signature-bad", ["stranger"])
    with pytest.raises(InvalidRecord, match="Orang Lain signed it"):
        signing.file_signed(office.desk, path)
    with pytest.raises(InvalidRecord, match="Orang Lain signed it"):
        signing.file_signed(office.desk, path, boxes=["second"])
    signing.file_signed(office.desk, path, boxes=["second"], because="Plh. sesuai surat tugas")
    assert office.form.revisions[0].because == "Plh. sesuai surat tugas"
    assert verdict(office, path) == ("signed", "1 of 3"), "it is a known one now"


def test_a_stranger_on_a_recorded_revision_is_named(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first"))
    found = check_file(office.desk, office.signed("stranger"))
    assert (found.verdict, [each.word for each in found.signatures]) == ("signature-bad", ["good", "stranger"])


def test_a_revoked_signer_and_one_of_whom_nothing_is_known(office: Office) -> None:
    path = office.signed("first")
    office.trust(lists=False)
    assert verdict(office, path)[0] == "not-checked"
    with pytest.raises(InvalidRecord, match="not-checked"):
        signing.file_signed(office.desk, path)
    signing.file_signed(office.desk, path, unchecked=True)
    assert verdict(office, path) == ("not-checked", "1 of 3"), "filing it does not make it so"
    office.authority.revoke(office.people["first"], NOW - timedelta(days=2))
    office.trust()
    found = check_file(office.desk, path)
    assert (found.verdict, [each.word for each in found.signatures]) == ("signature-bad", ["revoked"])


def test_a_scan_says_who_signed_in_which_box(office: Office) -> None:
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(UsageError, match="say who has signed"):
        signing.file_scan(office.desk, scan, deposit_id=office.deposit)
    signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by={"first": "", "second": "Wakil"})
    assert str(office.form.signed) == "2 of 3"
    assert [(each.name, each.box) for each in office.form.revisions[0].by][1] == ("Wakil", "second")
    assert verdict(office, scan) == ("signed", "2 of 3")
    with pytest.raises(UsageError, match="signed already"):
        signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by={"second": ""})


def _certified(office: Office, name: str, *, lock: bool) -> Path:
    """The newest revision with a signature of `first` that lets nobody sign after it."""
    key = making.pkcs12(office.authority.p12(office.people["first"]), PASSPHRASE, "x")
    spec = SigFieldSpec("satu", field_mdp_spec=FieldMDPSpec(FieldMDPAction.ALL)) if lock else None
    about = PdfSignatureMetadata(
        field_name="satu",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=not lock,
        docmdp_permissions=MDPPerm.FILL_FORMS if lock else MDPPerm.NO_CHANGES,
    )
    path = office.folder / name
    with path.open("wb") as out:
        writer = IncrementalPdfFileWriter(BytesIO(office.newest()))
        PdfSigner(about, key.handle, new_field_spec=spec).sign_pdf(writer, output=out)
    return path


@pytest.mark.parametrize("lock", [False, True], ids=["certified", "all fields locked"])
def test_a_signature_that_lets_nobody_sign_after_it_is_filed_only_where_someone_says_so(
    office: Office, lock: bool
) -> None:
    path = _certified(office, "tertutup.pdf", lock=lock)
    waiting = r"nobody could sign after it \(.* \(second signer\), .* \(who acknowledges\)\)"
    with pytest.raises(InvalidRecord, match=waiting):
        signing.file_signed(office.desk, path)
    assert not office.form.revisions
    signing.file_signed(office.desk, path, last=True)
    with pytest.raises(SopctlError):
        signing.sign(office.desk, office.deposit, office.key("second"), box="second")
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by={"second": "", "acknowledged": ""})
    assert str(office.form.signed) == "3 of 3"


def test_a_box_that_shows_another_name_than_its_certificate_has_is_told(office: Office) -> None:
    key = making.pkcs12(office.authority.p12(office.people["first"]), PASSPHRASE, "x")
    path = office.folder / "lain.pdf"
    look = signing.look_in(office.form, "first", "Orang Lain", "01-11-2026 10.00", "CONTOH")
    path.write_bytes(making.sign(office.newest(), key, field="satu", look=look))
    found = check_file(office.desk, path)
    assert found.verdict == "signed-not-filed", "the signature is sound, and of whom the paper names"
    assert "Orang Lain" in " ".join(map(str, found.why))
    with pytest.raises(InvalidRecord, match=r"shows .*Orang Lain"):
        signing.file_signed(office.desk, path)
    signing.file_signed(office.desk, path, because="nama di kotak salah ketik, orangnya benar")
    assert "Orang Lain" in " ".join(map(str, check_file(office.desk, path).why)), "it stays told"
    path = office.folder / "benar.pdf"
    second = office.form.signatories[1].name
    look = signing.look_in(office.form, "second", f"Dr. {second}, M.Si.", "01-11-2026 10.00", "CONTOH")
    key = making.pkcs12(office.authority.p12(office.people["second"]), PASSPHRASE, "x")
    path.write_bytes(making.sign(office.newest(), key, field="dua", look=look))
    signing.file_signed(office.desk, path)


def test_a_scan_is_of_one_paper_unless_someone_says_why(office: Office, until_space: Callable[..., str]) -> None:
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by={"first": ""})
    other = until_space({"address: 192.0.2.10 ": "address: 192.0.2.11 ", "SN-0001": "SN-0002"})
    notifying.notify(office.desk, other, via="phone")
    handover.receive(office.desk, other)
    inspecting.inspect(office.desk, other, serial="SN-0002")
    handover.handover(office.desk, other)
    with pytest.raises(Conflict, match=f"the same scan is filed for {office.deposit}"):
        signing.file_scan(office.desk, scan, deposit_id=other, signed_by={"first": ""})
    why = "dua formulir pada satu lembar"
    signing.file_scan(office.desk, scan, deposit_id=other, signed_by={"first": ""}, because=why)
    assert why in dossiers.read(office.desk.site, other).events[-1].note


def test_the_paper_itself_is_no_scan_of_it(office: Office) -> None:
    for path in (office.form.newest_file, office.signed("stranger")):
        with pytest.raises(InvalidRecord, match="no scan"):
            signing.file_scan(office.desk, path, deposit_id=office.deposit, signed_by={"first": ""})
    assert not office.form.revisions


def test_a_file_of_nobody(office: Office) -> None:
    path = office.folder / "lain.pdf"
    path.write_bytes(b"%PDF-1.7\n%%EOF\n")
    assert verdict(office, path)[0] == "unknown"
    with pytest.raises(InvalidRecord, match="not made from any paper"):
        signing.file_signed(office.desk, path)


def test_a_file_in_place_of_a_certificate_is_named(office: Office) -> None:
    bad = office.desk.site.root / "certificates" / "roots" / "bukan.pem"
    bad.write_text("bukan sertifikat")
    with pytest.raises(InvalidRecord, match="no certificate"):
        signing.file_signed(office.desk, office.signed("first"))
    found = check_file(office.desk, office.signed("first"))
    assert (found.verdict, str(found.why[0]).partition(": ")[0]) == ("not-checked", str(bad))
    assert not [each for each in found.why if "\n" in each]


def test_what_lacks_signatures_is_named_and_holds_the_procedure_up_where_the_site_says_so(office: Office) -> None:
    number = office.form.number
    settings = office.desk.site.root / "sopctl.yml"
    assert not [row for row in board.todo(office.desk).rows if "belum ditandatangani" in row.activity]
    settings.write_text(settings.read_text() + "\nsigning:\n  papers: {handover: required}\n")
    desk = replace(office.desk, site=Site(office.desk.site.root))
    (row,) = [row for row in board.todo(desk).rows if "belum ditandatangani" in row.activity]
    assert row.activity == f"Formulir {number} belum ditandatangani: pertama, kedua, mengetahui"
    assert row.action == Action("sign", office.deposit), "nothing signs here"
    settings.write_text(settings.read_text() + "  token: {module: /usr/lib/x.so, token: dinas, label: kepala}\n")
    here = replace(office.desk, site=Site(office.desk.site.root))
    (row,) = [row for row in board.todo(here).rows if "belum ditandatangani" in row.activity]
    assert row.action
    assert wording.line(row.action) == (
        f"sopctl document sign {office.deposit} {number} --as first; or: "
        f"sopctl document sign {office.deposit} {number} --as second; or: "
        f"sopctl document sign {office.deposit} {number} --as acknowledged; or: "
        f"sopctl document file-signed <file> {office.deposit}"
    )
    with pytest.raises(NotNow, match="lacks signatures"):
        reservation.place(desk, office.deposit)
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(desk, scan, deposit_id=office.deposit, signed_by={"first": "", "second": "", "acknowledged": ""})
    assert not [row for row in board.todo(desk).rows if "belum ditandatangani" in row.activity]
    assert reservation.place(desk, office.deposit).outcome == "selesai"


def test_the_journal_covers_signed_revisions(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first"))
    assert not journal.check(office.desk).gaps
    office.form.newest_file.write_bytes(b"%PDF-1.7")
    assert any("filed as signed, is altered" in gap for gap in journal.check(office.desk).gaps)
    office.form.newest_file.unlink()
    assert any("filed as signed, is missing" in gap for gap in journal.check(office.desk).gaps)


def test_the_command_lines_of_the_documentation_run_as_they_are_printed(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(office.folder)
    office.enrol(real_now())  # the commands have the clock of the machine
    office.signed("first", name="formulir-ditandatangani.pdf")
    (office.folder / "pindaian.pdf").write_bytes(b"%PDF-1.4 pindaian")
    lines = printed(DOCS / "howto/signing.md")
    assert len(lines) >= 4
    for line in lines:
        name, *words = shlex.split(line.replace("PS-2026-0001", office.deposit))
        assert name == "sopctl"
        ran = CliRunner().invoke(cli, ["--site", str(office.desk.site.root), *words])
        expected = 1 if "# exit 1" in line else 0
        assert ran.exit_code == expected, f"{line}: {ran.output} {ran.exception}"


def test_a_paper_is_signed_here_in_its_box(office: Office) -> None:
    picture = signing.preview(office.desk, office.deposit, office.folder / "halaman.png", box="second")
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert not office.form.revisions, "a preview records nothing"
    boxes: tuple[Box, ...] = ("first", "second")
    for box in boxes:
        done = signing.sign(office.desk, office.deposit, office.key(box), box=box)
        assert done.outcome == "ditandatangani"
    found = check_file(office.desk, office.form.newest_file)
    assert (found.verdict, str(found.signed), [each.word for each in found.signatures]) == (
        "signed",
        "2 of 3",
        ["good"] * 2,
    )
    assert office.form.revisions[-1].provider == "pkcs12"
    text = pypdfium2.PdfDocument(office.newest())
    assert pdfium.FPDFPage_GetAnnotCount(text[len(text) - 1]) == 2


def test_only_who_is_named_signs_in_a_box_unless_someone_answers_for_it(office: Office) -> None:
    with pytest.raises(InvalidRecord, match="the certificate is Orang Lain's"):
        signing.sign(office.desk, office.deposit, office.key("stranger"), box="second")
    with pytest.raises(InvalidRecord, match="the certificate is"):
        signing.sign(office.desk, office.deposit, office.key("first"), box="second")
    signing.sign(office.desk, office.deposit, office.key("stranger"), box="second", because="Plh.")
    assert office.form.revisions[0].by[0].box == "second"
    with pytest.raises(UsageError, match="signed already"):
        signing.sign(office.desk, office.deposit, office.key("second"), box="second")


def test_nobody_is_asked_for_a_passphrase_of_what_is_not_there(office: Office) -> None:
    words = ["--site", str(office.desk.site.root), "document", "sign", office.deposit, "--as", "first"]
    ran = [CliRunner().invoke(cli, [*words, *more]) for more in ([], ["--p12", str(office.folder / "hilang.p12")])]
    assert [getattr(each.exception, "id", "") for each in ran] == ["no-token", "no-such-file"]
    without = CliRunner().invoke(cli, [*words, "--bsre"]).exception
    assert isinstance(without, UsageError)
    assert "--nik-file" in str(without)


def test_a_preview_replaces_pictures_alone(office: Office) -> None:
    path = office.folder / "halaman.png"
    for _ in range(2):
        signing.preview(office.desk, office.deposit, path, box="first")
    settings = office.desk.site.root / "sopctl.yml"
    before = settings.read_bytes()
    with pytest.raises(UsageError, match="another kind"):
        signing.preview(office.desk, office.deposit, settings, box="first")
    assert settings.read_bytes() == before


def test_a_paper_that_all_have_signed_is_not_asked_for_again(office: Office) -> None:
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    every: dict[Box, str] = {each.box: "" for each in office.form.signatories}
    signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by=every)
    with pytest.raises(NotNow, match="lacks signatures"):
        signing.sign(office.desk, office.deposit, office.key("first"), box="first")


def test_an_expired_and_a_revoked_certificate_sign_nothing_here(office: Office) -> None:
    name = office.form.signatories[0].name
    office.people["first"] = office.authority.signer(name, end=NOW - timedelta(days=1))
    with pytest.raises(InvalidRecord, match="expired on"):
        signing.sign(office.desk, office.deposit, office.key("first"), box="first")
    office.people["first"] = office.authority.signer(name)
    office.authority.revoke(office.people["first"], NOW - timedelta(days=1))
    office.trust()
    with pytest.raises(InvalidRecord, match="revoked"):
        signing.sign(office.desk, office.deposit, office.key("first"), box="first")
    assert not office.form.revisions


def test_what_was_signed_with_ink_is_not_signed_by_certificate_afterwards(office: Office) -> None:
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(office.desk, scan, deposit_id=office.deposit, signed_by={"first": ""})
    with pytest.raises(NotNow, match="signed by hand"):
        signing.sign(office.desk, office.deposit, office.key("second"), box="second")


def test_no_secret_is_in_what_is_recorded(office: Office) -> None:
    signing.sign(office.desk, office.deposit, office.key("first"), box="first")
    kept = b"".join(path.read_bytes() for path in office.desk.site.root.rglob("*") if path.is_file())
    assert PASSPHRASE.encode() not in kept
    assert PASSPHRASE not in repr(office.key("first"))


def _says(office: Office, settings: str) -> None:
    path = office.desk.site.root / "sopctl.yml"
    path.write_text(path.read_text().partition("\nsigning:")[0] + f"\nsigning: {settings}\n")
    office.desk = replace(office.desk, site=Site(office.desk.site.root))


def test_what_the_authority_says_over_the_network_counts_where_the_site_allows_it(office: Office) -> None:
    with publishing(office.folder, NOW) as authority:
        office.enrol(NOW, authority)
        office.trust(lists=False)
        path = office.signed("first")
        assert verdict(office, path)[0] == "not-checked"
        _says(office, "{online: true}")
        assert verdict(office, path)[0] == "signed-not-filed"
        assert check_file(office.desk, path, named_alone=True).verdict == "not-checked", "a stranger has nothing asked"
        authority.revoke(office.people["first"], NOW - timedelta(days=2))
        assert check_file(office.desk, path).signatures[0].word == "revoked"
    found = check_file(office.desk, path)
    assert found.verdict == "not-checked"
    assert "penerbit.crl" in " ".join(map(str, found.why))


def test_a_paper_is_signed_for_the_archive_with_what_the_network_says(office: Office, tmp_path: Path) -> None:
    now = real_now()  # which the timestamp tells
    with publishing(office.folder, now) as authority, timestamps(authority, tmp_path) as tsa:
        office.enrol(now, authority)
        office.trust(lists=False)
        office.desk = replace(office.desk, clock=lambda: now)
        _says(office, f"{{level: b-lta, tsa: '{tsa}'}}")
        with pytest.raises(OutsideFailure, match="could not be signed"):
            signing.sign(office.desk, office.deposit, office.key("first"), box="first")
        _says(office, f"{{level: b-lta, tsa: '{tsa}', online: true}}")
        signing.sign(office.desk, office.deposit, office.key("first"), box="first")
        signing.sign(office.desk, office.deposit, office.key("second"), box="second")
    found = check_file(office.desk, office.form.newest_file)  # the network is gone: it brings its own proofs
    assert (found.verdict, str(found.signed)) == ("signed", "2 of 3")
    assert [(each.word, each.level, each.time_from) for each in found.signatures] == [("good", "B-LTA", "tsa")] * 2


def test_the_token_that_the_site_names_signs_with_a_timestamp(office: Office, tmp_path: Path) -> None:
    pin = office.folder / "pin"
    pin.write_text(PIN)
    pin.chmod(0o600)
    words = ["document", "sign", office.deposit, "--as", "second", "--password-file", str(pin)]
    root = office.desk.site.root
    office.enrol(real_now())  # the command has the clock of the machine
    with timestamps(office.authority, tmp_path) as tsa, a_token(office.people["second"], tmp_path) as label:
        signing_ = f"{{level: b-t, tsa: '{tsa}', token: {{module: {MODULE}, token: {label}, label: kunci}}}}"
        _says(office, signing_)
        ran = CliRunner().invoke(cli, ["--site", str(root), *words])
        assert ran.exit_code == 0, f"{ran.output} {ran.exception}"
        wrong = CliRunner().invoke(cli, ["--site", str(root), *words[:4], "first", "--password-file", str(pin)])
        assert "the certificate is" in str(wrong.exception), "the token is the second's"
    (revision,) = office.form.revisions
    assert (revision.provider, revision.by[0].level, revision.by[0].time_from) == ("pkcs11", "B-T", "tsa")
    office.desk = replace(office.desk, clock=real_now)
    found = check_file(office.desk, office.form.newest_file)
    assert (found.verdict, str(found.signed)) == ("signed", "1 of 3")
    assert [(each.word, each.level, each.time_from) for each in found.signatures] == [("good", "B-T", "tsa")]
    kept = b"".join(path.read_bytes() for path in root.rglob("*") if path.is_file())
    assert PIN.encode() not in kept


@pytest.mark.parametrize(
    ("roles", "boxes"),
    [
        (("Mengetahui", "Petugas"), {"first": "Petugas", "acknowledged": "Mengetahui"}),
        (("Pemilik", "Mengetahui", "Petugas"), {"first": "Pemilik", "second": "Petugas", "acknowledged": "Mengetahui"}),
        (("Petugas", "Pemilik"), {"first": "Petugas", "second": "Pemilik"}),
        (("Petugas",), {"first": "Petugas"}),
    ],
)
def test_who_takes_note_of_a_paper_is_not_a_party_to_it(roles: tuple[str, ...], boxes: dict[str, str]) -> None:
    signers = tuple(forms.Signer(role, forms.Party(role, "", "", "")) for role in roles)
    paper = msgspec.structs.replace(samples.paper(), signers=signers)
    assert {each.box: each.name for each in signatories(msgspec.json.encode(paper))} == boxes
